"""gunicorn's own refusals as problem+json: what never became a request cannot be answered by the app."""

from __future__ import annotations

import re
from http import HTTPStatus
from traceback import walk_tb
from typing import Any
from uuid import uuid4

import structlog
from gunicorn.http import Request
from gunicorn.http import errors as refusals
from gunicorn.util import write_nonblock
from gunicorn.workers.gthread import ThreadWorker

from research_api.web.answers import encode
from research_api.web.envelope import headers_for
from research_api.web.problem_types import PROBLEM_TYPES, ProblemType
from research_api.web.problems import MEDIA_TYPE, problem_body

log = structlog.get_logger(__name__)

_NEUTRAL = "Send a well-formed HTTP/1.1 request."
_CHUNKS = "Send the whole body, each chunk after its size in hexadecimal digits, or use Content-Length."
# gunicorn names the header where it knows which one, in capitals
_HEADERS = {
    "HOST": "Send one Host header, with a name and perhaps a port.",
    "CONTENT-TYPE": "Send one Content-Type header, of printable characters.",
    "CONTENT-LENGTH": "Send one Content-Length, a whole number, and never beside Transfer-Encoding.",
    "TRANSFER-ENCODING": "Send Transfer-Encoding: chunked by HTTP/1.1, or Content-Length instead.",
}
_ANY_HEADER = "Write each header as Name: value on one line that ends with CR LF, without control characters."
_ADDRESS = (
    "Begin the address with a slash, and percent-encode every character of it that is not printable ASCII."
)
_LINE = "Begin with a line such as GET /livez HTTP/1.1 that ends with CR LF. This port speaks HTTP, not TLS."
_WHOLE_LINE = re.compile(r"[A-Z]+ .* HTTP/1\.[01]", re.DOTALL)
_DETAILS: dict[type[Exception], str] = {
    refusals.InvalidRequestMethod: "Write the method in capitals, such as GET or POST.",
    refusals.InvalidHTTPVersion: "End the request line with HTTP/1.1, and percent-encode spaces in the address.",
    refusals.InvalidHeaderName: "Write each header as Name: value, without a space in the name or before the colon.",
    refusals.ObsoleteFolding: "Write each header on a line of its own, without continuation lines.",
    refusals.ExpectationFailed: "Send Expect: 100-continue, or leave Expect out.",
    refusals.UnsupportedTransferCoding: _HEADERS["TRANSFER-ENCODING"],
    refusals.InvalidSchemeHeaders: "Send headers that agree on the scheme, such as X-Forwarded-Proto, or none.",
    refusals.InvalidChunkSize: _CHUNKS,
    refusals.InvalidChunkExtension: _CHUNKS,
    refusals.ChunkMissingTerminator: _CHUNKS,
}
_OUR_FAULTS = (
    refusals.ConfigurationProblem,
    refusals.InvalidResponseHeader,
    refusals.InvalidResponseHeaderName,
)


class ProblemThreadWorker(ThreadWorker):  # type: ignore[misc] # gunicorn has no types
    """gthread, except that its error pages are ours. Named in ops/gunicorn.py."""

    def handle_error(
        self,
        req: Any,
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
        public_url = self.app.callable.extensions["settings"]().public_url
        body = encode(problem_body(kind, _detail_of(exc, kind), public_url, request_id))
        head = _head(kind, public_url, request_id, len(body))
        try:
            write_nonblock(client, head if _method_of(req, exc) == "HEAD" else head + body)
        except OSError:
            log.debug("client_gone", request_id=request_id)


def _kind_of(error: Exception) -> ProblemType:
    if isinstance(error, refusals.LimitRequestLine):
        return PROBLEM_TYPES["uri-too-long"]
    if isinstance(error, refusals.LimitRequestHeaders):
        return PROBLEM_TYPES["headers-too-large"]
    is_theirs = isinstance(error, refusals.ParseException) and not isinstance(error, _OUR_FAULTS)
    return PROBLEM_TYPES["malformed" if is_theirs else "internal"]


def _detail_of(error: Exception, kind: ProblemType) -> str:
    """What to do about it, in words of ours: nothing of the request is repeated."""
    if kind.slug != "malformed":
        return kind.remedy
    if isinstance(error, refusals.InvalidRequestLine):
        return _ADDRESS if _WHOLE_LINE.fullmatch(error.req) else _LINE
    if isinstance(error, refusals.InvalidHeader):
        return _HEADERS.get(error.hdr, _ANY_HEADER)
    return _DETAILS.get(type(error), _NEUTRAL)


def _method_of(request: Any, error: Exception) -> str | None:
    """The method, None where it was not read.

    A request that gunicorn gives up while reading it is known nowhere but in the frames of the error.
    """
    if request is not None:
        return request.method  # type: ignore[no-any-return] # gunicorn has no types
    for frame, _ in walk_tb(error.__traceback__):
        reader = frame.f_locals.get("self")
        if isinstance(reader, Request):
            return reader.method  # type: ignore[no-any-return] # gunicorn has no types
    return None


def _head(kind: ProblemType, public_url: str, request_id: str, length: int) -> bytes:
    """length: of the body, which does not follow a HEAD."""
    headers = {
        **headers_for(public_url),
        "Connection": "close",
        "Content-Type": MEDIA_TYPE,
        "Content-Length": str(length),
        "X-Request-ID": request_id,
    }
    lines = [f"HTTP/1.1 {kind.status} {HTTPStatus(kind.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")
