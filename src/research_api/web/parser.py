"""From a request to the arguments of a view, by a schema; whatever is wrong is told with pointers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from flask import Request
from marshmallow import RAISE, Schema, ValidationError, fields
from webargs.flaskparser import FlaskParser

from research_api.domain.errors import Fault, Invalid
from research_api.web.bodies import read_json_object
from research_api.web.query_strings import read_parameters

MAX_POINTER_CHARACTERS = 120
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")
_TRUTHS = {"true": True, "false": False}


class StrictParser(FlaskParser):
    """Loads bodies and query strings by the same schemas; what a schema does not know is refused."""

    DEFAULT_UNKNOWN_BY_LOCATION = {"json": RAISE, "query": RAISE}  # noqa: RUF012 - the library reads it here

    def load_json(self, req: Request, schema: Schema) -> dict[str, object]:  # noqa: ARG002 - webargs' signature
        """The body; a POST takes nothing from the query string."""
        if names := list(read_parameters()):
            raise ValidationError({name: ["Send this in the body."] for name in names})
        return read_json_object(req)

    def load_querystring(self, req: Request, schema: Schema) -> dict[str, object]:  # noqa: ARG002 - webargs' signature
        """The parameters as values of the types that the schema wants, wherever their text is one."""
        known = {field.data_key or name: field for name, field in schema.fields.items()}
        return {name: _value(name, known.get(name), texts) for name, texts in read_parameters().items()}

    def handle_error(
        self,
        error: ValidationError,
        req: Request,  # noqa: ARG002 - webargs' signature
        schema: Schema,  # noqa: ARG002 - webargs' signature
        *,
        error_status_code: int | None,  # noqa: ARG002 - webargs' signature
        error_headers: Mapping[str, str] | None,  # noqa: ARG002 - webargs' signature
    ) -> NoReturn:
        """Raises Invalid, which the one error table turns into an answer."""
        faults = tuple(_faults(error.messages))
        raise Invalid("Something in the request is not valid; see errors.", faults=faults) from error


def _value(name: str, field: fields.Field[Any] | None, texts: list[str]) -> object:
    if isinstance(field, fields.List):
        return [part.strip() for text in texts for part in text.split(",")]
    if len(texts) > 1:
        raise ValidationError({name: ["Send this once."]})
    text = texts[0]
    if isinstance(field, fields.Integer) and _WHOLE_NUMBER.fullmatch(text):
        return int(text)
    if isinstance(field, fields.Boolean):
        return _TRUTHS.get(text, text)
    return text


def _faults(messages: Any) -> Iterator[Fault]:
    """messages: of webargs, by location and then nested as marshmallow does.

    In a query string a list is one parameter, so a pointer ends at its name.
    """
    for location, inner in messages.items():
        max_depth = 1 if location == "query" else None
        yield from _faults_at((), inner, max_depth)


def _faults_at(path: tuple[str, ...], messages: Any, max_depth: int | None) -> Iterator[Fault]:
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            below = path if name == "_schema" else (*path, str(name))
            yield from _faults_at(below, inner, max_depth)
        return
    for message in messages if isinstance(messages, list) else [messages]:
        yield Fault(_pointer(path[:max_depth]), str(message))


def _pointer(path: tuple[str, ...]) -> str:
    escaped = "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path)
    return escaped[:MAX_POINTER_CHARACTERS]
