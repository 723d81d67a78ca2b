"""Calls to sources: one HTTP request each, within a deadline and a size, redirects within the host followed."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from http.client import HTTPException
from threading import Lock
from urllib.parse import urldefrag, urljoin

from requests import PreparedRequest, RequestException, Response
from urllib3.exceptions import DecodeError, HTTPError

from research_api import __version__
from research_api.config.endpoints import read_url
from research_api.domain.calls import CallBroken, CallFailed, CallTimedOut, Outgoing, Reply, Send
from research_api.egress.bounds import MAX_HEAD_BYTES, TIME_IS_OVER, TOO_LONG, Bounds, bounded_until
from research_api.egress.guard import Guard
from research_api.egress.policy import EgressPolicy, Refused
from research_api.egress.pools import GuardedAdapter
from research_api.egress.resolving import RESOLVE_SECONDS, Resolver

MAX_BYTES = 8_000_000
MAX_REDIRECTS = 3
ALLOWED = "allowed"
NO_HTTP = "the host does not speak HTTP as it should"
NOT_DECODED = "the answer is compressed in a way that was not asked for"
TOO_MANY_REDIRECTS = "too many redirects"
REDIRECT_LEAVES = "a redirect leads to another scheme, host or port"
REDIRECT_OF_BODY = "a redirect of a request with a body"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SAFE_METHODS = frozenset({"GET", "HEAD"})
_ENCODINGS = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})
_PART_BYTES = 65_536
# what the libraries below raise; some of their texts have the URL, so they are never chained
_FAILURES = (RequestException, HTTPError, HTTPException, OSError, ValueError)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What would happen to a call. reason: `allowed`, or why not. addresses: those that were found."""

    allowed: bool
    reason: str
    addresses: tuple[str, ...] = ()


class Egress:
    """The way out for calls to sources; may be made before a fork, and is used by many threads."""

    def __init__(self, policy: EgressPolicy, *, contact: str = "", resolver: Resolver | None = None) -> None:
        self.guard = Guard(policy, resolver)
        agent = f"research-api/{__version__}"
        # Source: Crossref REST API, "Etiquette", for mailto in the User-Agent (read 2026-11)
        self._user_agent = f"{agent} (mailto:{contact})" if contact else agent
        self._lock = Lock()
        self._adapter: GuardedAdapter | None = None

    def sender(self, until: float, max_bytes: int = MAX_BYTES) -> Send:
        """Sends calls that end at `until`, a time.monotonic(), and whose decoded bodies are no longer than that."""
        return _Sender(self, until, max_bytes)

    def check(self, url: str, until: float | None = None) -> Verdict:
        """What would happen to a call to the URL; its name is looked up, no connection is opened."""
        found: tuple[str, ...] = ()
        try:
            target = self.guard.policy.target_of(url)
            addresses = self.guard.resolved(target, until or time.monotonic() + RESOLVE_SECONDS)
            found = tuple(str(address) for address in addresses)
            self.guard.policy.check(target, addresses)
        except CallFailed as failure:
            return Verdict(False, str(failure), found)
        return Verdict(True, ALLOWED, found)

    def close(self) -> None:
        """Idle connections are closed; the next call opens new ones."""
        with self._lock:
            adapter, self._adapter = self._adapter, None
        if adapter is not None:
            adapter.close()

    def send(self, outgoing: Outgoing, bounds: Bounds, max_bytes: int) -> Reply:
        """The answer; `bounds` are those of the block around. Raises CallFailed."""
        request = self._prepared(outgoing)
        for _ in range(MAX_REDIRECTS + 1):
            response = self._answer(request, bounds)
            body = _body_of(response, max_bytes)
            location = response.headers.get("location")
            if response.status_code not in _REDIRECTS or location is None:
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Reply(response.status_code, headers, body)
            request.url = _followed(request, location)
        raise CallBroken(TOO_MANY_REDIRECTS)

    def _prepared(self, outgoing: Outgoing) -> PreparedRequest:
        # before requests reads the URL in its own way
        self.guard.policy.target_of(outgoing.url)
        request = PreparedRequest()
        request.prepare(
            method=outgoing.method,
            url=outgoing.url,
            headers={
                "User-Agent": self._user_agent,
                "Accept": "*/*",
                **outgoing.headers,
                "Accept-Encoding": "gzip, deflate",
            },
            params=list(outgoing.params),
            data=outgoing.body,
        )
        return request

    def _answer(self, request: PreparedRequest, bounds: Bounds) -> Response:
        """The answer with its headers; the body is still to be read."""
        return self._opened().send(request, stream=True, timeout=bounds.seconds_left())

    def _opened(self) -> GuardedAdapter:
        adapter = self._adapter
        if adapter is None:
            with self._lock:
                adapter = self._adapter = self._adapter or GuardedAdapter(self.guard)
        return adapter


@dataclass(frozen=True, slots=True)
class _Sender:
    egress: Egress
    until: float
    max_bytes: int = field(default=MAX_BYTES)

    def __call__(self, outgoing: Outgoing, /) -> Reply:
        try:
            reply = self._sent(outgoing)
        except CallFailed as failure:
            self.egress.guard.count(failure)
            raise
        self.egress.guard.count()
        return reply

    def _sent(self, outgoing: Outgoing) -> Reply:
        # what comes may be longer than the body: headers, the frames of chunks, and gzip of what cannot be packed
        wire_bytes = 2 * self.max_bytes + (MAX_REDIRECTS + 1) * MAX_HEAD_BYTES
        with bounded_until(self.until, wire_bytes) as bounds:
            try:
                bounds.seconds_left()
                return self.egress.send(outgoing, bounds, self.max_bytes)
            except _FAILURES as failure:
                if time.monotonic() >= self.until:
                    raise CallTimedOut(TIME_IS_OVER) from None
                raise CallBroken(NOT_DECODED if isinstance(failure, DecodeError) else NO_HTTP) from None


def _body_of(response: Response, max_bytes: int) -> bytes:
    """The decoded body; its connection goes back to the pool, or is closed if something is left to read."""
    parts: list[bytes] = []
    count = 0
    try:
        if response.headers.get("content-encoding", "").strip().lower() not in _ENCODINGS:
            raise CallBroken(NOT_DECODED)
        for part in response.raw.stream(_PART_BYTES, decode_content=True):
            count += len(part)
            if count > max_bytes:
                raise CallBroken(TOO_LONG)
            parts.append(part)
    except BaseException:
        response.raw.close()
        raise
    response.raw.release_conn()
    return b"".join(parts)


def _followed(request: PreparedRequest, location: str) -> str:
    """Where the redirect leads: to the same scheme, host and port. Raises Refused."""
    here = str(request.url)
    before = read_url(here)
    try:
        there = urldefrag(urljoin(here, location)).url
    except ValueError:
        there = ""
    after = read_url(there)
    if before is None or after is None or (before.scheme, before.endpoint) != (after.scheme, after.endpoint):
        raise Refused(REDIRECT_LEAVES, before.endpoint.host if before else "")
    if request.method not in _SAFE_METHODS:
        raise Refused(REDIRECT_OF_BODY, before.endpoint.host)
    return there
