"""OpenAlex works: JSONL, or pages of the API one after another.

Source, and what is read of each: see `records.openalex`.
"""

from __future__ import annotations

from collections.abc import Iterator

from research_api.catalog.importers.contract import ByteStream, Row
from research_api.catalog.importers.json_records import leading_members, read_json
from research_api.records.openalex import to_record

NAME = "openalex"


def recognises(head: bytes) -> bool:
    """True where the first object is a work with an OpenAlex id, or a page that names such works."""
    members = leading_members(head)
    if isinstance(members.get("id"), str):
        return "openalex.org/W" in str(members["id"])
    is_page = "results" in members and "message" not in members and "DOI" not in members
    return is_page and (b"openalex.org/W" in head or members["results"] == [])


def read(stream: ByteStream, namespace: str | None) -> Iterator[Row]:  # noqa: ARG001 - the same signature for every format
    """One row for each work, alone on its line or in a page. Raises UnreadableInput where it is not JSON."""
    return read_json(stream, to_record, pages=True)
