"""arXiv's metadata snapshot: JSONL, one paper a line.

Read: id, title, abstract, authors_parsed (family, given, suffix), else authors; doi, journal-ref, license, versions;
comments, only for a withdrawal. Not read: submitter, report-no, categories, update_date, affiliations.
Source: the snapshot itself ("arXiv Dataset", kaggle.com/datasets/Cornell-University/arxiv) and arXiv's help on
identifiers, metadata fields, licences and withdrawal (info.arxiv.org/help; both read 2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

from research_api.catalog.importers.contract import ByteStream, Row
from research_api.catalog.importers.json_records import leading_members, read_json
from research_api.domain.identifiers import normalise, normalise_arxiv
from research_api.domain.works import Author, OpenAccess, Record
from research_api.records import cleaning, fields
from research_api.records.errors import Rejected
from research_api.records.licences import creative_commons_name
from research_api.records.tex import without_tex

NAME = "arxiv-jsonl"

_SOURCE = "arxiv"
_HOME = "https://arxiv.org/abs/"
_MARKS = frozenset({"authors_parsed", "versions", "update_date", "journal-ref", "submitter"})
_OWN_LICENCE = re.compile(r"https?://arxiv\.org/licenses/([a-z0-9-]{2,40})(?:/.*)?", re.IGNORECASE)
# the month of the first version; of the year only the last two digits, and arXiv began in 1991
_ID_MONTH = re.compile(r"(?:[a-z.-]+/)?(\d{2})(0[1-9]|1[0-2])", re.ASCII)
_FIRST_YEAR_OF_TWO_DIGITS = 91
_AFFILIATION = re.compile(r"\([^()]*\)")
_AUTHOR_JOINT = re.compile(r", ?(?:and |for the )?| and |: ")
_MAX_NESTING = 3
_MAX_DOIS_CHARACTERS = 2_000
_THING = r"(?:paper|article|manuscript|submission|preprint|work|note|letter|version|draft|e-?print)"
# how a notice begins: a sentence of the comments or, before arXiv had a form for it, the abstract
_NOTICE = (
    rf"(?:this|the)\s+(?:arxiv\s+)?{_THING}\s+(?:has\s+been|have\s+been|had\s+been|is|was)\s+"
    r"(?:now\s+|temporarily\s+)?(?:being\s+)?withdrawn\b"
)
# taken back from a journal or a conference, and still on arXiv
_FROM_ELSEWHERE = r"(?!\s+from\s+(?!arxiv))"
_ABSTRACT_NOTICE = re.compile(rf"\W{{0,3}}{_NOTICE}{_FROM_ELSEWHERE}", re.IGNORECASE)
_COMMENTS_NOTICE = re.compile(
    rf"(?:(?:^|[.;:!?]\s)\W{{0,3}}{_NOTICE}"
    rf"|^\W{{0,3}}(?:arxiv\s+admin\s+note\s?:\s)?(?:(?:this\s+)?{_THING}\s+)?(?:is\s+)?withdraw(?:n|al)\b){_FROM_ELSEWHERE}",
    re.IGNORECASE,
)


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
    doi = _doi(paper.get("doi"))
    date = _first_date(paper.get("versions"), source_id)
    url = _HOME + source_id
    return Record(
        source=_SOURCE,
        source_id=source_id,
        title=fields.title_of(_plain_tex(paper.get("title"))),
        abstract=cleaning.plain_abstract(_plain_tex(paper.get("abstract")) or ""),
        authors=fields.authors_of(_authors(paper)),
        year=int(date[:4]) if date else None,
        date=date,
        venue=fields.plain_of(_plain_tex(paper.get("journal-ref")), cleaning.MAX_VENUE_CHARACTERS),
        type="posted-content",
        identifiers=fields.identifiers_of(("doi", doi), ("arxiv", source_id)),
        url=url,
        open_access=OpenAccess(is_oa=True, url=url, license=_licence(paper.get("license"))),
        retracted=doi is None and _is_withdrawn(paper),
    )


def _plain_tex(value: object) -> str | None:
    return without_tex(value) if isinstance(value, str) else None


def _doi(value: object) -> str | None:
    """The first of the DOIs of the published version, which stand with spaces between them; later ones are errata's."""
    given = re.split(r"[\s;,]+", value[:_MAX_DOIS_CHARACTERS]) if isinstance(value, str) else []
    return next((doi for each in given if (doi := normalise("doi", each))), None)


def _first_date(versions: object, source_id: str) -> str | None:
    """The day when the first version came in; where none is told, the month in the id."""
    entries = [fields.members_of(entry) for entry in fields.items_of(versions)]
    first = [entry for entry in entries if entry.get("version") == "v1"] or entries[:1]
    date = _day(first[0].get("created")) if first else None
    return date or _month_of_id(source_id)


def _day(value: object) -> str | None:
    """The day in `Mon, 2 Apr 2007 19:18:42 GMT`."""
    try:
        return fields.date_of(f"{parsedate_to_datetime(value):%Y-%m-%d}") if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None


def _month_of_id(source_id: str) -> str | None:
    found = _ID_MONTH.match(source_id)
    if not found:
        return None
    century = 1900 if int(found[1]) >= _FIRST_YEAR_OF_TWO_DIGITS else 2000
    return f"{century + int(found[1])}-{found[2]}"


def _authors(paper: dict[str, object]) -> Iterator[Author | None]:
    parsed = fields.items_of(paper.get("authors_parsed"))
    if parsed:
        return (_author(entry) for entry in parsed[: fields.MAX_AUTHORS])
    names = _names(_plain_tex(paper.get("authors")) or "")
    return (fields.author_of(name=name) for name in names[: fields.MAX_AUTHORS])


def _author(entry: object) -> Author | None:
    parts = [_plain_tex(part) or "" for part in fields.items_of(entry)[:3]]
    family, given, suffix = [*parts, *[""] * (3 - len(parts))]
    return fields.author_of(given=given, family=" ".join(part for part in (family, suffix) if part.strip()))


def _names(text: str) -> list[str]:
    """The names between commas and `and`, without affiliations in brackets, as arXiv asks for them."""
    for _ in range(_MAX_NESTING):
        text = _AFFILIATION.sub(" ", text)
    return _AUTHOR_JOINT.split(" ".join(text.split()))


def _licence(value: object) -> str | None:
    """`cc-by` ...; arXiv's own are told by their names, `arxiv-nonexclusive-distrib`."""
    address = fields.text_of(value)
    own = _OWN_LICENCE.fullmatch(address or "")
    return f"arxiv-{own[1].lower()}" if own else creative_commons_name(address)


def _is_withdrawn(paper: dict[str, object]) -> bool:
    """True where comments or abstract begin by saying so; the snapshot has no field for it."""
    comments, abstract = (
        (fields.text_of(paper.get(name)) or "").strip() for name in ("comments", "abstract")
    )
    return bool(_COMMENTS_NOTICE.search(comments) or _ABSTRACT_NOTICE.match(abstract))
