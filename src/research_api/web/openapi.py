"""The OpenAPI document: made from the schemas, with the parts that no schema tells."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask
from flask_smorest import Api  # type: ignore[import-untyped]  # ships no types
from marshmallow import Schema, fields

from research_api import __version__
from research_api.web import problems
from research_api.web.problem_types import PROBLEM_TYPES, RETRY_AFTER_SECONDS, ProblemType
from research_api.web.work_schemas import AnswerSchema

OPENAPI_VERSION = "3.1.0"
_TITLE = "Research API"
_DESCRIPTION = "One HTTP API over the world's scholarly records. Errors are problem+json (RFC 9457)."
_LICENSE = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
_PRECONDITIONS = {
    "If-None-Match": "ETags that you have: where one is still good, the answer is a 304 without body.",
    "If-Match": "ETags: where none is that of the answer, it is a 412.",
}
_EXAMPLE_REQUEST_ID = "4f0c2a6e8d1b4c7f9a3e5d7b1c9f8e6a"


class FaultSchema(AnswerSchema):
    """One part of the input that breaks a rule."""

    pointer = fields.String(
        required=True, metadata={"description": "JSON pointer into the body, or / and a parameter."}
    )
    detail = fields.String(required=True)
    start = fields.Integer(metadata={"description": "Code points into the text at the pointer."})
    end = fields.Integer(metadata={"description": "Half-open."})
    hint = fields.String()


class ProblemSchema(AnswerSchema):
    """A problem as RFC 9457 has it."""

    type = fields.String(required=True, metadata={"format": "uri", "description": "A page about it."})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True, metadata={"description": "What to do."})
    instance = fields.String(required=True, metadata={"format": "uri-reference"})
    request_id = fields.String(required=True)
    errors = fields.List(fields.Nested(FaultSchema))
    retry_after_seconds = fields.Integer()


class ProblemApi(Api):  # type: ignore[misc]  # its base ships no types
    """Collects the document; the handling of errors stays with `problems`."""

    ERROR_SCHEMA = ProblemSchema
    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        """None: the library's would answer with a body of its own shape."""

    def _register_responses(self) -> None:
        by_status: dict[int, list[ProblemType]] = {}
        for kind in PROBLEM_TYPES.values():
            by_status.setdefault(kind.status, []).append(kind)
        for status, kinds in by_status.items():
            self.spec.components.response(HTTPStatus(status).name, _problem_response(kinds), lazy=True)
        self.spec.components.response("NOT_MODIFIED", {"description": "You have it already."}, lazy=True)

    def _register_etag_headers(self) -> None:
        for name, meaning in _PRECONDITIONS.items():
            parameter = {"name": name, "description": meaning, "schema": {"type": "string"}}
            self.spec.components.parameter(name.upper().replace("-", "_"), "header", parameter, lazy=True)

    def _register_pagination_header(self) -> None:
        """None: pages lead on by cursors, and the library's header would bring a schema that nothing has."""


def attach(app: Flask) -> ProblemApi:
    """The app has a document, empty so far; blueprints registered with it add themselves."""
    app.config.update(API_TITLE=_TITLE, API_VERSION=__version__, OPENAPI_VERSION=OPENAPI_VERSION)
    api = ProblemApi(
        app,
        spec_kwargs={
            "info": {"description": _DESCRIPTION, "license": _LICENSE},
            "security": [{"bearer": []}, {"X-API-Key": []}],
            "marshmallow_plugin": MarshmallowPlugin(schema_name_resolver=_schema_name),
        },
    )
    api.ma_plugin.converter.add_parameter_attribute_function(_as_comma_list)
    components = api.spec.components
    components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    components.security_scheme("X-API-Key", {"type": "apiKey", "in": "header", "name": "X-API-Key"})
    return api


def document(app: Flask, public_url: str) -> dict[str, Any]:
    """The finished document of the app."""
    api = app.extensions["flask-smorest"]["apis"][""]["ext_obj"]
    found: dict[str, Any] = api.spec.to_dict()
    return {**found, "servers": [{"url": public_url}]}


def _schema_name(schema: type[Schema] | Schema) -> str:
    kind = schema if isinstance(schema, type) else type(schema)
    return kind.__name__.removesuffix("Schema")


def _as_comma_list(_converter: object, field: fields.Field[Any], **_kwargs: Any) -> dict[str, Any]:
    return {"explode": False, "style": "form"} if isinstance(field, fields.List) else {}


def _problem_response(kinds: list[ProblemType]) -> dict[str, Any]:
    response: dict[str, Any] = {
        "description": "; or: ".join(kind.title for kind in kinds),
        "content": {
            problems.MEDIA_TYPE: {
                "schema": ProblemSchema,
                "examples": {kind.slug: {"value": _example(kind)} for kind in kinds},
            }
        },
    }
    if kinds[0].status == 401:
        response["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    if kinds[0].status == 503:
        response["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "example": RETRY_AFTER_SECONDS}}
    return response


def _example(kind: ProblemType) -> dict[str, object]:
    return {
        "type": f"https://api.example.org/problems/{kind.slug}",
        "title": kind.title,
        "status": kind.status,
        "detail": kind.remedy,
        "instance": f"/v1/requests/{_EXAMPLE_REQUEST_ID}",
        "request_id": _EXAMPLE_REQUEST_ID,
    }
