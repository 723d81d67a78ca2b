"""What every exchange has, whatever its outcome: an id, and headers for browsers and caches."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from uuid import uuid4

from flask import Flask, Response, g, request
from structlog.contextvars import bind_contextvars, clear_contextvars

from research_api.domain.errors import Malformed
from research_api.web.request_context import request_id, settings

NO_STORE = "private, no-store"
REVALIDATE = "private, max-age=0, must-revalidate"

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
HEADERS = {
    "Cache-Control": NO_STORE,
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept, Authorization, X-API-Key",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_TRANSPORT_SECURITY = "max-age=31536000"


@lru_cache
def headers_for(public_url: str) -> Mapping[str, str]:
    """The headers of every answer of a service with this address, but for its id."""
    is_secure = public_url.startswith("https://")
    more = {"Strict-Transport-Security": _TRANSPORT_SECURITY} if is_secure else {}
    return MappingProxyType({**HEADERS, **more})


def install(app: Flask) -> None:
    """From now on every answer of the app has an id and the headers; install it before all other hooks."""
    app.before_request(_name_the_request)
    app.before_request(_refuse_missing_host)
    app.before_request(_refuse_unreadable_path)
    app.after_request(_add_headers)


def _name_the_request() -> None:
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if _REQUEST_ID.fullmatch(given) else uuid4().hex
    clear_contextvars()
    bind_contextvars(request_id=g.request_id)


def _refuse_missing_host() -> None:
    """RFC 9112, 3.2: an HTTP/1.1 request without Host gets a 400. gunicorn lets it pass; an empty one is fine."""
    if request.environ.get("SERVER_PROTOCOL") == "HTTP/1.1" and "HTTP_HOST" not in request.environ:
        raise Malformed("Send a Host header: HTTP/1.1 requires it.")


def _refuse_unreadable_path() -> None:
    """Werkzeug puts U+FFFD for what is no UTF-8, so that another path than the one asked would be served."""
    path = request.environ.get("PATH_INFO", "")
    if "\x00" in path:  # no identifier has it, and Postgres cannot look it up
        raise Malformed("The path has the character U+0000. Leave it out.")
    try:
        path.encode("latin-1").decode()
    except UnicodeError as error:
        raise Malformed("The path is not UTF-8. Percent-encode the bytes of its UTF-8 form.") from error


def _add_headers(response: Response) -> Response:
    headers = response.headers
    headers["X-Request-ID"] = request_id()
    # setdefault looks through all of them for each
    given = {name.lower() for name in headers.keys()}  # noqa: SIM118 - iterating gives pairs here
    for name, value in headers_for(settings().public_url).items():
        if name.lower() not in given:
            headers.add(name, value)
    return response
