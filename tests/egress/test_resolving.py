"""One look-up, with an end, of which every address must be good."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dns.rcode
import psutil
import pytest

from research_api.config.endpoints import Endpoint
from research_api.domain.calls import CallBroken, CallRefused, CallTimedOut, Outgoing
from research_api.egress import Egress, EgressPolicy
from research_api.egress.policy import NOT_ALLOWABLE, NOT_PUBLIC, Target
from research_api.egress.resolving import NAMES_TOO_SLOW, NO_ADDRESS, Resolver
from tests.egress.name_server import NameServer, Rows, Zone, name_server
from tests.egress.server import always, answer, serving

PUBLIC_4, PUBLIC_6 = "8.8.8.8", "2606:4700:4700::1111"
LATE_SECONDS = 2.0


def says(rows: Rows) -> Zone:
    """The same about every name."""
    return lambda _name, _kind: rows


@pytest.fixture
def server() -> Iterator[NameServer]:
    with name_server(says([])) as running:
        yield running


@pytest.fixture
def resolver(server: NameServer, hosts_file: Path) -> Resolver:
    return Resolver(["127.0.0.1"], server.port, hosts_file)


def egress_to(resolver: Resolver, *, private: int | None = None) -> Egress:
    """To https://listed.example.org, and to a port of private.example.org."""
    endpoints = [Endpoint("private.example.org", private)] if private else []
    return Egress(EgressPolicy.of(["https://listed.example.org"], endpoints), resolver=resolver)


def found(resolver: Resolver, host: str, *, may_be_private: bool = False) -> list[str]:
    target = Target(Endpoint(host, 443), is_tls=True, may_be_private=may_be_private)
    return [str(address) for address in resolver.addresses(target, time.monotonic() + 5)]


def test_all_addresses_are_found_those_of_ipv4_first(server: NameServer, resolver: Resolver) -> None:
    server.zone = says([f"AAAA {PUBLIC_6}", f"A {PUBLIC_4}", "A 1.1.1.1"])

    addresses = found(resolver, "listed.example.org")

    assert set(addresses) == {PUBLIC_4, "1.1.1.1", PUBLIC_6}
    assert addresses[-1] == PUBLIC_6
    assert server.asked == [("listed.example.org", "A"), ("listed.example.org", "AAAA")]


@pytest.mark.parametrize("kind", ["A 8.8.8.8", f"AAAA {PUBLIC_6}"])
def test_one_kind_of_address_is_enough(server: NameServer, resolver: Resolver, kind: str) -> None:
    server.zone = says([kind])

    assert found(resolver, "listed.example.org") == [kind.split()[1]]


def test_a_name_server_that_is_silent_about_ipv6_costs_no_call(
    server: NameServer, resolver: Resolver
) -> None:
    server.zone = lambda _, kind: [f"A {PUBLIC_4}"] if kind == "A" else None
    begin = time.monotonic()

    assert found(resolver, "listed.example.org") == [PUBLIC_4]

    assert time.monotonic() - begin < 1.9


def test_the_file_of_hosts_comes_first(server: NameServer, resolver: Resolver) -> None:
    assert found(resolver, "api.example.org") == ["127.0.0.1"]
    assert found(resolver, "wrong.example.org") == ["127.0.0.1"]
    assert found(resolver, "six.example.org") == ["::1"]
    assert server.asked == []


@pytest.mark.parametrize(
    ("host", "asked"),
    [
        ("ollama", ["ollama.here.cluster.local", "ollama.cluster.local", "ollama"]),
        ("ollama.here", ["ollama.here.here.cluster.local", "ollama.here.cluster.local", "ollama.here"]),
        ("a.b.c.d.e.f", ["a.b.c.d.e.f", "a.b.c.d.e.f.here.cluster.local", "a.b.c.d.e.f.cluster.local"]),
    ],
)
def test_a_host_of_the_operators_own_may_be_relative(
    server: NameServer, hosts_file: Path, tmp_path: Path, host: str, asked: list[str]
) -> None:
    """As in Kubernetes, where names of services are."""
    server.zone = says(dns.rcode.NXDOMAIN)
    resolv_conf = tmp_path / "resolv.conf"
    resolv_conf.write_text("nameserver 127.0.0.1\nsearch here.cluster.local cluster.local\noptions ndots:5\n")
    resolver = Resolver(port=server.port, hosts_file=hosts_file, resolv_conf=resolv_conf)

    with pytest.raises(CallBroken):
        found(resolver, host, may_be_private=True)

    assert list(dict.fromkeys(name for name, _ in server.asked)) == asked


def test_a_public_host_is_never_relative(server: NameServer, hosts_file: Path, tmp_path: Path) -> None:
    """Whoever owns the search list would else own the host."""
    server.zone = says(dns.rcode.NXDOMAIN)
    resolv_conf = tmp_path / "resolv.conf"
    resolv_conf.write_text("nameserver 127.0.0.1\nsearch evil.test\noptions ndots:5\n")
    resolver = Resolver(port=server.port, hosts_file=hosts_file, resolv_conf=resolv_conf)

    with pytest.raises(CallBroken):
        found(resolver, "listed.example.org")

    assert {name for name, _ in server.asked} == {"listed.example.org"}


def test_without_a_name_server_a_name_has_no_address(hosts_file: Path, tmp_path: Path) -> None:
    resolver = Resolver(hosts_file=hosts_file, resolv_conf=tmp_path / "nowhere")

    with pytest.raises(CallBroken, match=NO_ADDRESS):
        found(resolver, "listed.example.org")


def test_an_answer_too_long_for_a_datagram_is_asked_for_by_tcp(
    server: NameServer, resolver: Resolver
) -> None:
    rows = [f"A 8.8.{number // 250}.{number % 250}" for number in range(600)]
    server.zone = lambda _, kind: rows if kind == "A" else []

    assert len(found(resolver, "listed.example.org")) == 600


@pytest.mark.slow
def test_a_dead_name_server_is_no_reason_to_fail(server: NameServer, hosts_file: Path) -> None:
    server.zone = says([f"A {PUBLIC_4}"])
    resolver = Resolver(["127.0.0.9", "127.0.0.1"], server.port, hosts_file)

    assert found(resolver, "listed.example.org") == [PUBLIC_4]


def test_localhost_and_numbers_are_never_asked_for(server: NameServer, resolver: Resolver) -> None:
    assert found(resolver, "localhost", may_be_private=True) == ["127.0.0.1", "::1"]
    assert found(resolver, "192.168.0.1", may_be_private=True) == ["192.168.0.1"]
    assert server.asked == []


@pytest.mark.parametrize("rows", [[], dns.rcode.NXDOMAIN, dns.rcode.SERVFAIL, dns.rcode.REFUSED])
def test_a_name_without_an_address_is_told(server: NameServer, resolver: Resolver, rows: Rows) -> None:
    server.zone = says(rows)

    with pytest.raises(CallBroken, match=NO_ADDRESS):
        found(resolver, "listed.example.org")


@pytest.mark.parametrize(
    "rows",
    [
        ["A 10.0.0.1"],
        [f"A {PUBLIC_4}", "A 10.0.0.1"],
        ["A 127.0.0.1", f"A {PUBLIC_4}"],
        [f"A {PUBLIC_4}", f"AAAA {PUBLIC_6}", "AAAA ::1"],
        [f"A {PUBLIC_4}", "AAAA ::ffff:8.8.8.8"],
        [f"A {PUBLIC_4}", "AAAA 64:ff9b::a00:1"],
        ["CNAME internal.example.net.", "A 192.168.0.1"],
        ["CNAME one.example.net.", "CNAME two.example.net.", "A 169.254.169.254"],
    ],
)
def test_one_address_that_is_not_public_refuses_all(
    server: NameServer, resolver: Resolver, tried: list[Any], rows: list[str]
) -> None:
    server.zone = says(rows)
    egress = egress_to(resolver)

    verdict = egress.check("https://listed.example.org/")
    with pytest.raises(CallRefused, match=NOT_PUBLIC):
        egress.sender(time.monotonic() + 5)(Outgoing("https://listed.example.org/"))

    assert (verdict.allowed, verdict.reason) == (False, NOT_PUBLIC)
    assert [event for event, _ in tried if event == "socket.connect"] == []


@pytest.mark.parametrize("text", ["169.254.169.254", "240.0.0.1", "224.0.0.1"])
def test_an_operator_cannot_allow_what_is_never_allowed(
    server: NameServer, resolver: Resolver, tried: list[Any], text: str
) -> None:
    server.zone = says([f"A {text}"])

    with pytest.raises(CallRefused, match=NOT_ALLOWABLE):
        egress_to(resolver, private=80).sender(time.monotonic() + 5)(
            Outgoing("http://private.example.org:80/")
        )

    assert [event for event, _ in tried if event == "socket.connect"] == []


def test_check_tells_what_would_happen_and_connects_to_nothing(
    server: NameServer, resolver: Resolver, tried: list[Any]
) -> None:
    server.zone = says([f"A {PUBLIC_4}", f"AAAA {PUBLIC_6}"])

    verdict = egress_to(resolver).check("https://listed.example.org/works")

    assert (verdict.allowed, verdict.addresses) == (True, (PUBLIC_4, PUBLIC_6))
    assert [event for event, _ in tried if event == "socket.connect"] == []


def test_a_name_is_looked_up_once_and_the_checked_address_is_connected_to(
    server: NameServer, resolver: Resolver
) -> None:
    """A second answer would lead elsewhere, as with DNS rebinding."""
    answers = iter(["127.0.0.1", "127.0.0.2", "127.0.0.2"])
    server.zone = lambda _, kind: [f"A {next(answers)}"] if kind == "A" else []
    with (
        serving(always(answer(b"good"))) as good,
        serving(always(answer(b"bad")), host="127.0.0.2", port=good.port) as bad,
    ):
        egress = egress_to(resolver, private=good.port)
        url = f"http://private.example.org:{good.port}/"
        replies = [egress.sender(time.monotonic() + 5)(Outgoing(url)).body for _ in range(3)]
        egress.close()

    assert replies == [b"good"] * 3
    assert bad.connections == 0
    assert server.asked.count(("private.example.org", "A")) == 1


def test_addresses_are_tried_in_turn(server: NameServer, resolver: Resolver) -> None:
    server.zone = lambda _, kind: ["A 127.0.0.3", "A 127.0.0.1"] if kind == "A" else []
    with serving(always(answer(b"here"))) as host:
        egress = egress_to(resolver, private=host.port)
        reply = egress.sender(time.monotonic() + 5)(Outgoing(f"http://private.example.org:{host.port}/"))
        egress.close()

    assert reply.body == b"here"


@pytest.mark.slow
def test_a_silent_name_server_is_given_up_and_nothing_is_left(server: NameServer, resolver: Resolver) -> None:
    """The look-up of the system would go on in its thread for half a minute."""
    server.zone = says(None)
    egress = egress_to(resolver)
    threads, sockets = threading.active_count(), len(psutil.Process().net_connections("all"))
    begin = time.monotonic()

    for _ in range(5):
        with pytest.raises(CallTimedOut, match=NAMES_TOO_SLOW):
            egress.sender(time.monotonic() + 0.3)(Outgoing("https://listed.example.org/"))

    assert 1.4 < time.monotonic() - begin < 1.5 + LATE_SECONDS
    assert threading.active_count() == threads
    assert len(psutil.Process().net_connections("all")) == sockets
    assert egress.guard.outcomes() == {"timed_out": 5}


def test_a_look_up_ends_before_a_long_deadline(server: NameServer, hosts_file: Path) -> None:
    server.zone = says(None)
    resolver = Resolver(["127.0.0.1"], server.port, hosts_file, seconds=0.3)
    begin = time.monotonic()

    with pytest.raises(CallTimedOut):
        egress_to(resolver).sender(time.monotonic() + 600)(Outgoing("https://listed.example.org/"))

    assert time.monotonic() - begin < 0.3 + LATE_SECONDS
