"""HTTP with bounds on a whole request: its time from the first byte to the last, and the bytes that come.

The timeouts of httpx2 hold for each read alone, so a server that drips is never given up; and a compressed answer of
some kilobytes may become gigabytes. Nothing of the environment is used but SSL_CERT_FILE and SSL_CERT_DIR: no proxy,
no .netrc. The name of a host is looked up in the system's own time.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import httpcore2
import httpx2


class BoundsPassed(Exception):
    """No error of httpx2's or httpcore2's: the hub's client answers those by another try."""


# what a request may raise here; a client on top wraps some of it
FAILURES = (httpx2.HTTPError, BoundsPassed)


@dataclass(slots=True)
class _Bounds:
    """What is left to the requests of one block of code."""

    until: float
    bytes_left: int

    def seconds(self, timeout: float | None) -> float:
        """How long the next step may take."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise BoundsPassed("the time is over")
        return left if timeout is None else min(left, timeout)

    def take(self, count: int) -> None:
        """So many bytes came."""
        self.bytes_left -= count
        if self.bytes_left < 0:
            raise BoundsPassed("the answer is too long")


_bounds: ContextVar[_Bounds] = ContextVar("bounds")


@contextmanager
def bounded(seconds: float, max_bytes: int) -> Iterator[None]:
    """All requests inside together end within so long and read so many bytes at most, or they fail."""
    token = _bounds.set(_Bounds(time.monotonic() + seconds, max_bytes))
    try:
        yield
    finally:
        _bounds.reset(token)


def make_client(*, follows_redirects: bool) -> httpx2.Client:
    """A client that works inside `bounded` only."""
    return httpx2.Client(
        transport=_BoundedTransport(),
        trust_env=False,
        follow_redirects=follows_redirects,
        headers={"Accept-Encoding": "identity"},
    )


class _BoundedTransport(httpx2.HTTPTransport):
    """httpx2's own, on a network that keeps the bounds; it takes no compressed answer."""

    def __init__(self) -> None:
        super().__init__()
        self._pool.close()
        # httpx2 has no parameter for the network
        self._pool = httpcore2.ConnectionPool(
            ssl_context=httpx2.create_ssl_context(), network_backend=_BoundedNetwork()
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        response = super().handle_request(request)
        if response.headers.get("Content-Encoding", "identity") != "identity":
            response.close()
            raise httpx2.DecodingError("the answer is compressed, though identity was asked for")
        return response


class _BoundedNetwork(httpcore2.NetworkBackend):
    """Opens connections."""

    def __init__(self) -> None:
        self._plain = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        seconds = _bounds.get().seconds(timeout)
        return _BoundedStream(
            self._plain.connect_tcp(host, port, seconds, local_address, socket_options=socket_options)
        )


class _BoundedStream(httpcore2.NetworkStream):
    """One connection; it may serve many requests, each under the bounds of whoever sends it."""

    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        bounds = _bounds.get()
        data = self._stream.read(max_bytes, bounds.seconds(timeout))
        bounds.take(len(data))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _bounds.get().seconds(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        seconds = _bounds.get().seconds(timeout)
        return _BoundedStream(self._stream.start_tls(ssl_context, server_hostname, seconds))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
