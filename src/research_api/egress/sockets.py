"""Sockets whose every step ends with the call that uses them now; a connection serves many calls, one after another."""

from __future__ import annotations

import socket
import ssl
from typing import Any

from research_api.domain.calls import CallTimedOut
from research_api.egress.bounds import TIME_IS_OVER, bounds_of_call


class BoundedSocket(socket.socket):
    """Plain TCP. Reading and sending raise CallFailed beside OSError."""

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        bounds = bounds_of_call()
        self.settimeout(bounds.seconds_left())
        try:
            data = super().recv(bufsize, flags)
        except TimeoutError:
            raise CallTimedOut(TIME_IS_OVER) from None
        bounds.take(len(data))
        return data

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        bounds = bounds_of_call()
        self.settimeout(bounds.seconds_left())
        try:
            count = super().recv_into(buffer, nbytes, flags)
        except TimeoutError:
            raise CallTimedOut(TIME_IS_OVER) from None
        bounds.take(count)
        return count

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        # its timeout is one for all parts. Source: Python library reference, socket.sendall (read 2026-11)
        self.settimeout(bounds_of_call().seconds_left())
        try:
            super().sendall(data, flags)
        except TimeoutError:
            raise CallTimedOut(TIME_IS_OVER) from None


class BoundedTlsSocket(ssl.SSLSocket):
    """TLS. All its reads go through `read`, and all it sends through `send`."""

    def read(self, len: int = 1024, buffer: Any = None) -> Any:  # noqa: A002 - the name in the standard library
        bounds = bounds_of_call()
        self.settimeout(bounds.seconds_left())
        try:
            # bytes, or with a buffer their number
            got: Any = super().read(len, buffer)
        except TimeoutError:
            raise CallTimedOut(TIME_IS_OVER) from None
        bounds.take(got if isinstance(got, int) else got.__len__())
        return got

    def send(self, data: Any, flags: int = 0) -> int:
        self.settimeout(bounds_of_call().seconds_left())
        try:
            return super().send(data, flags)
        except TimeoutError:
            raise CallTimedOut(TIME_IS_OVER) from None
