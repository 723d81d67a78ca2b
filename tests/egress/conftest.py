"""What tests of the way out share: names on this machine, and a record of every connection that is tried."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from research_api.config.endpoints import Endpoint
from research_api.egress import Egress, EgressPolicy
from research_api.egress.resolving import Resolver

_TRIED = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto")
_recorders: list[list[tuple[str, Any]]] = []


def _record(event: str, arguments: tuple[Any, ...]) -> None:
    if _recorders and event in _TRIED:
        for recorder in _recorders:
            recorder.append((event, arguments[-1] if event.startswith("socket.connect") else arguments))


@pytest.fixture(scope="session")
def _audit() -> None:
    """An audit hook stays for the life of the process, so there is one."""
    sys.addaudithook(_record)


@pytest.fixture
def tried(_audit: None) -> Iterator[list[tuple[str, Any]]]:
    """Every connection, look-up and datagram that this process tries during the test."""
    found: list[tuple[str, Any]] = []
    _recorders.append(found)
    yield found
    _recorders.remove(found)


@pytest.fixture
def hosts_file(tmp_path: Path) -> Path:
    path = tmp_path / "hosts"
    path.write_text("# names\n127.0.0.1 api.example.org\twrong.example.org # both\n::1 six.example.org\n")
    return path


MakeEgress = Callable[..., Egress]


@pytest.fixture
def make_egress(hosts_file: Path) -> Iterator[MakeEgress]:
    """Makes the way out to ports of hosts of this machine; closed at the end."""
    made: list[Egress] = []

    def make(*ports: int, host: str = "127.0.0.1", **options: Any) -> Egress:
        policy = EgressPolicy(frozenset(), frozenset(Endpoint(host, port) for port in ports))
        made.append(Egress(policy, resolver=Resolver(hosts_file=hosts_file), **options))
        return made[-1]

    yield make
    for egress in made:
        egress.close()
