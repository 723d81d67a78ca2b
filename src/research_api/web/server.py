"""gunicorn's own refusals as problem+json: what never became a request cannot be answered by the app."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import uuid4

import structlog
from gunicorn.http.errors import InvalidRequestLine, LimitRequestHeaders, LimitRequestLine, ParseException
from gunicorn.util import write_nonblock
from gunicorn.workers.gthread import ThreadWorker

from research_api.web.answers import encode
from research_api.web.envelope import HEADERS
from research_api.web.problem_types import PROBLEM_TYPES, ProblemType
from research_api.web.problems import MEDIA_TYPE, problem_body

log = structlog.get_logger(__name__)

_BAD_LINE = (
    "The request line cannot be read. Percent-encode every character of the address that is not ASCII."
)


class ProblemThreadWorker(ThreadWorker):  # type: ignore[misc] # gunicorn has no types
    """gthread, except that its error pages are ours. Named in ops/gunicorn.py."""

    def handle_error(
        self,
        req: object,  # noqa: ARG002 - gunicorn's signature
        client: Any,
        addr: object,  # noqa: ARG002 - gunicorn's signature
        exc: Exception,
    ) -> None:
        """The client got a problem and the log a line without the request, which may hold a key or a query."""
        kind = _kind_of(exc)
        request_id = uuid4().hex
        if kind.status >= 500:
            log.error("request_failed", request_id=request_id, exc_info=exc)
        else:
            log.warning("request_refused", request_id=request_id, problem=kind.slug, error=type(exc).__name__)
        detail = _BAD_LINE if isinstance(exc, InvalidRequestLine) else kind.remedy
        try:
            write_nonblock(
                client,
                _answer(kind, detail, request_id, self.app.callable.extensions["settings"]().public_url),
            )
        except OSError:
            log.debug("client_gone", request_id=request_id)


def _kind_of(error: Exception) -> ProblemType:
    if isinstance(error, LimitRequestLine):
        return PROBLEM_TYPES["uri-too-long"]
    if isinstance(error, LimitRequestHeaders):
        return PROBLEM_TYPES["headers-too-large"]
    return PROBLEM_TYPES["malformed" if isinstance(error, ParseException) else "internal"]


def _answer(kind: ProblemType, detail: str, request_id: str, public_url: str) -> bytes:
    body = encode(problem_body(kind, detail, public_url, request_id))
    headers = {
        **HEADERS,
        "Connection": "close",
        "Content-Type": MEDIA_TYPE,
        "Content-Length": str(len(body)),
        "X-Request-ID": request_id,
    }
    lines = [f"HTTP/1.1 {kind.status} {HTTPStatus(kind.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
