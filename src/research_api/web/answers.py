"""JSON answers, and the ETag by which a caller need not fetch the same one twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from flask import Response, request

from research_api.web.envelope import REVALIDATE


def encode(body: object) -> bytes:
    """The body as JSON in UTF-8, names in the order of the body. Raises ValueError for NaN and infinities.

    A lone surrogate, which UTF-8 cannot carry, stays the JSON escape that it is.
    """
    text = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace")


def json_answer(body: Mapping[str, object], *, cache_control: str = REVALIDATE) -> Response:
    """A 200 with the body."""
    return Response(encode(body), mimetype="application/json", headers={"Cache-Control": cache_control})


def conditional_answer(body: Mapping[str, object], *, results: object) -> Response:
    """A 200 with the body, or a 304 where the caller's `If-None-Match` has the ETag of these results already.

    results: the part of the body that is equal whenever the answer means the same.
    """
    response = json_answer(body)
    response.set_etag(hashlib.sha256(encode(results)).hexdigest()[:32])
    response.make_conditional(request)
    return response
