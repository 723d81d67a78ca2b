"""Crossref works: JSONL of work items, or answers of the REST API one after another.

Source, and what is read of each: see `records.crossref`.
"""

from __future__ import annotations

from collections.abc import Iterator

from research_api.catalog.importers.contract import ByteStream, Row
from research_api.catalog.importers.json_records import leading_members, read_json
from research_api.records.crossref import to_record

NAME = "crossref"

_MARKS = (b'"message-type"', b'"is-referenced-by-count"', b'"content-domain"', b'"container-title"')


def recognises(head: bytes) -> bool:
    """True where the first object is a work with a DOI under `DOI`, or an answer about works."""
    members = leading_members(head)
    if "id" in members or "results" in members:
        return False
    if "message" in members or "message-type" in members:
        return members.get("message-type", "work") in ("work", "work-list", None)
    if "DOI" in members:
        return True
    return bool(members) and "_id" not in members and any(mark in head for mark in _MARKS)


def read(stream: ByteStream, namespace: str | None) -> Iterator[Row]:  # noqa: ARG001 - the same signature for every format
    """One row for each work, on its line or in an answer. Raises UnreadableInput where it is not JSON."""
    return read_json(stream, to_record, pages=True)
