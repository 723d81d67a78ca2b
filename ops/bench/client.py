"""A closed-loop HTTP/1.1 client: each connection sends the next request when the last answer is whole."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle

RECEIVE_BYTES = 262_144


class BadAnswer(Exception):
    """An answer that was not 200: a rate of errors is no rate."""


@dataclass(slots=True)
class _Connection:
    socket: socket.socket
    buffer: bytes = b""
    begin: float = 0.0


@dataclass(frozen=True, slots=True)
class Exchange:
    """One whole answer and how long it took."""

    milliseconds: float
    body: bytes


def get(port: int, path: str, key: str | None = None) -> bytes:
    """The bytes of a GET request."""
    credential = f"Authorization: Bearer {key}\r\n" if key else ""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{credential}\r\n".encode()


def latencies(port: int, requests: Sequence[bytes]) -> list[float]:
    """Milliseconds of each request, one after another on one connection."""
    found = []
    with socket.create_connection(("127.0.0.1", port)) as stream:
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for request in requests:
            begin = time.perf_counter()
            stream.sendall(request)
            buffer = b""
            while not _is_whole(buffer):
                buffer += _received(stream)
            found.append((time.perf_counter() - begin) * 1000)
    return found


def throughput(port: int, requests: Sequence[bytes], *, connections: int, seconds: float) -> float:
    """Whole answers a second over that many connections."""
    source: Iterator[bytes] = cycle(requests)
    selector = selectors.DefaultSelector()
    for _ in range(connections):
        stream = socket.create_connection(("127.0.0.1", port))
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(stream, selectors.EVENT_READ, _Connection(stream))
        stream.sendall(next(source))
    begin, done = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - begin) < seconds:
        for ready, _ in selector.select(timeout=0.1):
            connection: _Connection = ready.data
            connection.buffer += _received(connection.socket)
            if _is_whole(connection.buffer):
                connection.buffer = b""
                done += 1
                connection.socket.sendall(next(source))
    for ready in list(selector.get_map().values()):
        ready.data.socket.close()
    selector.close()
    return done / elapsed


def exchanges(port: int, requests: Sequence[bytes], *, connections: int) -> list[Exchange]:
    """Each request once over that many connections, in the order in which their answers were whole."""
    waiting = list(reversed(requests))
    found: list[Exchange] = []
    with selectors.DefaultSelector() as selector:
        for _ in range(min(connections, len(requests))):
            stream = socket.create_connection(("127.0.0.1", port))
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(stream, selectors.EVENT_READ, _Connection(stream))
        # all connections stand before the first request goes out
        for ready in selector.get_map().values():
            _send(ready.data, waiting.pop())
        while selector.get_map():
            for ready, _ in selector.select():
                connection: _Connection = ready.data
                connection.buffer += _received(connection.socket)
                if not _is_whole(connection.buffer):
                    continue
                milliseconds = (time.perf_counter() - connection.begin) * 1000
                found.append(Exchange(milliseconds, connection.buffer.partition(b"\r\n\r\n")[2]))
                if waiting:
                    _send(connection, waiting.pop())
                else:
                    selector.unregister(connection.socket)
                    connection.socket.close()
    return found


def _send(connection: _Connection, request: bytes) -> None:
    connection.buffer, connection.begin = b"", time.perf_counter()
    connection.socket.sendall(request)


def _received(stream: socket.socket) -> bytes:
    data = stream.recv(RECEIVE_BYTES)
    if not data:
        raise BadAnswer("the server closed the connection")
    return data


def _is_whole(buffer: bytes) -> bool:
    head, separator, body = buffer.partition(b"\r\n\r\n")
    if not separator:
        return False
    if not head.startswith(b"HTTP/1.1 200"):
        raise BadAnswer(head.split(b"\r\n", 1)[0].decode("latin-1"))
    lower = head.lower()
    place = lower.index(b"content-length:") + 15
    return len(body) >= int(lower[place:].split(b"\r\n", 1)[0])
