"""Sources whose name servers never answer: each search ends at its deadline, and nothing is left of its calls."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from functools import partial

import psutil
import pytest

from research_api.domain.calls import Send
from research_api.domain.query import parse_strict
from research_api.domain.search import Filters, Sort, SourceOutcome
from research_api.domain.sources import Source, SourceAnswer, SourceQuestion
from research_api.egress import Egress, EgressPolicy
from research_api.egress.resolving import RESOLVE_SECONDS, Resolver
from research_api.providers.registry import make_sources, public_urls
from research_api.services.fan_out import FanOut
from tests.timing import wait_until

NAMES = ("openalex", "crossref", "arxiv", "europepmc", "pubmed")


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Of a name server that takes every question and answers none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        yield server.getsockname()[1]


def ask(source: Source, send: Send) -> SourceAnswer:
    question = SourceQuestion(
        "reefs", parse_strict("reefs"), is_strict=False, filters=Filters(), sort=Sort.RELEVANCE, limit=25
    )
    return source.search(question, send)


def asking_threads() -> int:
    return sum(one.name.startswith("ask-") for one in threading.enumerate())


@pytest.mark.slow
def test_look_ups_that_hang_leave_no_thread_and_no_socket_behind(silent_port: int) -> None:
    egress = Egress(
        EgressPolicy.of(public_urls()), resolver=Resolver(nameservers=("127.0.0.1",), port=silent_port)
    )
    sources = make_sources({}, {}, "")
    fan_out, process = FanOut(egress.sender), psutil.Process()
    sockets = len(process.net_connections())

    for _ in range(3):
        begin = time.monotonic()
        calls = {name: partial(ask, sources[name]) for name in NAMES}
        results = fan_out.ask(calls, begin + 0.3)
        assert time.monotonic() - begin < 0.8
        assert {name: one.outcome for name, one in results.items()} == dict.fromkeys(
            NAMES, SourceOutcome.TIMEOUT
        )
    begin = time.monotonic()
    wait_until(lambda: asking_threads() == 0, "the end of all calls")

    assert time.monotonic() - begin < RESOLVE_SECONDS + 1
    assert len(process.net_connections()) == sockets
