"""What our side adds to the time of the slowest source."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode, urlsplit

from ops.bench.client import get, latencies
from ops.bench.federation.ground import CATALOG, RECORDS, SOURCES, Finding, Ground, check_whole, texts

SEARCHES = 40
ALONE = 11
# as real ones, which answer one after the other; in the order of SOURCES
SPREAD = {name: 0.100 + 0.020 * place for place, name in enumerate(SOURCES)}
EQUAL = dict.fromkeys(SOURCES, 0.150)
P50_MS, P95_MS = 15.0, 40.0


def measure(ground: Ground) -> list[Finding]:
    """Searches one after another, none of them kept; their time less that of the slowest source asked alone.

    Each was asked once before: the replay has its answers at hand then, and the catalog the works.
    """
    requests = ground.requests(texts(SEARCHES), (CATALOG, *SOURCES))
    ground.delay({})
    ground.forget_answers()
    ground.replay.forget()
    check_whole(ground.ask(requests, connections=2))
    calls = {name: ground.replay.count(name) / len(requests) for name in SOURCES}
    spread = _added(ground, requests, SPREAD, calls)
    equal = _added(ground, requests, EQUAL, calls)
    bar = f"at most {P50_MS:.0f} and {P95_MS:.0f} ms"
    return [
        Finding(
            "added to the slowest of 8 sources, which answer 20 ms apart",
            _shown(spread),
            bar,
            spread[0] <= P50_MS and spread[1] <= P95_MS,
        ),
        Finding("added to the slowest of 8 sources, which answer at once", _shown(equal)),
    ]


def _added(
    ground: Ground, requests: Sequence[bytes], delays: Mapping[str, float], calls: Mapping[str, float]
) -> tuple[float, float]:
    """p50 and p95 in ms. calls: how many a search makes of each source, one after another."""
    ground.forget_answers()
    ground.delay({name: seconds / calls[name] for name, seconds in delays.items()})
    slowest_ms = _alone(ground)
    found = ground.ask(requests)
    ground.delay({})
    check_whole(found)
    added = [one.milliseconds - slowest_ms for one in found]
    return statistics.median(added), statistics.quantiles(added, n=20)[-1]


def _alone(ground: Ground) -> float:
    """Milliseconds of the slowest source, asked by a client that does nothing with what it gets."""
    address = urlsplit(ground.replay.settings["DATACITE_BASE_URL"])
    path = f"{address.path}/dois?{urlencode({'query': 'replication', 'page[size]': RECORDS})}"
    return statistics.median(latencies(int(address.port or 0), [get(int(address.port or 0), path)] * ALONE))


def _shown(figures: tuple[float, float]) -> str:
    return f"p50 {figures[0]:.1f} ms, p95 {figures[1]:.1f} ms"
