"""What the works routes take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marshmallow import fields, post_load, validate

from research_api.domain.edges import DEFAULT_EDGES, MAX_EDGES
from research_api.domain.related import DEFAULT_RELATED, MAX_RELATED
from research_api.domain.search import EDGE_SOURCE_NAMES, MAX_BATCH_IDS
from research_api.services.edges import EdgeWish
from research_api.web.fields import DEFAULT_DEADLINE_MS, DeadlineMs, Text, TextList, WholeNumber
from research_api.web.negotiation import FormatField
from research_api.web.work_schemas import ArgumentsSchema

# longer than any identifier with its scheme; the service says what is wrong with a shorter one
MAX_REFERENCE_CHARACTERS = 1_000
# as in a search
MAX_LIST_ITEMS = 100


@dataclass(frozen=True, slots=True)
class Batch:
    """The references to look up. format: None where it was not named. deadline_seconds: for asking sources."""

    references: tuple[str, ...]
    format: str | None
    deadline_seconds: float


@dataclass(frozen=True, slots=True)
class One:
    """How to show one work. format: None where it was not named. deadline_seconds: for asking sources."""

    format: str | None
    deadline_seconds: float


class WorkArgumentsSchema(ArgumentsSchema):
    """How to show one work."""

    format = FormatField()
    deadline_ms = DeadlineMs()

    @post_load
    def _to_one(self, data: dict[str, Any], **_kwargs: Any) -> One:
        return One(data.get("format"), _deadline_seconds(data))


class BatchArgumentsSchema(ArgumentsSchema):
    """The references to look up, and how to show their works."""

    ids = TextList(
        Text(validate=validate.Length(min=1, max=MAX_REFERENCE_CHARACTERS)),
        min_items=1,
        max_items=MAX_BATCH_IDS,
        required=True,
        metadata={"description": "Work ids, DOIs, or doi: pmid: pmcid: arxiv: openalex: s2: local:NAME:ID."},
    )
    format = FormatField()
    deadline_ms = DeadlineMs()

    @post_load
    def _to_batch(self, data: dict[str, Any], **_kwargs: Any) -> Batch:
        return Batch(tuple(data["ids"]), data.get("format"), _deadline_seconds(data))


class EdgeArgumentsSchema(ArgumentsSchema):
    """Whom to ask who refers to whom, and how much of it to give."""

    limit = WholeNumber(
        1,
        MAX_EDGES,
        load_default=DEFAULT_EDGES,
        metadata={"description": "Works to give, and names in unresolved. There are no further pages."},
    )
    sources = TextList(
        fields.String(validate=validate.OneOf(EDGE_SOURCE_NAMES)),
        max_items=MAX_LIST_ITEMS,
        metadata={
            "description": "Whom to ask. A source that cannot be asked this is reported as skipped. "
            "The work itself is found as by GET /v1/works/{id}."
        },
    )
    deadline_ms = DeadlineMs()

    @post_load
    def _to_wish(self, data: dict[str, Any], **_kwargs: Any) -> EdgeWish:
        return EdgeWish(data["limit"], _deadline_seconds(data), tuple(dict.fromkeys(data.get("sources", ()))))


class RelatedArgumentsSchema(ArgumentsSchema):
    """How many related works to give."""

    limit = WholeNumber(
        1, MAX_RELATED, load_default=DEFAULT_RELATED, metadata={"description": "Related works to give."}
    )


def _deadline_seconds(data: dict[str, Any]) -> float:
    return float(data.get("deadline_ms", DEFAULT_DEADLINE_MS)) / 1000
