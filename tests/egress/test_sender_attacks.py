"""How a call ends where the other side does its worst: in time, in little memory, with nothing left or told."""

from __future__ import annotations

import gzip
import logging
import resource
import socket
import threading
import time
import traceback
import zlib
from contextlib import ExitStack

import psutil
import pytest

from research_api.domain.calls import CallBroken, CallFailed, CallTimedOut, Outgoing
from research_api.egress import Egress
from research_api.egress.bounds import HEAD_TOO_LONG, TIME_IS_OVER, TOO_LONG
from research_api.egress.sender import NO_HTTP, NOT_DECODED
from tests.egress.conftest import MakeEgress
from tests.egress.server import Respond, Server, Wire, always, answer, serving

KEY = "very-secret-key-0123456789"
SECONDS = 0.4
# a call ends within 0.1 s after its deadline where nothing else runs; without one these servers keep it for minutes
LATE_SECONDS = 2.0
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def failure(
    egress: Egress, server: Server, *, seconds: float = 30.0, max_bytes: int = 100_000, method: str = "GET"
) -> CallFailed:
    """Why the call failed; nothing that belongs to somebody is in it."""
    send = egress.sender(time.monotonic() + seconds, max_bytes)
    headers = {"Authorization": f"Bearer {KEY}"}
    outgoing = Outgoing(f"{server.url}/path-of-{KEY}", (("key", KEY),), headers, method, KEY.encode())
    with pytest.raises(CallFailed) as caught:
        send(outgoing)
    told = "".join(traceback.format_exception(caught.value))
    assert KEY not in told
    assert "127.0.0.1" not in str(caught.value)
    return caught.value


def hang(wire: Wire, _: bytes) -> None:
    wire.is_over.wait(300)


def drip_head(wire: Wire, _: bytes) -> None:
    wire.send(OK)
    wire.drip(b"X-Header: value\r\n")


def drip_one_header(wire: Wire, _: bytes) -> None:
    wire.send(OK + b"X-Header: ")
    wire.drip(b"v")


def drip_status(wire: Wire, _: bytes) -> None:
    wire.drip(b"H")


def drip_continue(wire: Wire, _: bytes) -> None:
    wire.drip(b"HTTP/1.1 100 Continue\r\n\r\n", 0.01)


def drip_body(wire: Wire, _: bytes) -> None:
    wire.send(OK + b"Content-Length: 100000\r\n\r\n")
    wire.drip(b" ")


def drip_chunks(wire: Wire, _: bytes) -> None:
    wire.send(CHUNKED)
    wire.drip(b"1\r\nx\r\n")


def drip_chunk_size(wire: Wire, _: bytes) -> None:
    wire.send(CHUNKED)
    wire.drip(b"0")


def drip_gzip(wire: Wire, _: bytes) -> None:
    wire.send(OK + b"Content-Encoding: gzip\r\n\r\n")
    wire.drip(gzip.compress(b"x" * 1_000_000))


SLOW: dict[str, Respond] = {
    one.__name__: one
    for one in (
        hang, drip_status, drip_head, drip_one_header, drip_continue, drip_body, drip_chunks, drip_chunk_size,
        drip_gzip,
    )
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_a_slow_host_is_given_up_at_the_deadline(make_egress: MakeEgress, name: str) -> None:
    """Each byte comes in time; the whole answer never would."""
    with serving(SLOW[name]) as server:
        egress = make_egress(server.port)
        begin = time.monotonic()

        error = failure(egress, server, seconds=SECONDS)

        assert SECONDS <= time.monotonic() - begin < SECONDS + LATE_SECONDS
    assert isinstance(error, CallTimedOut)
    assert str(error) == TIME_IS_OVER


def test_the_deadline_is_that_of_the_call_and_not_of_the_connection(make_egress: MakeEgress) -> None:
    """The connection is kept from a call that had half a minute."""
    with serving(always(answer())) as server:
        egress = make_egress(server.port)
        egress.sender(time.monotonic() + 30)(Outgoing(server.url))
        server.respond = drip_body
        begin = time.monotonic()

        error = failure(egress, server, seconds=SECONDS)

        assert server.connections == 1
        assert time.monotonic() - begin < SECONDS + LATE_SECONDS
    assert isinstance(error, CallTimedOut)


def test_a_deadline_that_is_over_sends_nothing(make_egress: MakeEgress) -> None:
    with serving(always(answer())) as server:
        assert isinstance(failure(make_egress(server.port), server, seconds=-1), CallTimedOut)

        assert server.connections == 0


def test_a_host_that_reads_nothing_is_given_up(make_egress: MakeEgress) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        port = deaf.getsockname()[1]
        outgoing = Outgoing(f"http://127.0.0.1:{port}/", method="POST", body=b"x" * 50_000_000)
        begin = time.monotonic()

        with pytest.raises(CallTimedOut):
            make_egress(port).sender(begin + SECONDS)(outgoing)

        assert time.monotonic() - begin < SECONDS + LATE_SECONDS


def test_a_host_that_accepts_nothing_is_given_up(make_egress: MakeEgress) -> None:
    """Its queue of connections is full, so that the kernel answers no further one."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, ExitStack() as queued:
        port = full.getsockname()[1]
        for _ in range(4):
            waiting = queued.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.1", port))
        begin = time.monotonic()

        with pytest.raises(CallTimedOut):
            make_egress(port).sender(begin + SECONDS)(Outgoing(f"http://127.0.0.1:{port}/"))

        assert time.monotonic() - begin < SECONDS + LATE_SECONDS


def test_a_host_that_stops_reading_is_given_up_on_a_kept_connection(make_egress: MakeEgress) -> None:
    def answer_once(wire: Wire, _: bytes) -> None:
        wire.send(answer())
        wire.is_over.wait(300)

    with serving(answer_once) as server:
        egress = make_egress(server.port)
        egress.sender(time.monotonic() + 30)(Outgoing(server.url))
        begin = time.monotonic()

        with pytest.raises(CallTimedOut):
            egress.sender(begin + SECONDS)(Outgoing(server.url, method="POST", body=b"x" * 50_000_000))

        assert server.connections == 1
        assert time.monotonic() - begin < SECONDS + LATE_SECONDS


def test_hanging_calls_leave_no_thread_and_no_socket(make_egress: MakeEgress) -> None:
    with serving(hang) as server:
        egress = make_egress(server.port)
        threads = threading.active_count()
        calls = [
            threading.Thread(target=failure, args=(egress, server), kwargs={"seconds": SECONDS})
            for _ in range(5)
        ]
        for call in calls:
            call.start()
        for call in calls:
            call.join(SECONDS + LATE_SECONDS)

        connections = psutil.Process().net_connections("tcp")
        assert egress.guard.outcomes() == {"timed_out": 5}
        assert [one for one in connections if one.raddr and one.raddr.port == server.port] == []
        # one thread of the server for each connection, and one that accepts
        assert threading.active_count() <= threads + 5
        assert server.connections == 5


def endless_headers(wire: Wire, _: bytes) -> None:
    wire.send(OK)
    for number in range(200_000):
        wire.send(b"X-%d: %s\r\n" % (number, b"v" * 1_000))


BIG_HEADS: dict[str, Respond] = {
    "one header of 10 MB": always(OK + b"X-Long: " + b"v" * 10_000_000 + b"\r\n\r\n"),
    "10 MB of headers": always(OK + b"".join(b"X-%d: %s\r\n" % (n, b"v" * 60_000) for n in range(170))),
    "headers without end": endless_headers,
    "a status of 10 MB": always(b"HTTP/1.1 200 " + b"O" * 10_000_000 + b"\r\n\r\n"),
    "10 MB of interim answers": always(b"HTTP/1.1 100 Continue\r\n\r\n" * 400_000),
    "10 MB of interim headers": always((b"HTTP/1.1 100 C\r\n" + b"X: y\r\n" * 90 + b"\r\n") * 20_000),
}


@pytest.mark.parametrize("name", BIG_HEADS)
def test_headers_are_read_up_to_a_bound(make_egress: MakeEgress, name: str) -> None:
    with serving(BIG_HEADS[name]) as server:
        error = failure(make_egress(server.port), server, max_bytes=100_000_000)

    # a line of more than 64 kB is refused by http.client itself
    assert str(error) in (HEAD_TOO_LONG, NO_HTTP)
    assert isinstance(error, CallBroken)


def bomb(make: str) -> bytes:
    zeros = bytes(1_000_000)
    if make == "gzip":
        return gzip.compress(zeros * 200, compresslevel=1)
    packer = zlib.compressobj(1)
    return b"".join([*(packer.compress(zeros) for _ in range(200)), packer.flush()])


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_bomb_stops_at_the_size_that_is_taken(
    make_egress: MakeEgress, encoding: str, is_chunked: bool
) -> None:
    """200 MB take 1 MB on the way."""
    data = bomb(encoding)
    framed = b"%x\r\n%s\r\n0\r\n\r\n" % (len(data), data)
    head = OK + f"Content-Encoding: {encoding}\r\n".encode()
    length = f"Content-Length: {len(data)}\r\n\r\n".encode()
    whole = head + (b"Transfer-Encoding: chunked\r\n\r\n" + framed if is_chunked else length + data)
    with serving(always(whole)) as server:
        egress = make_egress(server.port)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

        error = failure(egress, server, max_bytes=8_000_000)

        grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert str(error) == TOO_LONG
    assert grown_kb < 64_000


def pour(wire: Wire, _: bytes) -> None:
    wire.send(OK + b"\r\n")
    while True:
        wire.send(b" " * 100_000)


def pour_chunks(wire: Wire, _: bytes) -> None:
    wire.send(CHUNKED)
    while True:
        wire.send(b"1;" + b"x" * 1_000 + b"\r\n \r\n")


def pour_trailers(wire: Wire, _: bytes) -> None:
    wire.send(CHUNKED + b"1\r\nx\r\n0\r\n")
    while True:
        wire.send(b"X-Trailer: value\r\n")


LONG: dict[str, Respond] = {
    "a body without end": pour,
    "chunks that are nearly all frame": pour_chunks,
    "trailers without end": pour_trailers,
    "empty gzip members without end": always(answer(gzip.compress(b"") * 100_000, "Content-Encoding: gzip")),
}


@pytest.mark.parametrize("name", LONG)
def test_a_body_is_read_up_to_a_bound(make_egress: MakeEgress, name: str) -> None:
    with serving(LONG[name]) as server:
        error = failure(make_egress(server.port), server)

        assert isinstance(error, CallBroken)
        connections = psutil.Process().net_connections("tcp")
        assert [one for one in connections if one.raddr and one.raddr.port == server.port] == []
    assert str(error) == TOO_LONG


def test_a_body_of_just_the_size_is_taken_and_no_longer_one(make_egress: MakeEgress) -> None:
    with serving(always(answer(b"x" * 100_001))) as server:
        egress = make_egress(server.port)

        assert str(failure(egress, server)) == TOO_LONG

        server.respond = always(answer(b"x" * 100_000))
        assert len(egress.sender(time.monotonic() + 30, 100_000)(Outgoing(server.url)).body) == 100_000


def cut(data: bytes) -> Respond:
    def respond(wire: Wire, _: bytes) -> None:
        wire.send(data)
        wire.close()

    return respond


GARBAGE: dict[str, Respond] = {
    "nothing": cut(b""),
    "no HTTP": cut(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "half a status": cut(b"HTTP/1.1 20"),
    "no number": cut(b"HTTP/1.1 abc OK\r\n\r\n"),
    "half a header": cut(OK + b"Content-Length: 1"),
    "half the body": cut(OK + b"Content-Length: 100\r\n\r\nabc"),
    "no size of a chunk": cut(CHUNKED + b"xyz\r\nabc\r\n"),
    "a negative size": cut(CHUNKED + b"-5\r\nabc\r\n0\r\n\r\n"),
    "a great size": cut(CHUNKED + b"ffffffffffffffffff\r\nabc\r\n0\r\n\r\n"),
    "a size of 100 kB": cut(CHUNKED + b"0" * 100_000 + b"\r\n"),
    "half a chunk": cut(CHUNKED + b"ff\r\nabc"),
    "no last chunk": cut(CHUNKED + b"3\r\nabc\r\n"),
    "binary": cut(bytes(range(256)) * 100),
}


@pytest.mark.parametrize("name", GARBAGE)
def test_what_is_no_http_is_told(make_egress: MakeEgress, name: str) -> None:
    with serving(GARBAGE[name]) as server:
        error = failure(make_egress(server.port), server)

    assert isinstance(error, CallBroken)


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "compress", "unknown", "gzip,br"])
def test_what_was_not_asked_for_is_not_unpacked(make_egress: MakeEgress, encoding: str) -> None:
    with serving(always(answer(b"abc", f"Content-Encoding: {encoding}"))) as server:
        assert str(failure(make_egress(server.port), server)) == NOT_DECODED


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_what_cannot_be_unpacked_is_told(make_egress: MakeEgress, encoding: str) -> None:
    with serving(always(answer(b"no such thing", f"Content-Encoding: {encoding}"))) as server:
        assert str(failure(make_egress(server.port), server)) == NOT_DECODED


def test_a_host_that_is_not_there_is_told(make_egress: MakeEgress) -> None:
    with serving(hang) as gone:
        pass

    assert isinstance(failure(make_egress(gone.port), gone), CallBroken)


@pytest.mark.parametrize("headers", [{"X-A": "b\r\nX-C: d"}, {"X-A\r\nX-C": "d"}, {"": "a"}])
def test_no_header_smuggles_another_one(make_egress: MakeEgress, headers: dict[str, str]) -> None:
    with serving(always(answer())) as server:
        with pytest.raises(CallFailed):
            make_egress(server.port).sender(time.monotonic() + 30)(Outgoing(server.url, headers=headers))

        assert server.connections == 0


def test_neither_url_nor_key_is_logged(
    make_egress: MakeEgress, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """urllib3 would tell whole URLs at the level debug, and as warnings where headers are odd."""
    caplog.set_level(logging.DEBUG)
    odd = OK + b"no header at all\r\nContent-Length: 2\r\n\r\n{}"
    with serving(cut(odd)) as server:
        egress = make_egress(server.port)
        egress.sender(time.monotonic() + 30)(Outgoing(f"{server.url}/{KEY}", (("key", KEY),)))
        server.respond = cut(b"")
        failure(egress, server)
        with pytest.raises(CallFailed):
            egress.sender(time.monotonic() + 30)(Outgoing(f"http://localhost:1/{KEY}", (("key", KEY),)))

    told = caplog.text + "".join(capsys.readouterr())
    assert KEY not in told
    assert "call_refused" in told
    assert "localhost" in told
