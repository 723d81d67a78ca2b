"""The ACL Anthology's own XML: one file a collection, volumes inside, papers inside those.

Read of a volume: its id, booktitle, year. Of a paper: its id, title, abstract, authors (first, last), doi,
url, retracted. Not read: editors, pages, publisher, videos, attachments, revisions, awards, name variants;
and front matter, which is no paper: the JSONL of 2021 has no record of it either. Markup in titles and
abstracts (`fixed-case`, `i`, `b`, `tex-math`, `url`) is flattened to its text.
A document type is refused before anything in it is read, so no entity is ever defined or fetched.
Source: ACL Anthology, data/xml/schema.rnc and bin/anthology (github.com/acl-org/acl-anthology, read 2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from research_api.catalog.importers import anthology
from research_api.catalog.importers.contract import ByteStream, Row, UnreadableInput
from research_api.catalog.importers.xml_records import read_xml
from research_api.domain.works import Author, Record
from research_api.records import fields
from research_api.records.xml import text_at

NAME = "acl-xml"

_ROOT = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*<(?:\?xml|!|collection[\s>])")


def recognises(head: bytes) -> bool:
    """True where the bytes are XML with a `collection` that has an id."""
    return _ROOT.match(head) is not None and re.search(rb"<collection\s[^<>]*id\s*=", head) is not None


def read(stream: ByteStream, namespace: str | None) -> Iterator[Row]:  # noqa: ARG001 - the same signature for every format
    """One row for each paper; broken XML ends the reading with a row that says where.

    Raises UnreadableInput for a document type and for XML of another kind.
    """
    return read_xml(stream, _Collection())


class _Collection:
    """The collection that a file holds, and the volume that its next papers belong to."""

    files = "the Anthology's files"
    takes_doctype = False
    unread: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self._collection = self._volume = ""
        self._venue: str | None = None
        self._year: str | None = None

    def opens(self, depth: int, tag: str, attributes: dict[str, str]) -> bool:
        if depth == 1:
            if tag != "collection":
                raise UnreadableInput("This is not XML of the ACL Anthology: its root is not <collection>.")
            self._collection = attributes.get("id", "")
        elif depth == 2:
            self._volume, self._venue, self._year = attributes.get("id", ""), None, None
        return depth == 3 and tag in ("meta", "paper")

    def record_of(self, element: Element) -> Record | None:
        if element.tag == "meta":
            self._venue, self._year = text_at(element, "booktitle"), text_at(element, "year")
            return None
        return self._paper(element)

    def _paper(self, paper: Element) -> Record:
        return anthology.record_of(
            anthology.Paper(
                source_id=_paper_id(self._collection, self._volume, paper.get("id", "")),
                title=text_at(paper, "title"),
                abstract=text_at(paper, "abstract"),
                authors=fields.authors_of(_author(person) for person in paper.iterfind("author")),
                year=text_at(paper, "year") or self._year,
                venue=self._venue,
                doi=text_at(paper, "doi"),
                url=text_at(paper, "url"),
                retracted=paper.find("retracted") is not None,
            )
        )


def _paper_id(collection: str, volume: str, paper: str) -> str:
    """`2020.acl-main.1`, or the old `P19-1001`, where volumes of workshops take two of the four digits.

    Raises Rejected where the parts make no id. Source: bin/anthology/utils.py, `build_anthology_id` (read
    2026-11)
    """
    if re.match(r"\d{4}\.", collection):
        return anthology.anthology_id(f"{collection}-{volume}.{paper}")
    if not (re.fullmatch(r"[0-9]{1,3}", volume) and re.fullmatch(r"[0-9]{1,3}", paper)):
        return anthology.anthology_id(None)
    has_wide_volume = (
        collection.startswith("W") or collection == "C69" or (collection == "D19" and int(volume) >= 5)
    )
    number = f"{int(volume):02}{int(paper):02}" if has_wide_volume else f"{int(volume)}{int(paper):03}"
    return anthology.anthology_id(f"{collection}-{number}")


def _author(person: Element) -> Author | None:
    return fields.author_of(
        given=text_at(person, "first"), family=text_at(person, "last"), orcid=person.get("orcid")
    )
