"""CSL-JSON: an array of items, or an item a line.

Read: id, type, title, abstract, author (family, given, particles, suffix, literal), issued (date-parts, raw, EDTF),
container-title and others for the venue, DOI, PMID, PMCID, URL, note; and `custom` of our own exports.
Not read: editors, pages, volumes, publishers of articles and the rest.
Source: CSL 1.0.2, schemas/input/csl-data.json (github.com/citation-style-language/schema, read 2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from research_api.catalog.exporters.csl import date_parts
from research_api.catalog.exporters.kinds import kind_of
from research_api.catalog.importers.contract import ByteStream, Row
from research_api.catalog.importers.json_records import leading_members, read_json
from research_api.catalog.importers.naming import Named, Naming, Told
from research_api.domain.exports import RETRACTED_NOTE
from research_api.domain.identifiers import is_work_id
from research_api.domain.works import Author, Record
from research_api.records import fields

NAME = "csl-json"

_TYPES = {
    "article-journal": "journal-article", "article-magazine": "journal-article", "review": "journal-article",
    "article-newspaper": "journal-article", "review-book": "journal-article", "article": "posted-content",
    "paper-conference": "proceedings-article", "book": "book", "classic": "book", "chapter": "book-chapter",
    "entry": "reference-entry", "entry-dictionary": "reference-entry", "dataset": "dataset",
    "entry-encyclopedia": "reference-entry", "thesis": "dissertation", "report": "report",
    "standard": "standard", "periodical": "journal", "collection": "book-series",
}  # fmt: skip
_OTHER_TYPE_NAMES = (
    "bill broadcast document figure graphic hearing interview legal_case legislation manuscript map motion_picture "
    "musical_score pamphlet patent performance personal_communication post post-weblog regulation software song "
    "speech treaty webpage"
)
_OTHER_TYPES = frozenset(_OTHER_TYPE_NAMES.split())
_MARKS = frozenset({"title", "author", "issued", "container-title", "DOI", "URL"})
# OpenAlex, our own records, the Anthology, collections and the demo have types or ids that may look the same
_STRANGE = frozenset({"authorships", "ids", "authors", "identifiers", "bibkey", "venue", "_id", "summary"})
_VENUES = ("container-title", "collection-title", "publisher")
_PLACES = frozenset({"thesis", "report", "book"})
_ISO_START = re.compile(r"[0-9]{4}(?:-[0-9]{2}){0,2}(?![0-9])")


def recognises(head: bytes) -> bool:
    """True where the first object has an id, a type of CSL and a field of an item, and none of another format."""
    members = leading_members(head)
    kind = members.get("type")
    is_item = (
        "id" in members
        and not is_work_id(str(members["id"]))
        and "openalex.org/W" not in str(members["id"])
        and not _MARKS.isdisjoint(members)
        and _STRANGE.isdisjoint(members)
    )
    return is_item and isinstance(kind, str) and (kind in _TYPES or kind in _OTHER_TYPES)


def read(stream: ByteStream, namespace: str | None) -> Iterator[Row]:
    """One row for each item. Raises UnreadableInput where it is not JSON, or for want of a namespace."""
    naming = Naming(namespace)
    return read_json(stream, lambda item: to_record(item, naming), pages=True)


def to_record(item: dict[str, object], naming: Naming) -> Record:
    """The record of one item. Raises Rejected without an id or a title."""
    custom = fields.members_of(item.get("custom"))
    named = naming.named(item.get("id"), custom.get("work_id"))
    ours = custom if named.is_ours else {}
    year, date = _issued(item.get("issued"), ours)
    others = fields.members_of(ours.get("identifiers"))
    return named.record(
        Told(
            title=item.get("title"),
            abstract=item.get("abstract"),
            authors=fields.authors_of(_author(entry, named) for entry in fields.items_of(item.get("author"))),
            year=year,
            date=date,
            venue=_venue(item, named),
            type=_type(item.get("type"), ours.get("type")),
            identifiers=(
                ("doi", item.get("DOI")),
                ("pmid", _as_text(item.get("PMID"))),
                ("pmcid", _as_text(item.get("PMCID"))),
                *((scheme, others.get(scheme)) for scheme in ("arxiv", "openalex", "s2", "local")),
            ),
            url=item.get("URL"),
            retracted=(fields.text_of(item.get("note")) or "").lower().startswith(RETRACTED_NOTE.lower()),
        )
    )


def _as_text(value: object) -> object:
    return str(value) if type(value) is int else value


def _author(entry: object, named: Named) -> Author | None:
    person = {name: text for name, text in fields.members_of(entry).items() if isinstance(text, str)}
    if "literal" in person:
        return named.author(name=person["literal"])
    family = [person.get(part, "") for part in ("non-dropping-particle", "family", "suffix")]
    given = [person.get(part, "") for part in ("given", "dropping-particle")]
    return named.author(given=" ".join(filter(None, given)), family=" ".join(filter(None, family)))


def _venue(item: dict[str, object], named: Named) -> object:
    """The container; the publisher only of what is published by itself."""
    names = _VENUES if fields.text_of(item.get("type")) in _PLACES and not named.is_ours else _VENUES[:1]
    return next((text for name in names if (text := item.get(name))), None)


def _type(kind: object, exact: object) -> str | None:
    """The exact type of ours, as long as it fits; somebody may have changed the other."""
    found = fields.type_of(exact)
    if found and kind_of(found).csl == kind:
        return found
    return _TYPES.get(kind) if isinstance(kind, str) else None


def _issued(value: object, ours: dict[str, object]) -> tuple[object, object]:
    """(year, date). Year and date of ours count as long as they are what was issued."""
    parts = _date_parts(value)
    year, date = fields.year_of(ours.get("year")), fields.date_of(ours.get("date"))
    if parts and parts == date_parts(year, date):
        return year, date
    if parts:
        return parts[0], "-".join([f"{parts[0]:04}", *(f"{part:02}" for part in parts[1:])])
    issued = fields.members_of(value)
    text = next((one for one in (value, issued.get("raw"), issued.get("edtf")) if isinstance(one, str)), "")
    found = _ISO_START.match(text.strip())
    return (found[0][:4], found[0]) if found else (None, None)


def _date_parts(value: object) -> list[int]:
    """The first date, as far as it is one of the calendar."""
    outer = fields.items_of(fields.members_of(value).get("date-parts"))
    parts: list[int] = []
    for part in fields.items_of(outer[0])[:3] if outer else []:
        text = part.strip() if isinstance(part, str) else str(part) if type(part) is int else ""
        if not re.fullmatch(r"[0-9]{1,4}", text):
            break
        parts.append(int(text))
    while parts and not fields.is_date(*parts):
        parts.pop()
    return parts
