"""Requests a second, beside a bare route that does one GET of Redis, in rounds that take turns."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from functools import partial

from ops.bench.bare import KEPT
from ops.bench.client import get, throughput
from ops.bench.federation.ground import CATALOG, INSTANT, SOURCES, Finding, Ground, check_whole, texts
from ops.bench.system import bare_server

ROUNDS, ROUND_SECONDS = 7, 1.0
UNCACHED, CACHED = 160, 20
# of each cached search: together more than four times as many as a process remembers
ADDRESSES_EACH = 27
CACHED_PERCENT = 60.0
CONNECTIONS = 16


def measure_uncached(ground: Ground) -> list[Finding]:
    """Searches that ask three sources which answer at once; the replay has their answers at hand."""
    requests = ground.requests(texts(UNCACHED, place=1), INSTANT)
    ground.delay({})
    check_whole(ground.ask(requests, connections=4))
    findings = []
    with bare_server(ground.system.environment) as bare_port:
        _keep_for_bare(ground, 16_000)
        for connections in (1, CONNECTIONS):
            rates = _rounds(
                partial(_rate, bare_port, [get(bare_port, "/kept")], connections),
                partial(_rate_uncached, ground, requests, connections),
            )
            bare, ours = (statistics.median(one) for one in zip(*rates, strict=True))
            share = statistics.median(one / bare for bare, one in rates)
            findings.append(
                Finding(
                    f"uncached over three instant sources, {connections} connections",
                    f"{ours:.1f} requests/s, {share:.1%} of the bare route's {bare:,.0f}",
                )
            )
    return findings


def measure_cached(ground: Ground) -> list[Finding]:
    """Searches whose whole answer is kept, against the bare route with a body of the same size.

    First a few that a process remembers for half a second, as of what many ask at once; then so many addresses of the
    same answers that none is remembered when it comes again.
    """
    few, many = _kept_searches(ground)
    with bare_server(ground.system.environment) as port:
        keyed = [get(port, "/kept-for-keys", ground.system.key)]
        rates = _rounds(
            partial(_rate, port, [get(port, "/kept")], CONNECTIONS),
            partial(_rate, port, keyed, CONNECTIONS),
            partial(_rate, ground.system.port, few, CONNECTIONS),
            partial(_rate, ground.system.port, many, CONNECTIONS),
        )
    bare, with_key, ours, unremembered = (statistics.median(one) for one in zip(*rates, strict=True))
    percent = _share(rates, 2, 0) * 100
    return [
        Finding(
            f"cached search, {len(few)} addresses, {CONNECTIONS} connections",
            f"{ours:,.0f} requests/s, {percent:.1f} % of the bare route's {bare:,.0f}",
            f"at least {CACHED_PERCENT:.0f} %",
            percent >= CACHED_PERCENT,
        ),
        Finding(
            f"the same, {len(many)} addresses, each fetched from Redis",
            f"{unremembered:,.0f} requests/s, {_share(rates, 3, 0):.1%} of the bare route's",
        ),
        Finding(
            "the bare route with our check of the key",
            f"{with_key:,.0f} requests/s; the cached searches have {_share(rates, 2, 1):.1%} and "
            f"{_share(rates, 3, 1):.1%} of that",
        ),
    ]


def _kept_searches(ground: Ground) -> tuple[list[bytes], list[bytes]]:
    """A few and many addresses of answers that are kept; the bare route's body is as long as theirs."""
    asked = texts(CACHED, place=2)
    ground.delay({})
    few = ground.requests(asked, (CATALOG, *SOURCES))
    # how long a caller would wait makes no difference to a kept answer
    waits = [{"deadline_ms": str(4_000 + number)} for number in range(ADDRESSES_EACH)]
    many = [one for wait in waits for one in ground.requests(asked, (CATALOG, *SOURCES), wait)]
    ground.ask(few)
    found = ground.ask([*few, *many])
    check_whole(found, cache="hit")
    _keep_for_bare(ground, round(statistics.mean(len(one.body) for one in found)))
    return few, many


def _share(rates: Sequence[tuple[float, ...]], one: int, other: int) -> float:
    """What one rate is of the other, the median of the rounds."""
    return statistics.median(rate[one] / rate[other] for rate in rates)


def _keep_for_bare(ground: Ground, size: int) -> None:
    ground.redis.set(KEPT, b"x" * size)


def _rounds(*rates: Callable[[], float]) -> list[tuple[float, ...]]:
    """Each measured once in every round, for the machine drifts."""
    return [tuple(rate() for rate in rates) for _ in range(ROUNDS)]


def _rate(port: int, requests: Sequence[bytes], connections: int) -> float:
    return throughput(port, requests, connections=connections, seconds=ROUND_SECONDS)


def _rate_uncached(ground: Ground, requests: Sequence[bytes], connections: int) -> float:
    ground.forget_answers()
    return _rate(ground.system.port, requests, connections)
