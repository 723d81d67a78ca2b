"""The built-in demo records, `catalog/demo_records.jsonl`: landmark works of many fields.

Read: id, title, authors (given, family), year, venue, type, doi, summary (a sentence of our own, kept as the
abstract).
Not read: checked (where the facts were looked up).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from research_api.catalog.importers.contract import ByteStream, Row
from research_api.catalog.importers.json_records import leading_members, read_json
from research_api.domain.works import Author, Record
from research_api.records import cleaning, fields
from research_api.records.errors import Rejected

NAME = "demo"

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,127}")


def recognises(head: bytes) -> bool:
    """True where the first object has an id, a title and a summary."""
    return {"id", "title", "summary"} <= leading_members(head).keys()


def read(stream: ByteStream, namespace: str | None) -> Iterator[Row]:  # noqa: ARG001 - the same signature for every format
    """One row for each line. Raises UnreadableInput where it is not JSON."""
    return read_json(stream, to_record)


def to_record(work: dict[str, object]) -> Record:
    """The record of one work. Raises Rejected without an id or a title."""
    source_id = fields.text_of(work.get("id")) or ""
    if not _ID.fullmatch(source_id):
        raise Rejected("the record has no id of lower case letters, digits, dots, hyphens and underscores")
    doi = fields.text_of(work.get("doi"))
    identifiers = fields.identifiers_of(("doi", doi), ("local", f"{NAME}:{source_id}"))
    return Record(
        source=NAME,
        source_id=source_id,
        title=fields.title_of(work.get("title")),
        abstract=fields.plain_of(work.get("summary"), cleaning.MAX_ABSTRACT_CHARACTERS),
        authors=fields.authors_of(_author(entry) for entry in fields.items_of(work.get("authors"))),
        year=fields.year_of(work.get("year")),
        venue=fields.plain_of(work.get("venue"), cleaning.MAX_VENUE_CHARACTERS),
        type=fields.type_of(work.get("type")),
        identifiers=identifiers,
        url=next((f"https://doi.org/{each.value}" for each in identifiers if each.scheme == "doi"), None),
    )


def _author(entry: object) -> Author | None:
    person = fields.members_of(entry)
    return fields.author_of(name=person.get("name"), given=person.get("given"), family=person.get("family"))
