"""arXiv's metadata snapshot: JSONL, one paper a line.

Read: id, title, abstract, authors_parsed (family, given, suffix), else authors; doi, journal-ref, license, versions;
comments, only for a withdrawal. Not read: submitter, report-no, categories, update_date, affiliations.
The rules of single fields, which arXiv's API shares, stand in `records.arxiv_fields`.
Source: the snapshot itself ("arXiv Dataset", kaggle.com/datasets/Cornell-University/arxiv; read 2026-11).
"""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parsedate_to_datetime

from research_api.catalog.importers.contract import ByteStream, Row
from research_api.catalog.importers.json_records import leading_members, read_json
from research_api.domain.identifiers import normalise_arxiv
from research_api.domain.works import Author, OpenAccess, Record
from research_api.records import arxiv_fields, cleaning, fields
from research_api.records.arxiv_fields import HOME, SOURCE, TYPE, plain_tex
from research_api.records.errors import Rejected

NAME = "arxiv-jsonl"

_MARKS = frozenset({"authors_parsed", "versions", "update_date", "journal-ref", "submitter"})


def recognises(head: bytes) -> bool:
    """True where the first object has an arXiv id and categories beside something else that only arXiv has."""
    members = leading_members(head)
    source_id = members.get("id")
    is_paper = "categories" in members and bool(_MARKS & members.keys())
    return is_paper and isinstance(source_id, str) and normalise_arxiv(source_id) is not None


def read(stream: ByteStream, namespace: str | None) -> Iterator[Row]:  # noqa: ARG001 - the same signature for every format
    """One row for each paper, alone on its line or in an array. Raises UnreadableInput where it is not JSON."""
    return read_json(stream, to_record, pages=True)


def to_record(paper: dict[str, object]) -> Record:
    """The record of one paper. Raises Rejected without an arXiv id or a title.

    The date is that of the first version; the venue is `journal-ref` as its author wrote it, volume and pages
    included. Every paper of arXiv is free to read there.
    """
    source_id = normalise_arxiv(fields.text_of(paper.get("id")))
    if source_id is None:
        raise Rejected("the record has no arXiv id (such as 0704.0001 or hep-th/9901001)")
    doi = arxiv_fields.doi_of(paper.get("doi"))
    date = _first_date(paper.get("versions"), source_id)
    url = HOME + source_id
    return Record(
        source=SOURCE,
        source_id=source_id,
        title=fields.title_of(plain_tex(paper.get("title"))),
        abstract=cleaning.plain_abstract(plain_tex(paper.get("abstract")) or ""),
        authors=fields.authors_of(_authors(paper)),
        year=int(date[:4]) if date else None,
        date=date,
        venue=fields.plain_of(plain_tex(paper.get("journal-ref")), cleaning.MAX_VENUE_CHARACTERS),
        type=TYPE,
        identifiers=fields.identifiers_of(("doi", doi), ("arxiv", source_id)),
        url=url,
        open_access=OpenAccess(is_oa=True, url=url, license=arxiv_fields.licence_of(paper.get("license"))),
        retracted=doi is None and arxiv_fields.is_withdrawn(paper.get("comments"), paper.get("abstract")),
    )


def _first_date(versions: object, source_id: str) -> str | None:
    """The day when the first version came in; where none is told, the month in the id."""
    entries = [fields.members_of(entry) for entry in fields.items_of(versions)]
    first = [entry for entry in entries if entry.get("version") == "v1"] or entries[:1]
    date = _day(first[0].get("created")) if first else None
    return date or arxiv_fields.month_of_id(source_id)


def _day(value: object) -> str | None:
    """The day in `Mon, 2 Apr 2007 19:18:42 GMT`."""
    try:
        return fields.date_of(f"{parsedate_to_datetime(value):%Y-%m-%d}") if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None


def _authors(paper: dict[str, object]) -> Iterator[Author | None]:
    parsed = fields.items_of(paper.get("authors_parsed"))
    if parsed:
        return (_author(entry) for entry in parsed[: fields.MAX_AUTHORS])
    names = arxiv_fields.names_in(plain_tex(paper.get("authors")) or "")
    return (fields.author_of(name=name) for name in names[: fields.MAX_AUTHORS])


def _author(entry: object) -> Author | None:
    parts = [plain_tex(part) or "" for part in fields.items_of(entry)[:3]]
    family, given, suffix = [*parts, *[""] * (3 - len(parts))]
    return fields.author_of(given=given, family=" ".join(part for part in (family, suffix) if part.strip()))
