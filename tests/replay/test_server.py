"""The replay server itself: every fault happens on the socket, and nothing of it outlives its block."""

from __future__ import annotations

import gzip
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from xml.parsers import expat

import pytest
import requests

from tests.replay.faults import BOMB_BYTES, HUGE_HEADER_BYTES, RETRY_AFTER_SECONDS, Fault, billion_laughs
from tests.replay.protocol import Answered, Asked
from tests.replay.server import ReplayServer

BODY = json.dumps({"title": "Søren's résumé", "text": "x" * 400}, ensure_ascii=False).encode()


class Echo:
    """Always says the same, and counts how often it is asked."""

    name = "echo"

    def __init__(self) -> None:
        self.calls = 0

    def answer(self, asked: Asked) -> Answered:
        self.calls += 1
        return Answered(200, {"Content-Type": "application/json"}, BODY)


@pytest.fixture
def server() -> Iterator[ReplayServer]:
    with ReplayServer({"echo": Echo()}) as running:
        yield running


def ask(server: ReplayServer, path: str = "/works?q=a+b", **options: object) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        response = session.get(server.base_url("echo") + path, timeout=5, allow_redirects=False, **options)  # type: ignore[arg-type] # options by name
        response.content  # noqa: B018 - read before the session closes
        return response


def raw(server: ReplayServer, *, most_bytes: int = 1 << 26, seconds: float = 5.0) -> bytes:
    """What comes over a bare socket until the server closes it, the time is over, or enough has come."""
    host, _, port = server.address.partition(":")
    data = bytearray()
    with socket.create_connection((host, int(port)), timeout=seconds) as connection:
        connection.sendall(b"GET /echo/works HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        ends = time.monotonic() + seconds
        while len(data) < most_bytes and (left := ends - time.monotonic()) > 0:
            connection.settimeout(left)
            try:
                piece = connection.recv(1 << 20)
            except TimeoutError:
                break
            if not piece:
                break
            data += piece
    return bytes(data)


def parts(answer: bytes) -> tuple[bytes, bytes]:
    head, _, body = answer.partition(b"\r\n\r\n")
    return head, body


def length_in(head: bytes) -> int:
    return int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])


def test_a_replay_is_asked_for_what_stands_below_its_base_url(server: ReplayServer) -> None:
    answer = ask(server, "/works/10.5555%2Fa?q=a+b&q=c&empty=", headers={"X-Key": "k"})

    asked = server.asked("echo")[0]
    assert answer.content == BODY
    assert (asked.method, asked.path, asked.headers["x-key"]) == ("GET", "/works/10.5555%2Fa", "k")
    assert asked.params == {"q": ["a b", "c"], "empty": [""]}
    assert server.count("echo") == 1
    assert server.count("nobody") == 0


def test_a_body_that_is_posted_reaches_the_replay(server: ReplayServer) -> None:
    requests.post(server.base_url("echo") + "/batch", data=b'{"ids": []}', timeout=5).close()

    assert (server.asked("echo")[0].method, server.asked("echo")[0].body) == ("POST", b'{"ids": []}')


def test_a_source_that_is_not_replayed_is_not_found(server: ReplayServer) -> None:
    assert requests.get(f"http://{server.address}/other/works", timeout=5).status_code == 404


def test_answers_are_packed_for_those_who_take_that(server: ReplayServer) -> None:
    packed = ask(server, headers={"Accept-Encoding": "gzip"})
    plain = ask(server, headers={"Accept-Encoding": "identity"})

    assert packed.headers["Content-Encoding"] == "gzip"
    assert int(packed.headers["Content-Length"]) < len(BODY)
    assert "Content-Encoding" not in plain.headers
    assert packed.content == plain.content == BODY


def test_a_connection_is_kept_for_the_next_request(server: ReplayServer) -> None:
    host, _, port = server.address.partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        for _ in range(2):
            connection.sendall(b"GET /echo/ HTTP/1.1\r\nHost: x\r\n\r\n")
            data = b""
            while not data.endswith(BODY):
                data += connection.recv(65_536)

    assert server.count("echo") == 2


def test_a_delayed_source_answers_later(server: ReplayServer) -> None:
    server.delay("echo", 0.2)
    started = time.monotonic()

    answer = ask(server)

    assert answer.status_code == 200
    assert time.monotonic() - started >= 0.2


def test_a_server_that_remembers_asks_its_replay_once_and_still_counts() -> None:
    echo = Echo()
    with ReplayServer({"echo": echo}, remembers=True) as server:
        bodies = {ask(server).content for _ in range(3)}
        ask(server, "/works?q=other")

        assert bodies == {BODY}
        assert (echo.calls, server.count("echo")) == (2, 4)


def test_a_fault_strikes_as_often_as_it_was_told_to(server: ReplayServer) -> None:
    server.fault("echo", Fault.SERVER_ERROR, times=2)

    assert [ask(server).status_code for _ in range(3)] == [500, 500, 200]


def test_a_fault_without_a_count_strikes_until_it_is_cleared(server: ReplayServer) -> None:
    server.fault("echo", Fault.SERVER_ERROR)
    before = [ask(server).status_code for _ in range(3)]

    server.clear("echo")

    assert (before, ask(server).status_code) == ([500] * 3, 200)


def test_too_many_requests_come_with_and_without_a_time_to_wait(server: ReplayServer) -> None:
    server.fault("echo", Fault.TOO_MANY_REQUESTS)
    bare = ask(server)
    server.fault("echo", Fault.TOO_MANY_REQUESTS_RETRY_AFTER)
    timed = ask(server)

    assert (bare.status_code, timed.status_code) == (429, 429)
    assert "Retry-After" not in bare.headers
    assert timed.headers["Retry-After"] == str(RETRY_AFTER_SECONDS)


def test_who_hangs_sends_no_byte_until_it_is_cleared(server: ReplayServer) -> None:
    server.fault("echo", Fault.HANG, times=1)
    assert raw(server, seconds=0.3) == b""

    server.fault("echo", Fault.HANG)
    threading.Timer(0.2, server.clear, ("echo",)).start()

    assert raw(server, seconds=5) == b""
    assert ask(server).status_code == 200


@pytest.mark.slow
def test_a_body_drips_a_byte_a_second_behind_whole_headers(server: ReplayServer) -> None:
    server.fault("echo", Fault.DRIP_BODY)

    head, body = parts(raw(server, seconds=1.5))

    assert length_in(head) == len(BODY)
    assert body == BODY[:2]


@pytest.mark.slow
def test_headers_drip_a_byte_a_second(server: ReplayServer) -> None:
    server.fault("echo", Fault.DRIP_HEADERS)

    assert raw(server, seconds=1.5) == b"HT"


def test_a_truncated_body_is_as_long_as_its_header_says(server: ReplayServer) -> None:
    server.fault("echo", Fault.TRUNCATED)

    head, body = parts(raw(server))

    assert len(body) == length_in(head) < len(BODY)
    assert BODY.startswith(body)


def test_a_connection_closed_in_the_middle_sends_less_than_it_promised(server: ReplayServer) -> None:
    server.fault("echo", Fault.CLOSED_IN_THE_MIDDLE)

    head, body = parts(raw(server))

    assert 0 < len(body) < length_in(head) == len(BODY)


def test_a_page_for_people_comes_as_html(server: ReplayServer) -> None:
    server.fault("echo", Fault.HTML)

    answer = ask(server)

    assert answer.headers["Content-Type"].startswith("text/html")
    assert b"<html>" in answer.content


@pytest.mark.slow
def test_the_bomb_is_small_and_unpacks_to_a_gigabyte_of_valid_gzip(server: ReplayServer) -> None:
    server.fault("echo", Fault.GZIP_BOMB)

    head, body = parts(raw(server))

    assert b"content-encoding: gzip" in head.lower()
    assert len(body) < 2_000_000
    unpacker, count, rest = zlib.decompressobj(31), 0, body
    while not unpacker.eof:
        count += len(unpacker.decompress(rest, 1 << 24))
        rest = unpacker.unconsumed_tail
    assert count == BOMB_BYTES + 2


def test_a_billion_laughs_is_xml_whose_entities_refer_to_each_other(server: ReplayServer) -> None:
    server.fault("echo", Fault.BILLION_LAUGHS)
    entities: list[str] = []
    parser = expat.ParserCreate()
    parser.EntityDeclHandler = lambda *declared: entities.append(declared[0])

    body = ask(server).content

    assert body == billion_laughs()
    with pytest.raises(expat.ExpatError, match="amplification"):
        parser.Parse(body, True)
    assert len(entities) == 10


def test_a_huge_header_is_sent_whole(server: ReplayServer) -> None:
    server.fault("echo", Fault.HUGE_HEADER)

    head, body = parts(raw(server))

    assert len(head) > HUGE_HEADER_BYTES
    assert body == BODY


def test_redirects_never_end_and_stay_on_the_host(server: ReplayServer) -> None:
    server.fault("echo", Fault.ENDLESS_REDIRECTS)
    places = []
    path = "/works"
    for _ in range(3):
        answer = ask(server, path)
        places.append(answer.headers["Location"])
        path = places[-1].removeprefix("/echo")

    assert places == [f"/echo/works?hop={hop}" for hop in (1, 2, 3)]


def test_a_redirect_elsewhere_names_another_host_whose_visitors_are_counted(server: ReplayServer) -> None:
    server.fault("echo", Fault.REDIRECT_ELSEWHERE, times=1)

    place = ask(server).headers["Location"]

    assert place == server.base_url("echo").replace("127.0.0.1", "localhost") + "/works"


def test_utf_16_comes_under_the_name_of_utf_8(server: ReplayServer) -> None:
    server.fault("echo", Fault.UTF_16_AS_UTF_8)

    answer = ask(server)

    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.content.decode("utf-16-le").encode() == BODY


def test_invalid_utf_8_cannot_be_decoded(server: ReplayServer) -> None:
    server.fault("echo", Fault.INVALID_UTF_8)

    with pytest.raises(UnicodeDecodeError):
        ask(server).content.decode("utf-8")


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.DRIP_BODY, None])
def test_closing_ends_every_thread_and_connection_within_a_second(fault: Fault | None) -> None:
    before = threading.active_count()
    with ReplayServer({"echo": Echo()}) as server:
        if fault is not None:
            server.fault("echo", fault)
        host, _, port = server.address.partition(":")
        connections = [socket.create_connection((host, int(port)), timeout=5) for _ in range(5)]
        for connection in connections[:3]:
            connection.sendall(b"GET /echo/ HTTP/1.1\r\nHost: x\r\n\r\n")
        while server.count("echo") < 3:
            time.sleep(0.01)
        started = time.monotonic()

    assert time.monotonic() - started < 1
    assert threading.active_count() == before
    for connection in connections:
        connection.close()


def test_the_program_prints_what_the_service_needs_and_ends_with_sigterm() -> None:
    program = [sys.executable, "-m", "tests.replay", "--works", "20"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True, env={**os.environ}) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        address = next(line for line in lines if line.startswith("EGRESS_ALLOW=")).strip().partition("=")[2]
        host, _, port = address.partition(":")
        with socket.create_connection((host, int(port)), timeout=5):
            process.send_signal(signal.SIGTERM)

        assert process.wait(5) == 0


def test_gzip_of_the_server_is_the_same_each_time(server: ReplayServer) -> None:
    answers = {
        ask(server, headers={"Accept-Encoding": "gzip"}, stream=True).headers["Content-Length"]
        for _ in range(2)
    }

    assert answers == {str(len(gzip.compress(BODY, 5, mtime=0)))}
