"""Clients of httpx2 on connections that the guard opens, for the libraries that ask for one.

They work inside `bounded` only: its time and bytes hold from the first byte to the last, where the timeouts of httpx2
hold for each read alone, and a compressed answer of some kilobytes may become gigabytes. Nothing of the environment is
used but SSL_CERT_FILE and SSL_CERT_DIR: no proxy, no .netrc.
"""

# ruff: noqa: ARG002 - the network of httpcore2 passes what the guard has its own of: timeouts, options, a TLS context

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable
from typing import Any

import httpcore2
import httpx2
from urllib3.util.wait import wait_for_read

from research_api.config.endpoints import Endpoint
from research_api.domain.calls import CallBroken, CallFailed
from research_api.egress.guard import Guard
from research_api.egress.sockets import BoundedSocket

# What a request may raise here; a client on top wraps some of it. CallFailed is no error of httpx2's or httpcore2's:
# the hub's client answers those by another try.
FAILURES = (httpx2.HTTPError, CallFailed)


def make_client(guard: Guard, *, follows_redirects: bool) -> httpx2.Client:
    """A client that goes where the guard lets it; each redirect is checked like the first request."""
    return httpx2.Client(
        transport=_GuardedTransport(guard),
        trust_env=False,
        follow_redirects=follows_redirects,
        headers={"Accept-Encoding": "identity"},
    )


class _GuardedTransport(httpx2.HTTPTransport):
    """httpx2's own, on a network that the guard keeps; it takes no compressed answer."""

    def __init__(self, guard: Guard) -> None:
        super().__init__(verify=guard.tls_context())
        self._guard = guard
        self._pool.close()
        # httpx2 has no parameter for the network
        self._pool = httpcore2.ConnectionPool(
            ssl_context=guard.tls_context(), network_backend=_GuardedNetwork(guard)
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        try:
            self._guard.policy.target_of(str(request.url.copy_with(fragment=None)))
            response = super().handle_request(request)
        except CallFailed as failure:
            self._guard.count(failure)
            raise
        self._guard.count()
        if response.headers.get("Content-Encoding", "identity") != "identity":
            response.close()
            raise httpx2.DecodingError("the answer is compressed, though identity was asked for")
        return response


class _GuardedNetwork(httpcore2.NetworkBackend):
    """Opens connections; the deadline of the call takes the place of each timeout."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        # whether it may be plain http was decided for the URL
        target = self._guard.policy.target(Endpoint(host, port), is_tls=True)
        try:
            return _GuardedStream(self._guard, self._guard.connect(target))
        except CallBroken as failure:
            raise httpcore2.ConnectError(str(failure)) from failure


class _GuardedStream(httpcore2.NetworkStream):
    """One connection; it may serve many requests, each under the bounds of whoever sends it."""

    def __init__(self, guard: Guard, connection: socket.socket) -> None:
        self._guard = guard
        self._connection = connection

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            return self._connection.recv(max_bytes)
        except OSError as error:
            raise httpcore2.ReadError(type(error).__name__) from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        try:
            self._connection.sendall(buffer)
        except OSError as error:
            raise httpcore2.WriteError(type(error).__name__) from error

    def close(self) -> None:
        self._connection.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        if not isinstance(self._connection, BoundedSocket) or server_hostname is None:
            raise httpcore2.ConnectError("TLS inside TLS, or for nobody")
        try:
            return _GuardedStream(self._guard, self._guard.secure(self._connection, server_hostname))
        except CallBroken as failure:
            raise httpcore2.ConnectError(str(failure)) from failure

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            return wait_for_read(self._connection, 0)
        return (
            self._connection if info == "ssl_object" and isinstance(self._connection, ssl.SSLSocket) else None
        )
