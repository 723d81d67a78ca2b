"""How a call looks and what comes back, where the other side behaves."""

from __future__ import annotations

import gzip
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from research_api import __version__
from research_api.domain.calls import CallBroken, CallRefused, Outgoing, Reply
from research_api.egress import Egress
from research_api.egress.pools import KEPT_CONNECTIONS
from research_api.egress.sender import REDIRECT_LEAVES, REDIRECT_OF_BODY, TOO_MANY_REDIRECTS
from tests.egress.conftest import MakeEgress
from tests.egress.server import Wire, always, answer, serving
from tests.timing import wait_until


def called(egress: Egress, url: str, **options: object) -> Reply:
    return egress.sender(time.monotonic() + 30)(Outgoing(url, **options))  # type: ignore[arg-type] # options by name


def test_a_call_says_who_calls_and_sends_what_it_was_given(make_egress: MakeEgress) -> None:
    with serving(always(answer(b'{"a": 1}', "X-Limit: 5", "Content-Type: application/json"))) as server:
        egress = make_egress(server.port, contact="me@example.org")

        reply = called(
            egress,
            f"{server.url}/works",
            params=(("search", "a b&c"), ("search", "\u00e9"), ("api_key", "k")),
            headers={"X-Own": "yes"},
        )

        [request] = server.requests
    lines = request.decode().split("\r\n")
    assert reply == Reply(
        200, {"content-length": "8", "x-limit": "5", "content-type": "application/json"}, b'{"a": 1}'
    )
    assert lines[0] == "GET /works?search=a+b%26c&search=%C3%A9&api_key=k HTTP/1.1"
    assert f"Host: 127.0.0.1:{server.port}" in lines
    assert f"User-Agent: research-api/{__version__} (mailto:me@example.org)" in lines
    assert "Accept-Encoding: gzip, deflate" in lines
    assert "X-Own: yes" in lines
    assert not any(line.lower().startswith(("cookie", "authorization")) for line in lines)


def test_without_a_contact_none_is_named(make_egress: MakeEgress) -> None:
    with serving(always(answer())) as server:
        called(make_egress(server.port), server.url)

        assert f"User-Agent: research-api/{__version__}\r\n".encode() in server.requests[0]


def test_a_body_is_sent_as_it_is(make_egress: MakeEgress) -> None:
    with serving(always(answer(b"done", status="201 Created"))) as server:
        headers = {"Content-Type": "application/json"}
        reply = called(
            make_egress(server.port), server.url, method="POST", body=b'{"ids": []}', headers=headers
        )

        assert server.requests[0].startswith(b"POST / HTTP/1.1\r\n")
        assert server.requests[0].endswith(b'\r\n\r\n{"ids": []}')
    assert reply.status == 201


@pytest.mark.parametrize("status", [204, 304, 400, 401, 404, 429, 500, 503])
def test_every_status_is_an_answer(make_egress: MakeEgress, status: int) -> None:
    body = b"" if status in (204, 304) else b"why"
    with serving(always(answer(body, "Retry-After: 7", status=f"{status} So"))) as server:
        reply = called(make_egress(server.port), server.url)

    assert (reply.status, reply.body, reply.headers["retry-after"]) == (status, body, "7")


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(b"text" * 1_000)),
        ("x-gzip", gzip.compress(b"text" * 1_000)),
        ("deflate", zlib.compress(b"text" * 1_000)),
        ("identity", b"text" * 1_000),
    ],
)
def test_a_body_is_unpacked(make_egress: MakeEgress, encoding: str, packed: bytes) -> None:
    with serving(always(answer(packed, f"Content-Encoding: {encoding}"))) as server:
        assert called(make_egress(server.port), server.url).body == b"text" * 1_000


def test_a_chunked_body_is_put_together(make_egress: MakeEgress) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with serving(always(head + b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: 1\r\n\r\n")) as server:
        egress = make_egress(server.port)

        assert [called(egress, server.url).body for _ in range(3)] == [b"abcde"] * 3
        assert server.connections == 1


def test_a_body_that_ends_with_its_connection_is_whole(make_egress: MakeEgress) -> None:
    def respond(wire: Wire, _: bytes) -> None:
        wire.send(b"HTTP/1.0 200 OK\r\n\r\nabc")
        wire.close()

    with serving(respond) as server:
        assert called(make_egress(server.port), server.url).body == b"abc"


def test_connections_are_kept_and_taken_again(make_egress: MakeEgress) -> None:
    with serving(always(answer(b"x" * 100_000))) as server:
        egress = make_egress(server.port)

        for _ in range(20):
            called(egress, server.url)

        assert (server.connections, len(server.requests)) == (1, 20)


def test_a_connection_that_the_host_closed_is_opened_again(make_egress: MakeEgress) -> None:
    def respond(wire: Wire, _: bytes) -> None:
        wire.send(answer(b"once"))
        wire.close()
        closed.set()

    closed = threading.Event()
    with serving(respond) as server:
        egress = make_egress(server.port)
        for _ in range(3):
            closed.clear()
            assert called(egress, server.url).body == b"once"
            assert closed.wait(10)

        assert server.connections == 3


def test_threads_share_it_and_few_connections_stay_open(make_egress: MakeEgress) -> None:
    together = threading.Barrier(KEPT_CONNECTIONS + 4)

    def respond(wire: Wire, request: bytes) -> None:
        together.wait(30)
        wire.send(answer(request.split(b" ")[1]))

    with serving(respond) as server:
        egress = make_egress(server.port)
        count = KEPT_CONNECTIONS + 4
        with ThreadPoolExecutor(count) as pool:
            bodies = list(pool.map(lambda n: called(egress, f"{server.url}/{n}").body, range(count)))

        assert bodies == [f"/{number}".encode() for number in range(count)]
        assert server.connections == count
        wait_until(lambda: server.open_connections == KEPT_CONNECTIONS, "idle connections are closed")


def redirect(location: str, status: int = 302) -> bytes:
    return answer(b"moved", f"Location: {location}", status=f"{status} Moved")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["/there?a=1", "there?a=1", "{url}/there?a=1", "/there?a=1#part"])
def test_a_redirect_within_the_host_is_followed(make_egress: MakeEgress, status: int, location: str) -> None:
    def respond(wire: Wire, request: bytes) -> None:
        is_there = request.startswith(b"GET /there?a=1 HTTP")
        wire.send(answer(b"here") if is_there else redirect(location.format(url=server.url), status))

    with serving(respond) as server:
        reply = called(make_egress(server.port), f"{server.url}/here", params=(("key", "k"),))

        assert len(server.requests) == 2
        assert server.connections == 1
    assert reply.body == b"here"


@pytest.mark.parametrize(
    "location",
    [
        "http://localhost:{port}/",
        "http://127.0.0.1:{other}/",
        "https://127.0.0.1:{port}/",
        "//localhost:{port}/",
        "http://user@127.0.0.1:{port}/",
        "http://2130706433:{port}/",
        "http://[::1]:{port}/",
        "ftp://127.0.0.1:{port}/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1:{port}\\@169.254.169.254/",
        "http://127.0.0.1:{port}@169.254.169.254/",
        "/a b",
        "/\x00",
        "http://[",
    ],
)
def test_a_redirect_elsewhere_is_refused(make_egress: MakeEgress, location: str) -> None:
    """Even where that place is listed: a key for one host is not for another."""
    with serving(always(answer(b"elsewhere"))) as other, serving(always(b"")) as server:
        server.respond = always(redirect(location.format(port=server.port, other=other.port)))
        egress = make_egress(server.port, other.port)

        with pytest.raises(CallRefused, match=REDIRECT_LEAVES):
            called(egress, server.url)

        assert other.connections == 0
        assert len(server.requests) == 1


def test_endless_redirects_end(make_egress: MakeEgress) -> None:
    with serving(always(redirect("/again"))) as server:
        with pytest.raises(CallBroken, match=TOO_MANY_REDIRECTS):
            called(make_egress(server.port), server.url)

        assert len(server.requests) == 4


def test_a_body_is_not_sent_twice(make_egress: MakeEgress) -> None:
    with serving(always(redirect("/again", 307))) as server:
        with pytest.raises(CallRefused, match=REDIRECT_OF_BODY):
            called(make_egress(server.port), server.url, method="POST", body=b"{}")

        assert len(server.requests) == 1


def test_cookies_are_not_kept(make_egress: MakeEgress) -> None:
    with serving(always(answer(b"", "Set-Cookie: a=b; Path=/"))) as server:
        egress = make_egress(server.port)
        called(egress, server.url)
        called(egress, server.url)

        assert b"ookie" not in server.requests[1]


def test_nothing_of_the_environment_is_used(
    make_egress: MakeEgress, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password something\n", encoding="utf-8")
    netrc.chmod(0o600)
    (tmp_path / ".netrc").write_bytes(netrc.read_bytes())
    with serving(always(answer(b"proxy"))) as proxy, serving(always(answer(b"host"))) as server:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.setenv("NETRC", str(netrc))
        monkeypatch.setenv("HOME", str(tmp_path))

        assert called(make_egress(server.port), server.url).body == b"host"

        assert proxy.connections == 0
        assert b"uthorization" not in server.requests[0]


def test_outcomes_are_counted(make_egress: MakeEgress) -> None:
    with serving(always(answer())) as server:
        egress = make_egress(server.port)
        called(egress, server.url)
        called(egress, server.url)
        with pytest.raises(CallRefused):
            called(egress, "http://127.0.0.1:1/")

    assert egress.guard.outcomes() == {"allowed": 2, "refused": 1}


def test_it_opens_again_after_it_was_closed(make_egress: MakeEgress) -> None:
    with serving(always(answer())) as server:
        egress = make_egress(server.port)
        called(egress, server.url)
        egress.close()
        wait_until(lambda: server.open_connections == 0, "its connection is closed")

        assert called(egress, server.url).status == 200
