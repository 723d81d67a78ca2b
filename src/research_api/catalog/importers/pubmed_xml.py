"""PubMed's own XML: the files of the yearly baseline and of the daily updates, and what efetch answers.

What is read of each article and book stands in `records.pubmed`. A document type may stand at the head, as it does in
NLM's files; nothing that it names is fetched.
Source: NLM, "MEDLINE/PubMed XML Element Descriptions and their Attributes"
(nlm.nih.gov/bsd/licensee/elements_descriptions.html) and the DTD pubmed_250101.dtd (dtd.nlm.nih.gov/ncbi/pubmed/out;
both read 2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from research_api.catalog.importers.contract import ByteStream, Row, UnreadableInput
from research_api.catalog.importers.xml_records import read_xml
from research_api.domain.identifiers import normalise
from research_api.domain.works import Record
from research_api.records.errors import Rejected
from research_api.records.pubmed import to_record

NAME = "pubmed-xml"

_ROOTS = ("PubmedArticleSet", "PubmedBookArticleSet")
_DELETIONS = frozenset({"DeleteCitation", "DeleteDocument"})
_START = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*<(?:\?xml|!|Pubmed)")
_ROOT = re.compile(rb"<Pubmed(?:Book)?ArticleSet[\s/>]")


def recognises(head: bytes) -> bool:
    """True where the bytes are XML with a set of PubMed's articles."""
    return _START.match(head) is not None and _ROOT.search(head) is not None


def read(stream: ByteStream, namespace: str | None) -> Iterator[Row]:  # noqa: ARG001 - the same signature for every format
    """One row for each article, chapter, book or deletion; broken XML ends the reading with a row that says where.

    Raises UnreadableInput for a document type that defines entities and for XML of another kind.
    """
    return read_xml(stream, _ArticleSet())


class _ArticleSet:
    """The articles and books of a file, and the PMIDs that it says were deleted."""

    files = "PubMed's files"
    takes_doctype = True
    # references are most of a new record; annotations repeat a formula in another notation
    unread = frozenset(
        {
            "AffiliationInfo", "ChemicalList", "CoiStatement", "DataBankList", "GrantList", "History",
            "InvestigatorList", "KeywordList", "MeshHeadingList", "ObjectList", "OtherAbstract", "ReferenceList",
            "Sections", "mml:annotation", "mml:annotation-xml",
        }
    )  # fmt: skip

    def __init__(self) -> None:
        self._is_deletion = False

    def opens(self, depth: int, tag: str, attributes: dict[str, str]) -> bool:  # noqa: ARG002 - as every layout has it
        if depth == 1 and tag not in _ROOTS:
            raise UnreadableInput("This is not XML of PubMed: its root is not <PubmedArticleSet>.")
        if depth == 2:
            self._is_deletion = tag in _DELETIONS
        return (depth == 2 and tag in ("PubmedArticle", "PubmedBookArticle")) or (
            depth == 3 and tag == "PMID" and self._is_deletion
        )

    def record_of(self, element: Element) -> Record | None:
        if element.tag == "PMID":
            pmid = normalise("pmid", element.text) or "that is none"
            raise Rejected(f"PubMed deleted the record with PMID {pmid}; the catalog keeps what it has of it")
        return to_record(element)
