"""What Crossref's types of work are called in BibTeX, RIS and CSL, and where BibTeX keeps the venue.

Sources: Crossref REST API, GET /types; BibTeX, btxdoc.pdf, 3.1; "RIS Format Specifications" of the ISI
ResearchSoft manual, 2001, with the types that EndNote added (DATA, EBOOK, STAND ...); CSL 1.0.2, Appendix III
(read 2026-11).
"""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    """bibtex, ris, csl: the type in each format. venue: the BibTeX field that holds the venue."""

    bibtex: str
    venue: str
    ris: str
    csl: str


_BOOK = Kind("book", "series", "BOOK", "book")
_PART = Kind("incollection", "booktitle", "CHAP", "chapter")
_SERIAL = Kind("misc", "howpublished", "SER", "collection")
_PERIODICAL = Kind("misc", "howpublished", "JFULL", "periodical")
_REPORT = Kind("techreport", "institution", "RPRT", "report")
ANYTHING = Kind("misc", "howpublished", "GEN", "document")

_KINDS = {
    "journal-article": Kind("article", "journal", "JOUR", "article-journal"),
    "proceedings-article": Kind("inproceedings", "booktitle", "CPAPER", "paper-conference"),
    "proceedings": Kind("proceedings", "series", "CONF", "book"),
    "book": _BOOK,
    "monograph": _BOOK,
    "reference-book": _BOOK,
    "edited-book": _BOOK._replace(ris="EDBOOK"),
    "book-chapter": _PART,
    "book-part": _PART,
    "book-section": _PART,
    "book-track": _PART,
    "reference-entry": _PART._replace(ris="ENCYC", csl="entry"),
    "book-series": _SERIAL,
    "book-set": _SERIAL,
    "proceedings-series": _SERIAL,
    "report-series": _SERIAL,
    "journal": _PERIODICAL,
    "journal-issue": _PERIODICAL,
    "journal-volume": _PERIODICAL,
    "report": _REPORT,
    "report-component": _REPORT,
    "dissertation": Kind("phdthesis", "school", "THES", "thesis"),
    "dataset": Kind("misc", "howpublished", "DATA", "dataset"),
    "database": Kind("misc", "howpublished", "DBASE", "dataset"),
    "standard": Kind("misc", "howpublished", "STAND", "standard"),
    "posted-content": Kind("misc", "howpublished", "UNPB", "article"),
    "peer-review": Kind("misc", "howpublished", "GEN", "review"),
}


def kind_of(work_type: str | None) -> Kind:
    """The kind of a Crossref type; one that no format tells apart is anything."""
    return _KINDS.get(work_type or "", ANYTHING)
