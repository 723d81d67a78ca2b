"""JSON bodies, read strictly and up to a limit."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

from flask import Request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from research_api.domain.errors import Fault, Invalid, Malformed

MAX_BODY_BYTES = 2_000_000
# to find 150,000 unknown names takes marshmallow over a second
MAX_MEMBERS = 100


def read_json_object(request: Request) -> dict[str, object]:
    """The object in the body.

    Raises UnsupportedMediaType, RequestEntityTooLarge, Malformed for what is not JSON in UTF-8, Invalid for
    JSON that is no object. Text may still have U+0000; it has no lone surrogates.
    """
    _check_media_type(request)
    value = _parse(_read(request))
    if not isinstance(value, dict):
        raise Invalid("The body must be a JSON object.", faults=(Fault("", "Send a JSON object."),))
    if len(value) > MAX_MEMBERS:
        fault = Fault("", f"Send an object of at most {MAX_MEMBERS} members.")
        raise Invalid("The body has too many members.", faults=(fault,))
    return value


def _check_media_type(request: Request) -> None:
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if request.mimetype != "application/json" or charset != "utf-8" or encoding != "identity":
        raise UnsupportedMediaType


def _read(request: Request) -> bytes:
    """At most one byte over the limit is read: a chunked body does not say how long it is."""
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise RequestEntityTooLarge
    read = bytearray()
    while len(read) <= MAX_BODY_BYTES:
        try:
            part = request.stream.read(MAX_BODY_BYTES + 1 - len(read))
        except (ParseException, OSError) as error:
            raise Malformed("The body broke off, or its chunks are malformed. Send it whole.") from error
        if not part:
            if request.content_length is not None and len(read) < request.content_length:
                raise Malformed("The body is shorter than Content-Length says. Send it whole.")
            return bytes(read)
        read += part
    raise RequestEntityTooLarge


def _parse(raw: bytes) -> object:
    try:
        text = raw.decode()
        value = json.loads(
            text, parse_constant=_refuse_constant, parse_float=_finite, object_pairs_hook=_without_repeats
        )
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()  # an escape is the only way to a lone surrogate
    except (ValueError, RecursionError) as error:
        raise Malformed(
            "The body is not well-formed JSON in UTF-8. Names must not repeat, numbers must be finite, "
            "nesting must be shallow, surrogates must come in pairs."
        ) from error
    return value


def _refuse_constant(name: str) -> object:
    raise ValueError(name)


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError("number out of range")
    return value


def _without_repeats(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("repeated name")
    return found
