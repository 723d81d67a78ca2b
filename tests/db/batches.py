"""Batches as the store takes them."""

from __future__ import annotations

from collections.abc import Sequence

from research_api.domain.upsert import Incoming, prepare
from research_api.domain.works import Record


def prepared(records: Sequence[Record]) -> list[Incoming]:
    """The records, ready to be stored."""
    return [prepare(record) for record in records]
