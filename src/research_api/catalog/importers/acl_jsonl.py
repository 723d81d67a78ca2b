"""The ACL Anthology of 2021 as JSONL: one paper a line.

Read: id, title, abstract, doi, authors (given, family), year, venue, url, retracted. Not read: publisher,
pages, bibkey, the ids of authors. `doi` also holds handles, which are no DOIs and are left out. `id` is wrong
for the papers of the first nine volumes of COLING 1969 (two papers share one), where `url` has the right one:
that one counts.
Source: the records themselves; the Anthology publishes XML (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Iterator

from research_api.catalog.importers import anthology
from research_api.catalog.importers.contract import ByteStream, Row
from research_api.catalog.importers.json_records import leading_members, read_json
from research_api.domain.works import Author, Record
from research_api.records import fields

NAME = "acl-jsonl"


def recognises(head: bytes) -> bool:
    """True where the first object has an Anthology id beside a venue or an address in the Anthology."""
    members = leading_members(head)
    source_id = members.get("id")
    is_ours = isinstance(source_id, str) and anthology.is_anthology_id(source_id)
    return is_ours and (
        "venue" in members or "bibkey" in members or "aclanthology" in str(members.get("url"))
    )


def read(stream: ByteStream, namespace: str | None) -> Iterator[Row]:  # noqa: ARG001 - the same signature for every format
    """One row for each line. Raises UnreadableInput where it is not JSON."""
    return read_json(stream, to_record)


def to_record(paper: dict[str, object]) -> Record:
    """The record of one paper. Raises Rejected without an Anthology id or a title."""
    return anthology.record_of(
        anthology.Paper(
            source_id=_source_id(paper),
            title=paper.get("title"),
            abstract=paper.get("abstract"),
            authors=fields.authors_of(_author(entry) for entry in fields.items_of(paper.get("authors"))),
            year=paper.get("year"),
            venue=paper.get("venue"),
            doi=paper.get("doi"),
            url=paper.get("url"),
            retracted=paper.get("retracted") is True,
        )
    )


def _source_id(paper: dict[str, object]) -> str:
    given = anthology.anthology_id(fields.text_of(paper.get("id")))
    in_url = (fields.text_of(paper.get("url")) or "").rsplit("/", 1)[-1]
    return in_url if given != in_url and anthology.is_anthology_id(in_url) else given


def _author(entry: object) -> Author | None:
    person = fields.members_of(entry)
    return fields.author_of(given=person.get("given"), family=person.get("family"))
