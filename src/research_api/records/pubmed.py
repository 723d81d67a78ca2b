"""An article, chapter or book as PubMed gives it.

Read of an article: PMID, ArticleTitle, VernacularTitle, Abstract, AuthorList, Journal (Title, ISOAbbreviation,
PubDate), ArticleDate, ELocationID, ArticleIdList (doi, pmc), PublicationTypeList, CommentsCorrectionsList
(retractions, and works that are cited), ReferenceList (where whoever reads the file leaves it in). Of a chapter or
book: the same of BookDocument, and Book (BookTitle, PubDate, AuthorList) and ContributionDate. Not read: affiliations,
investigators, editors, MeSH terms, keywords, chemicals, grants, pages, other abstracts (in other languages, for other
readers), history.
Source: NLM, "MEDLINE/PubMed XML Element Descriptions and their Attributes"
(nlm.nih.gov/bsd/licensee/elements_descriptions.html) and the DTD pubmed_250101.dtd (dtd.nlm.nih.gov/ncbi/pubmed/out;
both read 2026-11).
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from research_api.domain.identifiers import normalise
from research_api.domain.works import Identifier, Record
from research_api.records import cleaning, fields, pubmed_fields
from research_api.records.errors import Rejected
from research_api.records.xml import text_at

SOURCE = "pubmed"

_HOME = "https://pubmed.ncbi.nlm.nih.gov/"
# a PMC id may have a version behind it, or stand among other ids (`pmc-id: PMC123;manuscript-id: ...`)
_PMCID = re.compile(r"(?<![A-Za-z])PMC[1-9]\d{0,8}(?!\d)", re.ASCII | re.IGNORECASE)


def to_record(element: Element) -> Record:
    """The record of a PubmedArticle or PubmedBookArticle. Raises Rejected without a PMID or a title."""
    pubmed_fields.close_up_formulas(element)
    return _book(element) if element.tag == "PubmedBookArticle" else _article(element)


def _article(element: Element) -> Record:
    """The record of an article. Raises Rejected without a PMID or a title.

    Nothing is said about access: not even a PMC id says who may read what.
    """
    citation = _part(element, "MedlineCitation")
    article = _part(citation, "Article")
    pmid = _pmid(citation)
    kinds = pubmed_fields.publication_types_of(article, "PublicationTypeList/PublicationType")
    date = pubmed_fields.date_of(
        article.find("Journal/JournalIssue/PubDate"), *article.iterfind("ArticleDate")
    )
    venue = next(
        filter(None, (text_at(article, f"Journal/{tag}") for tag in ("Title", "ISOAbbreviation"))), None
    )
    return Record(
        source=SOURCE,
        source_id=pmid,
        title=_title(article),
        abstract=pubmed_fields.abstract_of(article.find("Abstract")),
        authors=pubmed_fields.authors_of(article.find("AuthorList")),
        year=int(date[:4]) if date else None,
        date=date,
        venue=fields.plain_of(venue, cleaning.MAX_VENUE_CHARACTERS),
        type=pubmed_fields.type_of(kinds),
        identifiers=_identifiers(pmid, article, element.find("PubmedData/ArticleIdList")),
        url=f"{_HOME}{pmid}/",
        retracted=pubmed_fields.is_retracted(citation, kinds),
        references=pubmed_fields.references_of(citation, element.iterfind("PubmedData/ReferenceList")),
    )


def _book(element: Element) -> Record:
    """The record of a chapter, or of the book itself where no title of a chapter is given.

    A chapter's date is that of its contribution; that of the book, which grows for decades, only where there is none.
    """
    document = _part(element, "BookDocument")
    book = _part(document, "Book")
    pmid = _pmid(document)
    is_chapter = document.find("ArticleTitle") is not None
    date = pubmed_fields.date_of(document.find("ContributionDate") if is_chapter else None)
    date = date or pubmed_fields.date_of(book.find("PubDate"))
    book_title = pubmed_fields.title_at(book, "BookTitle")
    return Record(
        source=SOURCE,
        source_id=pmid,
        title=_title(document) if is_chapter else _told(book_title),
        abstract=pubmed_fields.abstract_of(document.find("Abstract")),
        authors=pubmed_fields.authors_of(_writers(document, *([] if is_chapter else [book]))),
        year=int(date[:4]) if date else None,
        date=date,
        venue=fields.plain_of(book_title, cleaning.MAX_VENUE_CHARACTERS) if is_chapter else None,
        type="book-chapter" if is_chapter else "book",
        identifiers=_identifiers(
            pmid, None if is_chapter else book, element.find("PubmedBookData/ArticleIdList")
        ),
        url=f"{_HOME}{pmid}/",
    )


def _part(element: Element, tag: str) -> Element:
    """The element inside, an empty one where there is none."""
    found = element.find(tag)
    return Element(tag) if found is None else found


def _pmid(element: Element) -> str:
    pmid = normalise("pmid", text_at(element, "PMID"))
    if pmid is None:
        raise Rejected("the record has no PMID (a number of at most nine digits)")
    return pmid


def _title(element: Element) -> str:
    """The English title, or that in the language of the article where nobody has translated it."""
    title = pubmed_fields.title_at(element, "ArticleTitle")
    return _told(title or pubmed_fields.title_at(element, "VernacularTitle"))


def _told(title: str | None) -> str:
    if title is None:
        raise Rejected("the record has no title")
    return title


def _writers(*elements: Element) -> Element | None:
    """The first list of authors that is not one of editors."""
    lists = (each for element in elements for each in element.iterfind("AuthorList"))
    return next((each for each in lists if each.get("Type") != "editors"), None)


def _identifiers(pmid: str, located: Element | None, given: Element | None) -> tuple[Identifier, ...]:
    """PMID, the first DOI that is well-formed and not marked as wrong, and the PMC id."""
    locations = () if located is None else located.iterfind("ELocationID")
    dois = [each.text for each in locations if each.get("EIdType") == "doi" and each.get("ValidYN") != "N"]
    ids = (
        []
        if given is None
        else [(each.get("IdType"), each.text or "") for each in given.iterfind("ArticleId")]
    )
    dois += [text for kind, text in ids if kind == "doi"]
    found = [_PMCID.search(text) for wanted in ("pmc", "pmcid") for kind, text in ids if kind == wanted]
    return fields.identifiers_of(
        ("doi", next((doi for doi in dois if normalise("doi", doi)), None)),
        ("pmid", pmid),
        ("pmcid", next((each[0] for each in found if each), None)),
    )
