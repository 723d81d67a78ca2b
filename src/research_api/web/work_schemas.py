"""What the works routes give, for the OpenAPI document, and what all schemas of arguments and answers share."""

from __future__ import annotations

from marshmallow import EXCLUDE, Schema, fields, validate

from research_api.domain.search import Relation, SourceOutcome
from research_api.domain.works import WORK_TYPES

UNKNOWN = {"unknown": "There is no such parameter."}


class ArgumentsSchema(Schema):
    """Takes nothing; what takes something is made from it."""

    error_messages = UNKNOWN


class AnswerSchema(Schema):
    """An answer, which a later version may give more members."""

    class Meta:
        """Keeps `additionalProperties: false` out of the document."""

        unknown = EXCLUDE


class AuthorSchema(AnswerSchema):
    """One author."""

    name = fields.String(required=True, metadata={"description": "To show, given name first."})
    orcid = fields.String(required=True, allow_none=True, metadata={"description": "16 digits with hyphens."})


class OpenAccessSchema(AnswerSchema):
    """Whether the work can be read free of charge."""

    is_oa = fields.Boolean(required=True, allow_none=True, metadata={"description": "null: nobody said."})
    url = fields.String(required=True, allow_none=True)
    license = fields.String(required=True, allow_none=True)


class WorkSourceSchema(AnswerSchema):
    """A source that told of the work."""

    name = fields.String(required=True)
    rank = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Its place in that source's own list."}
    )
    id = fields.String(required=True, metadata={"description": "The id it has there."})


class MatchSchema(AnswerSchema):
    """A place in the record that satisfies the query."""

    field = fields.String(
        required=True, metadata={"description": "title, abstract, venue, year or authors.N.name."}
    )
    start = fields.Integer(required=True, metadata={"description": "Code points into the text as returned."})
    end = fields.Integer(required=True, metadata={"description": "Half-open."})


class RejectedSchema(AnswerSchema):
    """What a source says of a field otherwise than the work shows."""

    source = fields.String(required=True)
    value = fields.Raw(
        required=True,
        metadata={
            "description": "Of the type that the field has.",
            "oneOf": [{"type": "string"}, {"type": "integer"}, {"type": "boolean"}],
        },
    )


class VersionSchema(AnswerSchema):
    """Another version of a work."""

    id = fields.String(required=True, metadata={"pattern": "^w_[a-z2-7]{12}$"})
    type = fields.String(
        required=True,
        allow_none=True,
        validate=validate.OneOf(sorted(WORK_TYPES)),
        metadata={"description": "posted-content: the preprint."},
    )
    year = fields.Integer(required=True, allow_none=True)


class WorkSchema(AnswerSchema):
    """One work, merged from its records. All members stand in every answer unless `fields` chose some."""

    id = fields.String(required=True, metadata={"pattern": "^w_[a-z2-7]{12}$"})
    title = fields.String()
    abstract = fields.String(allow_none=True)
    authors = fields.List(fields.Nested(AuthorSchema))
    year = fields.Integer(allow_none=True)
    date = fields.String(allow_none=True, metadata={"description": "YYYY, YYYY-MM or YYYY-MM-DD."})
    venue = fields.String(allow_none=True)
    type = fields.String(
        allow_none=True,
        validate=validate.OneOf(sorted(WORK_TYPES)),
        metadata={"description": "Crossref's vocabulary."},
    )
    identifiers = fields.Dict(
        keys=fields.String(), values=fields.String(), metadata={"description": "One value per scheme."}
    )
    url = fields.String(allow_none=True)
    open_access = fields.Nested(OpenAccessSchema)
    citation_count = fields.Integer(allow_none=True)
    retracted = fields.Boolean()
    score = fields.Float(allow_none=True, metadata={"description": "null where nothing was ranked."})
    sources = fields.List(fields.Nested(WorkSourceSchema))
    provenance = fields.Dict(
        keys=fields.String(), values=fields.String(), metadata={"description": "Field to source."}
    )
    disagreements = fields.Dict(
        keys=fields.String(validate=validate.OneOf(["year", "venue", "retracted"])),
        values=fields.List(fields.Nested(RejectedSchema)),
        metadata={"description": "By field, what other sources say; without the fields on which all agree."},
    )
    versions = fields.List(
        fields.Nested(VersionSchema),
        metadata={"description": "The publication of a preprint, or the preprints of a publication."},
    )
    matches = fields.List(fields.Nested(MatchSchema))


class RelatedWorkSchema(AnswerSchema):
    """A related work with why it is one."""

    work = fields.Nested(WorkSchema, required=True)
    score = fields.Float(
        required=True,
        metadata={"description": "Half the sum of the cosine and of the strength of shared references."},
    )
    similarity = fields.Float(
        required=True, allow_none=True, metadata={"description": "Cosine of the vectors; null without one."}
    )
    shared_references = fields.Integer(
        required=True, metadata={"description": "How many works both of them refer to."}
    )


class WorkWarningSchema(AnswerSchema):
    """Something to know about the answer."""

    code = fields.String(required=True)
    detail = fields.String(required=True)


class RelatedAnswerSchema(AnswerSchema):
    """The works related to one, the most related first."""

    id = fields.String(required=True, metadata={"description": "The work that was asked about."})
    results = fields.List(fields.Nested(RelatedWorkSchema), required=True)
    warnings = fields.List(fields.Nested(WorkWarningSchema), required=True)
    degraded = fields.Boolean(required=True, metadata={"description": "Anything less than normal."})


class AskedSourceSchema(AnswerSchema):
    """What came of asking a source for works."""

    name = fields.String(required=True)
    outcome = fields.String(required=True, validate=validate.OneOf(list(SourceOutcome)))
    count = fields.Integer(required=True)
    latency_ms = fields.Integer(required=True)


class BatchAnswerSchema(AnswerSchema):
    """The works that were found, in the order asked, and the references that name none."""

    results = fields.List(fields.Nested(WorkSchema), required=True)
    missing = fields.List(fields.String(), required=True)
    sources = fields.List(fields.Nested(AskedSourceSchema), required=True)
    complete = fields.Boolean(required=True, metadata={"description": "Every asked source was ok or empty."})
    degraded = fields.Boolean(required=True, metadata={"description": "Anything less than normal."})


class EdgeTotalSchema(AnswerSchema):
    """How many works there are at the other ends."""

    value = fields.Integer(required=True)
    relation = fields.String(
        required=True,
        validate=validate.OneOf(list(Relation)),
        metadata={"description": "eq: exactly; gte: at least."},
    )


class EdgesAnswerSchema(AnswerSchema):
    """The works that a work refers to, or that refer to it."""

    id = fields.String(required=True, metadata={"description": "The work that was asked about."})
    results = fields.List(fields.Nested(WorkSchema), required=True)
    unresolved = fields.List(fields.String(), required=True)
    total = fields.Nested(EdgeTotalSchema, required=True)
    sources = fields.List(fields.Nested(AskedSourceSchema), required=True)
    complete = fields.Boolean(required=True, metadata={"description": "Every asked source was ok or empty."})
    degraded = fields.Boolean(required=True, metadata={"description": "Anything less than normal."})
    warnings = fields.List(fields.Nested(WorkWarningSchema), required=True)
