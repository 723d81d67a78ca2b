"""What a search gives, for the OpenAPI document."""

from __future__ import annotations

from marshmallow import fields, validate

from research_api.domain.search import Mode, Relation, SourceOutcome
from research_api.web.work_schemas import AnswerSchema, WorkSchema


class QuerySchema(AnswerSchema):
    """The query as it was understood."""

    text = fields.String(required=True, metadata={"description": "In NFC; warnings point into it."})
    mode = fields.String(required=True, validate=validate.OneOf(list(Mode)))
    canonical = fields.String(required=True, allow_none=True)


class FidelitySchema(AnswerSchema):
    """How a source honoured a clause of the query."""

    clause = fields.String(required=True)
    how = fields.String(
        required=True, validate=validate.OneOf(["exact", "approximated", "widened", "dropped"])
    )


class SourceReportSchema(AnswerSchema):
    """What came of asking a source."""

    name = fields.String(required=True)
    outcome = fields.String(required=True, validate=validate.OneOf(list(SourceOutcome)))
    count = fields.Integer(required=True)
    latency_ms = fields.Integer(required=True)
    sent = fields.String(
        required=True, allow_none=True, metadata={"description": "The string really sent; null: none was."}
    )
    fidelity = fields.List(fields.Nested(FidelitySchema), required=True)


class TotalSchema(AnswerSchema):
    """How many works match."""

    value = fields.Integer(required=True)
    relation = fields.String(
        required=True,
        validate=validate.OneOf(list(Relation)),
        metadata={"description": "eq: exactly; gte: at least."},
    )


class FacetCountSchema(AnswerSchema):
    """How many of all matching works have the value."""

    value = fields.String(required=True)
    count = fields.Integer(required=True)


class WarningSchema(AnswerSchema):
    """Something to know; start and end, where given, are code points into the text of the query."""

    code = fields.String(required=True)
    detail = fields.String(required=True)
    start = fields.Integer(required=True, allow_none=True)
    end = fields.Integer(required=True, allow_none=True)


class SearchAnswerSchema(AnswerSchema):
    """One page of results and everything needed to trust it."""

    query = fields.Nested(QuerySchema, required=True)
    results = fields.List(fields.Nested(WorkSchema), required=True)
    sources = fields.List(fields.Nested(SourceReportSchema), required=True)
    total = fields.Nested(TotalSchema, required=True)
    facets = fields.Dict(
        keys=fields.String(), values=fields.List(fields.Nested(FacetCountSchema)), required=True
    )
    warnings = fields.List(fields.Nested(WarningSchema), required=True)
    retry_token = fields.String(required=True, allow_none=True)
    complete = fields.Boolean(required=True, metadata={"description": "Every asked source was ok or empty."})
    degraded = fields.Boolean(required=True, metadata={"description": "Anything less than normal."})
    cache = fields.String(required=True, validate=validate.OneOf(["hit", "miss", "stale", "bypass"]))
    next_cursor = fields.String(
        required=True, allow_none=True, metadata={"description": "Send it as cursor for the next page."}
    )
    request_id = fields.String(required=True)
