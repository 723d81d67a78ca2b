"""What goes wrong on demand, written to the socket byte by byte."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import cache
from threading import Event
from typing import Protocol

from tests.replay.protocol import Answered, Asked

RETRY_AFTER_SECONDS = 7
BOMB_BYTES = 1_000_000_000
HUGE_HEADER_BYTES = 10_000_000
DRIP_INTERVAL_SECONDS = 1.0
_MEGABYTE = 1_000_000
_HTML = b"<!DOCTYPE html><html><head><title>Maintenance</title></head><body>Back soon.</body></html>"


class Fault(StrEnum):
    """Each is what a source, or what stands before it, can do to its caller."""

    TOO_MANY_REQUESTS = "429 without Retry-After"
    TOO_MANY_REQUESTS_RETRY_AFTER = "429 with Retry-After"
    SERVER_ERROR = "500"
    HANG = "never answers, until cleared or closed"
    DRIP_BODY = "one byte of the body a second"
    DRIP_HEADERS = "one byte of the headers a second"
    TRUNCATED = "half of the body, and a Content-Length that says so"
    CLOSED_IN_THE_MIDDLE = "half of the body, then the connection is closed"
    HTML = "a page for people where data is expected"
    GZIP_BOMB = "1 MB that unpacks to 1 GB"
    BILLION_LAUGHS = "XML whose entities multiply"
    HUGE_HEADER = "a header of 10 MB"
    ENDLESS_REDIRECTS = "302 to itself, for ever"
    REDIRECT_ELSEWHERE = "302 to another host"
    UTF_16_AS_UTF_8 = "UTF-16 under the name of UTF-8"
    INVALID_UTF_8 = "bytes that are no UTF-8"


class Wire(Protocol):
    """The connection of one request. address: of this server, as `127.0.0.1:PORT`. prefix: `/` and the source."""

    address: str
    prefix: str
    is_over: Event

    def send(self, data: bytes) -> None:
        """The bytes are on their way. Raises OSError where nobody reads any more."""
        ...

    def close(self) -> None:
        """Nothing more is read from this connection."""
        ...


def head_of(answer: Answered, length: int) -> bytes:
    """Status line and headers, with the length given."""
    lines = [
        f"HTTP/1.1 {answer.status} Replayed",
        *(f"{name}: {text}" for name, text in answer.headers.items()),
    ]
    return "\r\n".join([*lines, f"Content-Length: {length}", "", ""]).encode("latin-1")


def _whole(wire: Wire, answer: Answered) -> None:
    wire.send(head_of(answer, len(answer.body)) + answer.body)


def _status(status: int, headers: dict[str, str]) -> Callable[[Wire, Asked, Answered], None]:
    def write(wire: Wire, asked: Asked, answer: Answered) -> None:
        refusal = b'{"error": "replayed fault"}'
        _whole(wire, Answered(status, {"Content-Type": "application/json", **headers}, refusal))

    return write


def _hang(wire: Wire, asked: Asked, answer: Answered) -> None:
    wire.is_over.wait()
    wire.close()


def _drip(wire: Wire, data: Iterable[bytes]) -> None:
    for piece in data:
        wire.send(piece)
        if wire.is_over.wait(DRIP_INTERVAL_SECONDS):
            break
    wire.close()


def _drip_body(wire: Wire, asked: Asked, answer: Answered) -> None:
    wire.send(head_of(answer, len(answer.body)))
    _drip(wire, (answer.body[place : place + 1] for place in range(len(answer.body))))


def _drip_headers(wire: Wire, asked: Asked, answer: Answered) -> None:
    head = head_of(answer, len(answer.body))
    _drip(wire, (head[place : place + 1] for place in range(len(head))))


def _truncated(wire: Wire, asked: Asked, answer: Answered) -> None:
    _whole(wire, Answered(answer.status, answer.headers, answer.body[: len(answer.body) // 2]))


def _closed_in_the_middle(wire: Wire, asked: Asked, answer: Answered) -> None:
    wire.send(head_of(answer, len(answer.body)) + answer.body[: len(answer.body) // 2])
    wire.close()


def _html(wire: Wire, asked: Asked, answer: Answered) -> None:
    _whole(wire, Answered(200, {"Content-Type": "text/html; charset=utf-8"}, _HTML))


@cache
def gzip_bomb() -> bytes:
    """One gzip stream: white space of BOMB_BYTES, which JSON and XML both allow, and an empty object.

    The pieces are flushed fully, so that one stands for all of them.
    """
    spaces = b" " * _MEGABYTE
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    piece = packer.compress(spaces) + packer.flush(zlib.Z_FULL_FLUSH)
    count = BOMB_BYTES // _MEGABYTE
    check = 0
    for _ in range(count):
        check = zlib.crc32(spaces, check)
    end = packer.compress(b"{}") + packer.flush()
    tail = zlib.crc32(b"{}", check).to_bytes(4, "little") + (BOMB_BYTES + 2).to_bytes(4, "little")
    return b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff" + piece * count + end + tail


def _gzip_bomb(wire: Wire, asked: Asked, answer: Answered) -> None:
    _whole(wire, Answered(200, {**answer.headers, "Content-Encoding": "gzip"}, gzip_bomb()))


def billion_laughs() -> bytes:
    """300 bytes a level, and each level has the one before ten times."""
    entities = ['<!ENTITY a0 "ha">']
    entities += [f'<!ENTITY a{level} "{f"&a{level - 1};" * 10}">' for level in range(1, 10)]
    return f'<?xml version="1.0"?><!DOCTYPE r [{"".join(entities)}]><r>&a9;</r>'.encode()


def _billion_laughs(wire: Wire, asked: Asked, answer: Answered) -> None:
    _whole(wire, Answered(200, {"Content-Type": "application/xml"}, billion_laughs()))


def _huge_header(wire: Wire, asked: Asked, answer: Answered) -> None:
    _whole(wire, Answered(200, {**answer.headers, "X-Long": "a" * HUGE_HEADER_BYTES}, answer.body))


def _endless_redirects(wire: Wire, asked: Asked, answer: Answered) -> None:
    hop = int(asked.param("hop", "0") or 0) + 1
    _whole(wire, Answered(302, {"Location": f"{wire.prefix}{asked.path}?hop={hop}"}, b""))


def _redirect_elsewhere(wire: Wire, asked: Asked, answer: Answered) -> None:
    """To this server under another name, so that a test sees who follows."""
    port = wire.address.rpartition(":")[2]
    _whole(wire, Answered(302, {"Location": f"http://localhost:{port}{wire.prefix}{asked.path}"}, b""))


def _utf_16(wire: Wire, asked: Asked, answer: Answered) -> None:
    kind = answer.headers.get("Content-Type", "application/json").partition(";")[0]
    body = answer.body.decode("utf-8").encode("utf-16-le")
    _whole(wire, Answered(200, {"Content-Type": f"{kind}; charset=utf-8"}, body))


def _invalid_utf_8(wire: Wire, asked: Asked, answer: Answered) -> None:
    """Bytes that no UTF-8 has stand in the middle of the body."""
    middle = len(answer.body) // 2
    _whole(
        wire,
        Answered(
            answer.status, answer.headers, answer.body[:middle] + b"\xff\xfe\xc0" + answer.body[middle:]
        ),
    )


_WRITERS: dict[Fault, Callable[[Wire, Asked, Answered], None]] = {
    Fault.TOO_MANY_REQUESTS: _status(429, {}),
    Fault.TOO_MANY_REQUESTS_RETRY_AFTER: _status(429, {"Retry-After": str(RETRY_AFTER_SECONDS)}),
    Fault.SERVER_ERROR: _status(500, {}),
    Fault.HANG: _hang,
    Fault.DRIP_BODY: _drip_body,
    Fault.DRIP_HEADERS: _drip_headers,
    Fault.TRUNCATED: _truncated,
    Fault.CLOSED_IN_THE_MIDDLE: _closed_in_the_middle,
    Fault.HTML: _html,
    Fault.GZIP_BOMB: _gzip_bomb,
    Fault.BILLION_LAUGHS: _billion_laughs,
    Fault.HUGE_HEADER: _huge_header,
    Fault.ENDLESS_REDIRECTS: _endless_redirects,
    Fault.REDIRECT_ELSEWHERE: _redirect_elsewhere,
    Fault.UTF_16_AS_UTF_8: _utf_16,
    Fault.INVALID_UTF_8: _invalid_utf_8,
}


def write_fault(fault: Fault, wire: Wire, asked: Asked, answer: Answered) -> None:
    """The fault has happened on the wire; answer: what would have been said without it."""
    _WRITERS[fault](wire, asked, answer)
