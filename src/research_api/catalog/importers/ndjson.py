"""NDJSON of our own exports: a record a line, as the JSON of the API has it.

Read: id, title, abstract, authors (name, orcid), year, date, venue, type, identifiers, url, open_access,
citation_count, retracted. Not read: score, sources, provenance, disagreements, versions, matches, which belong to an
answer. A line that was exported with `fields` needs its title.
Source: docs/formats.md.
"""

from __future__ import annotations

from collections.abc import Iterator

from research_api.catalog.importers.contract import ByteStream, Row
from research_api.catalog.importers.json_records import leading_members, read_json
from research_api.catalog.importers.naming import Named, Naming, Told
from research_api.domain.identifiers import SCHEMES, is_work_id
from research_api.domain.works import Author, OpenAccess, Record
from research_api.records import fields
from research_api.records.errors import Rejected

NAME = "ndjson"


def recognises(head: bytes) -> bool:
    """True where the first object has the id of a work."""
    work_id = leading_members(head).get("id")
    return isinstance(work_id, str) and is_work_id(work_id)


def read(stream: ByteStream, namespace: str | None) -> Iterator[Row]:
    """One row for each line. Raises UnreadableInput where it is not JSON."""
    naming = Naming(namespace)
    return read_json(stream, lambda body: to_record(body, naming))


def to_record(body: dict[str, object], naming: Naming) -> Record:
    """The record of one line. Raises Rejected without the id of a work or a title."""
    work_id = body.get("id")
    if not (isinstance(work_id, str) and is_work_id(work_id)):
        raise Rejected("the line has no id of a work (w_ and 12 characters)")
    named = naming.named(None, work_id)
    identifiers = fields.members_of(body.get("identifiers"))
    return named.record(
        Told(
            title=body.get("title"),
            abstract=body.get("abstract"),
            authors=fields.authors_of(
                _author(entry, named) for entry in fields.items_of(body.get("authors"))
            ),
            year=body.get("year"),
            date=body.get("date"),
            venue=body.get("venue"),
            type=body.get("type"),
            identifiers=tuple((scheme, identifiers.get(scheme)) for scheme in SCHEMES),
            url=body.get("url"),
            open_access=open_access_of(fields.members_of(body.get("open_access")), named),
            citation_count=body.get("citation_count"),
            retracted=body.get("retracted") is True,
        )
    )


def open_access_of(access: dict[str, object], named: Named) -> OpenAccess:
    """What has the right form of it."""
    is_oa = access.get("is_oa")
    return OpenAccess(
        is_oa if isinstance(is_oa, bool) else None,
        fields.url_of(access.get("url")),
        named.text(access.get("license"), 100),
    )


def _author(entry: object, named: Named) -> Author | None:
    person = fields.members_of(entry)
    return named.author(name=person.get("name"), orcid=person.get("orcid"))
