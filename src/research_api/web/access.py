"""Who may call what: one table, and the hook that denies whatever does not stand in it."""

from __future__ import annotations

from flask import Flask, g, request
from werkzeug.datastructures import Headers

from research_api.domain.errors import Forbidden, Unauthenticated
from research_api.web.request_context import services

PUBLIC = "public"

# blueprint, or one endpoint of it (`blueprint.function`), to the scope that a key needs
ACCESS = {
    "search": "search",
    "works": "search",
    "health": PUBLIC,
    "documentation": PUBLIC,
    "pages": PUBLIC,
}


def install(app: Flask) -> None:
    """From now on a request passes only by the table. Limits come after it: they need to know the caller."""
    app.before_request(_let_in)


def scope_of(endpoint: str) -> str | None:
    """The scope that the endpoint wants, PUBLIC, or None where nobody said: then nobody may."""
    return ACCESS.get(endpoint, ACCESS.get(endpoint.rpartition(".")[0]))


def presented_key(headers: Headers) -> str | None:
    """The key as the caller sent it, None where there is none.

    Raises Unauthenticated for two keys that differ, and for what cannot be a key.
    """
    scheme, _, token = headers.get("Authorization", "").strip().partition(" ")
    given = [token] if scheme.lower() == "bearer" else []
    given += headers.getlist("X-API-Key")
    keys = {key.strip() for key in given}
    if len(keys) > 1:
        raise Unauthenticated("Authorization and X-API-Key carry different keys. Send one key.")
    key = next(iter(keys), "")
    if not key.isascii():
        raise Unauthenticated("This is not a key. Keys are made of ASCII letters, digits and underscores.")
    return key or None


def _let_in() -> None:
    endpoint = request.endpoint
    if endpoint is None:  # no route: the 404 or 405 is on its way and tells nothing a stranger may not know
        return
    scope = scope_of(endpoint)
    if scope == PUBLIC:
        return
    g.caller = services().keys.authenticate(presented_key(request.headers), request.remote_addr or "")
    if scope is None or not g.caller.may(scope):
        raise Forbidden(f"This needs a key with the scope {scope}." if scope else "No key may do this.")
