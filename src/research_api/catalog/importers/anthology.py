"""What both formats of the ACL Anthology share: its ids, years, kinds of publication and addresses.

Source: ACL Anthology, bin/anthology/utils.py and volumes.py (github.com/acl-org/acl-anthology, read 2026-11).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from research_api.domain.works import Author, Record
from research_api.records import cleaning, fields
from research_api.records.errors import Rejected

SOURCE = "acl"

_ID = re.compile(r"(?:([A-Z])(\d{2})-\d{4,6}|(\d{4})\.[a-z0-9_]+-[A-Za-z0-9_]+\.\d+)", re.ASCII)
_FIRST_YEAR_OF_TWO_DIGITS = 60
_JOURNAL_ID = re.compile(r"[JQ]\d{2}-|\d{4}\.(?:cl|tacl|lilt|tal|ijclclp|jlcl)-", re.ASCII)
_JOURNAL_VENUE = re.compile(
    r"(?:\w+ )?(?:Journal|Transactions) of |Linguistic Issues in Language Technology", re.ASCII
)
_HOME = "https://aclanthology.org/"


def anthology_id(text: str | None) -> str:
    """The id as it stands. Raises Rejected where it is no id of the Anthology."""
    if not text or not _ID.fullmatch(text):
        raise Rejected("the record has no ACL Anthology id (such as P19-1001 or 2020.acl-main.1)")
    return text


def is_anthology_id(text: str) -> bool:
    """True for both forms, `P19-1001` and `2020.acl-main.1`."""
    return _ID.fullmatch(text) is not None


def year_of_id(source_id: str) -> int | None:
    """The year in the id, which the Anthology itself takes for volumes that state none (`infer_year`).

    Of 55,429 records that state a year, 230 of nine workshop volumes state another one than their id.
    """
    found = _ID.fullmatch(source_id)
    if not found:
        return None
    if found[3]:
        return int(found[3])
    return int(found[2]) + (1900 if int(found[2]) >= _FIRST_YEAR_OF_TWO_DIGITS else 2000)


def type_of_paper(source_id: str, title: str, venue: str | None) -> str:
    """journal-article for the journals, proceedings for the volume itself, else proceedings-article."""
    if _JOURNAL_ID.match(source_id) or _JOURNAL_VENUE.match(venue or ""):
        return "journal-article"
    return "proceedings" if title.startswith("Proceedings of ") else "proceedings-article"


def paper_url(text: object, source_id: str) -> str:
    """The address of the paper; the Anthology has a page for every id.

    The JSONL of 2021 puts its own host before whole addresses: `https://aclanthology.org/http://...`.
    """
    address = text.strip() if isinstance(text, str) else ""
    if inner := re.fullmatch(rf"{_HOME}(https?://.+)", address):
        address = inner[1]
    if address and "://" not in address:
        address = _HOME + address
    return fields.url_of(address) or _HOME + source_id


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper as a file tells it, nothing cleaned or checked but the id and the authors."""

    source_id: str
    title: object
    abstract: object
    authors: tuple[Author, ...]
    year: object
    venue: object
    doi: object
    url: object
    retracted: bool


def record_of(paper: Paper) -> Record:
    """The record of one paper. Raises Rejected where it has no title."""
    title = fields.title_of(paper.title)
    venue = fields.plain_of(paper.venue, cleaning.MAX_VENUE_CHARACTERS)
    local_id = f"{SOURCE}:{paper.source_id}"
    return Record(
        source=SOURCE,
        source_id=paper.source_id,
        title=title,
        abstract=cleaning.plain_abstract(paper.abstract) if isinstance(paper.abstract, str) else None,
        authors=paper.authors,
        year=fields.year_of(paper.year) or year_of_id(paper.source_id),
        venue=venue,
        type=type_of_paper(paper.source_id, title, venue),
        identifiers=fields.identifiers_of(("doi", paper.doi), ("local", local_id)),
        url=paper_url(paper.url, paper.source_id),
        retracted=paper.retracted,
    )
