"""JSON answers, and the ETag by which a caller need not fetch the same one twice, or gets no other version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

import orjson
from flask import Response, request
from werkzeug.exceptions import PreconditionFailed

from research_api.web.envelope import REVALIDATE

# an object of ours in a body is a mistake, and not to be written out part by part
_AS_IT_IS = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME


def encode(body: object) -> bytes:
    """The body as JSON in UTF-8, names in the order of the body; null for NaN and infinities, which JSON has not.

    A lone surrogate, which UTF-8 cannot carry, stays the JSON escape that it is. Raises TypeError for what is no JSON,
    ValueError for NaN beside such a surrogate.
    """
    try:
        return orjson.dumps(body, option=_AS_IT_IS)
    except TypeError:
        # such a surrogate, or a whole number of more than 64 bits
        text = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode("utf-8", "backslashreplace")


def json_answer(body: Mapping[str, object], *, cache_control: str = REVALIDATE) -> Response:
    """A 200 with the body."""
    return json_response(encode(body), cache_control=cache_control)


def json_response(body: bytes, *, cache_control: str = REVALIDATE) -> Response:
    """A 200 with JSON that is written already."""
    return Response(body, mimetype="application/json", headers={"Cache-Control": cache_control})


def conditional_answer(body: Mapping[str, object], *, results: object) -> Response:
    """A 200 with the body, or a 304 where the caller's `If-None-Match` has the ETag of these results already.

    results: the part of the body that is equal whenever the answer means the same.
    Raises PreconditionFailed as `conditional` does.
    """
    response = json_answer(body)
    response.set_etag(hashlib.sha256(encode(results)).hexdigest()[:32])
    return conditional(response)


def conditional(response: Response) -> Response:
    """The same, or a 304 where `If-None-Match` has its ETag already.

    Nothing here has a date or is sent in parts: what asks for these is not looked at. Werkzeug's own
    make_conditional sends a 412 with the body of the 200, also for `If-Match: *`.
    Raises PreconditionFailed where `If-Match` has not this ETag.
    Source: RFC 9110, sections 13.1.1 to 13.2.2 and 14.2
    """
    etag = response.get_etag()[0] or ""
    if request.if_match and not request.if_match.contains(etag):
        raise PreconditionFailed
    if request.if_none_match.contains_weak(etag):
        response.status_code = 304
    return response
