"""Every error becomes one problem+json body (RFC 9457) here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import structlog
from flask import Flask, Response
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from research_api.domain.errors import Fault, ResearchApiError
from research_api.web.answers import encode
from research_api.web.problem_types import PROBLEM_TYPES, ProblemType, problem_type_for, problem_type_of
from research_api.web.request_context import request_id, settings

MEDIA_TYPE = "application/problem+json"
REALM = "research-api"
MAX_FAULTS = 50

log = structlog.get_logger(__name__)


def install(app: Flask) -> None:
    """From now on no error of the app has another body, in debug and testing modes too."""
    # with a handler for Exception nothing is left to propagate but a failure of the handlers themselves
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.register_error_handler(ResearchApiError, _answer_domain_error)
    app.register_error_handler(HTTPException, _answer_http_error)
    app.register_error_handler(Exception, _answer_unexpected)


def problem(
    kind: ProblemType,
    detail: str,
    *,
    faults: Sequence[Fault] = (),
    headers: Mapping[str, str] | None = None,
    more: Mapping[str, object] | None = None,
) -> Response:
    """The answer that tells of a problem. more: members of this type of problem alone."""
    body = problem_body(kind, detail, settings().public_url, request_id())
    if faults:
        body["errors"] = [_fault_body(fault) for fault in faults[:MAX_FAULTS]]
    response = Response(status=kind.status, headers=dict(headers or {}), mimetype=MEDIA_TYPE)
    if kind.retry_after_seconds is not None:
        body["retry_after_seconds"] = kind.retry_after_seconds
        response.headers["Retry-After"] = str(kind.retry_after_seconds)
    if kind.status == 401:
        response.headers["WWW-Authenticate"] = f'Bearer realm="{REALM}"'
    response.set_data(encode({**body, **(more or {})}))
    return response


def problem_body(kind: ProblemType, detail: str, public_url: str, name: str) -> dict[str, object]:
    """The members that every problem has; `name` is the id of the request."""
    return {
        "type": f"{public_url}/problems/{kind.slug}",
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "instance": f"/v1/requests/{name}",
        "request_id": name,
    }


def _fault_body(fault: Fault) -> dict[str, object]:
    body: dict[str, object] = {"pointer": fault.pointer, "detail": fault.detail}
    body.update(
        (name, value)
        for name, value in (("start", fault.start), ("end", fault.end), ("hint", fault.hint))
        if value is not None
    )
    return body


def _answer_domain_error(error: ResearchApiError) -> Response:
    kind = problem_type_of(error)
    if kind.status == 500:
        return _answer_unexpected(error)
    if kind.status > 500:
        log.warning("unavailable", problem=kind.slug, exc_info=error)
    return problem(kind, error.detail, faults=error.faults)


def _answer_http_error(error: HTTPException) -> Response:
    kind = problem_type_for(error.code or 500)
    headers = {}
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return problem(kind, kind.remedy, headers=headers)


def _answer_unexpected(error: Exception) -> Response:
    log.error("request_failed", exc_info=error)
    kind = PROBLEM_TYPES["internal"]
    return problem(kind, kind.remedy)
