"""What the works routes take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marshmallow import post_load, validate

from research_api.domain.related import DEFAULT_RELATED, MAX_RELATED
from research_api.domain.search import MAX_BATCH_IDS
from research_api.web.fields import Text, TextList, WholeNumber
from research_api.web.negotiation import FormatField
from research_api.web.work_schemas import ArgumentsSchema

# longer than any identifier with its scheme; the service says what is wrong with a shorter one
MAX_REFERENCE_CHARACTERS = 1_000


@dataclass(frozen=True, slots=True)
class Batch:
    """The references to look up. format: None where it was not named."""

    references: tuple[str, ...]
    format: str | None


class WorkArgumentsSchema(ArgumentsSchema):
    """How to show one work."""

    format = FormatField()

    @post_load
    def _to_format(self, data: dict[str, Any], **_kwargs: Any) -> str | None:
        return data.get("format")


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

    @post_load
    def _to_batch(self, data: dict[str, Any], **_kwargs: Any) -> Batch:
        return Batch(tuple(data["ids"]), data.get("format"))


class RelatedArgumentsSchema(ArgumentsSchema):
    """How many related works to give."""

    limit = WholeNumber(
        1, MAX_RELATED, load_default=DEFAULT_RELATED, metadata={"description": "Related works to give."}
    )
