"""TLS with the host that was meant, and the clients that other libraries bring."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from requests import PreparedRequest

from research_api.config.endpoints import Endpoint
from research_api.domain.calls import CallBroken, CallRefused, CallTimedOut, Outgoing
from research_api.egress import Egress, EgressPolicy
from research_api.egress.bounds import bounded
from research_api.egress.guard import NO_TLS, Guard
from research_api.egress.httpx_client import make_client
from research_api.egress.policy import HUB_CONTENT_URLS, NEEDS_TLS, NOT_LISTED
from research_api.egress.pools import GuardedAdapter
from research_api.egress.resolving import Resolver
from tests.egress.conftest import MakeEgress
from tests.egress.server import CERTIFICATES, Wire, always, answer, serving, tls_context

LATE_SECONDS = 2.0


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The certificate of the tests is believed, by whoever looks from now on."""
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATES / "certificate.pem"))


def fetch(egress: Egress, url: str, seconds: float = 30.0) -> bytes:
    return egress.sender(time.monotonic() + seconds)(Outgoing(url)).body


def test_tls_is_spoken_with_the_host_that_was_named(make_egress: MakeEgress, trusted: None) -> None:
    names: list[str | None] = []
    context = tls_context()
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    with serving(always(answer(b"x" * 100_000)), tls=context) as server:
        egress = make_egress(server.port, host="api.example.org")
        url = f"https://api.example.org:{server.port}/works"

        assert [fetch(egress, url) for _ in range(3)] == [b"x" * 100_000] * 3

        assert names == ["api.example.org"]
        assert f"Host: api.example.org:{server.port}\r\n".encode() in server.requests[0]


def test_a_certificate_for_another_name_is_refused(make_egress: MakeEgress, trusted: None) -> None:
    with serving(always(answer()), tls=tls_context()) as server:
        with pytest.raises(CallBroken, match=NO_TLS):
            fetch(
                make_egress(server.port, host="wrong.example.org"), f"https://wrong.example.org:{server.port}"
            )

        assert server.requests == []


def test_a_certificate_that_nobody_vouches_for_is_refused(
    make_egress: MakeEgress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    with serving(always(answer()), tls=tls_context()) as server:
        with pytest.raises(CallBroken, match=NO_TLS):
            fetch(make_egress(server.port, host="api.example.org"), f"https://api.example.org:{server.port}")

        assert server.requests == []


def test_a_host_without_tls_is_told(make_egress: MakeEgress) -> None:
    with serving(always(b""), greeting=answer()) as server, pytest.raises(CallBroken, match=NO_TLS):
        fetch(make_egress(server.port, host="api.example.org"), f"https://api.example.org:{server.port}")


def test_a_handshake_that_never_ends_is_given_up(make_egress: MakeEgress) -> None:
    with serving(lambda wire, _: wire.is_over.wait(300) and None) as server:
        begin = time.monotonic()

        with pytest.raises(CallTimedOut):
            fetch(
                make_egress(server.port, host="api.example.org"),
                f"https://api.example.org:{server.port}",
                0.3,
            )

        assert time.monotonic() - begin < 0.3 + LATE_SECONDS


def test_the_deadline_holds_inside_tls(make_egress: MakeEgress, trusted: None) -> None:
    def drip(wire: Wire, _: bytes) -> None:
        wire.send(b"HTTP/1.1 200 OK\r\nX-Header: ")
        wire.drip(b"v")

    with serving(drip, tls=tls_context()) as server:
        egress = make_egress(server.port, host="api.example.org")
        begin = time.monotonic()

        with pytest.raises(CallTimedOut):
            fetch(egress, f"https://api.example.org:{server.port}", 0.4)

        assert time.monotonic() - begin < 0.4 + LATE_SECONDS


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
def test_ipv6_has_brackets_in_the_header_host(make_egress: MakeEgress) -> None:
    with serving(always(answer(b"six")), host="::1") as server:
        egress = make_egress(server.port, host="::1")

        assert fetch(egress, f"http://[::1]:{server.port}/") == b"six"

        assert f"Host: [::1]:{server.port}\r\n".encode() in server.requests[0]


MakeHttpx = Callable[..., httpx2.Client]


@pytest.fixture
def make_httpx(hosts_file: Path) -> MakeHttpx:
    def make(*endpoints: Endpoint, follows_redirects: bool = True) -> httpx2.Client:
        policy = EgressPolicy(frozenset(), frozenset(endpoints))
        return make_client(
            Guard(policy, Resolver(hosts_file=hosts_file)), follows_redirects=follows_redirects
        )

    return make


def test_clients_of_httpx_take_the_same_way(make_httpx: MakeHttpx, trusted: None) -> None:
    with serving(always(answer(b"abc")), tls=tls_context()) as server:
        client = make_httpx(Endpoint("api.example.org", server.port))
        with client, bounded(30, 1_000_000):
            bodies = [client.get(f"https://api.example.org:{server.port}/x").content for _ in range(3)]

        assert bodies == [b"abc"] * 3
        assert server.connections == 1


def test_clients_of_httpx_check_the_certificate(make_httpx: MakeHttpx, trusted: None) -> None:
    with serving(always(answer(b"abc")), tls=tls_context()) as server:
        client = make_httpx(Endpoint("wrong.example.org", server.port))
        with client, bounded(30, 1_000_000), pytest.raises(httpx2.ConnectError):
            client.get(f"https://wrong.example.org:{server.port}/x")

        assert server.requests == []


@pytest.mark.parametrize(
    "url", ["http://localhost:{port}/", "http://2130706433:{port}/", "https://evil.test/"]
)
def test_clients_of_httpx_are_redirected_to_listed_hosts_alone(make_httpx: MakeHttpx, url: str) -> None:
    with serving(always(b"")) as server:
        location = url.format(port=server.port)
        server.respond = always(answer(b"", f"Location: {location}", status="302 Found"))
        client = make_httpx(Endpoint("127.0.0.1", server.port))
        with client, bounded(30, 1_000_000), pytest.raises(CallRefused):
            client.get(server.url)

        assert len(server.requests) == 1


def test_clients_of_httpx_speak_tls_with_listed_hosts(hosts_file: Path) -> None:
    policy = EgressPolicy.of(["https://api.example.org:8443"])
    client = make_client(Guard(policy, Resolver(hosts_file=hosts_file)), follows_redirects=False)

    with client, bounded(30, 1_000_000), pytest.raises(CallRefused, match=NEEDS_TLS):
        client.get("http://api.example.org:8443/")


def test_the_adapter_refuses_by_itself(tried: list[object]) -> None:
    """Whoever prepares a request in another way meets the list too."""
    request = PreparedRequest()
    request.prepare("GET", "http://127.0.0.1:9/")
    adapter = GuardedAdapter(Guard(EgressPolicy(frozenset())))

    with pytest.raises(CallRefused, match=NOT_LISTED):
        adapter.send(request)

    assert tried == []


def test_a_redirect_of_httpx_within_the_list_is_followed(make_httpx: MakeHttpx) -> None:
    with serving(always(answer(b"there"))) as there, serving(always(b"")) as server:
        server.respond = always(answer(b"", f"Location: {there.url}/?a=b", status="302 Found"))
        client = make_httpx(Endpoint("127.0.0.1", server.port), Endpoint("127.0.0.1", there.port))
        with client, bounded(30, 1_000_000):
            assert client.get(server.url).content == b"there"


def test_a_client_of_httpx_works_within_bounds_alone(make_httpx: MakeHttpx) -> None:
    with serving(always(answer(b"abc"))) as server, make_httpx(Endpoint("127.0.0.1", server.port)) as client:
        with pytest.raises(LookupError):
            client.get(server.url)

        assert server.connections == 0


def test_the_hosts_of_the_hub_are_for_the_hub_alone() -> None:
    policy = EgressPolicy.of(["https://huggingface.co", "https://api.openai.com/v1"])

    for url in HUB_CONTENT_URLS:
        with pytest.raises(CallRefused, match=NOT_LISTED):
            policy.target_of(url)
        assert EgressPolicy.of(HUB_CONTENT_URLS).target_of(url).is_tls
