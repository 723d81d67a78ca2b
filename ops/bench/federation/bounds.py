"""What stays bounded: calls for equal queries, time where a source hangs, memory where sources are hostile."""

from __future__ import annotations

import statistics
import time

from ops.bench.federation.ground import CATALOG, SOURCES, Finding, Ground, bodies, check_whole, texts
from tests.replay.faults import Fault

EQUAL_QUERIES, EQUAL_DELAY_SECONDS = 100, 0.3
# of 100 the p99 would be the slowest, which is whatever else the machine did
HANGING, HANGING_SEARCHES, HANGING_CONNECTIONS = SOURCES[0], 300, 4
DEADLINE_MS, OVER_MS = 500, 50.0
HOSTILE_SEARCHES, HOSTILE_CONNECTIONS, HOSTILE_DEADLINE_MS = 8, 4, 1_000
GROWTH_MB = 64.0
# FanOut.LATE_SECONDS and a little: then no call of the last fault is under way
LATE_SECONDS = 11.0


def measure_equal(ground: Ground) -> list[Finding]:
    """A hundred connections send the same search at once."""
    ground.delay(dict.fromkeys(SOURCES, EQUAL_DELAY_SECONDS))
    ground.replay.forget()
    requests = ground.requests(texts(1, place=3), (CATALOG, *SOURCES))
    ground.ask(requests * EQUAL_QUERIES, connections=EQUAL_QUERIES)
    ground.delay({})
    counts = [ground.replay.count(name) for name in SOURCES]
    # PubMed takes two calls for a search, and is asked once by them
    ground.replay.forget()
    ground.ask(ground.requests(texts(2, place=3)[1:], (CATALOG, *SOURCES)))
    alone = [ground.replay.count(name) for name in SOURCES]
    is_met = counts == alone
    figure = "each source asked once" if is_met else f"calls {counts} where one search takes {alone}"
    return [Finding(f"{EQUAL_QUERIES} equal searches at once", figure, "once", is_met)]


def measure_hanging(ground: Ground) -> list[Finding]:
    """One source never answers; the others do at once."""
    asked = texts(HANGING_SEARCHES, place=4)
    others = [name for name in SOURCES if name != HANGING]
    check_whole(ground.ask(ground.requests(asked, (CATALOG, *others)), connections=4))
    ground.forget_answers()
    requests = ground.requests(asked, (CATALOG, *SOURCES), {"deadline_ms": str(DEADLINE_MS)})
    ground.replay.fault(HANGING, Fault.HANG)
    found = ground.ask(requests, connections=HANGING_CONNECTIONS)
    ground.replay.clear(HANGING)
    late = [one for body in bodies(found) for one in body["sources"] if one["outcome"] == "timeout"]
    others_late = len([one for one in late if one["name"] != HANGING])
    p99 = statistics.quantiles([one.milliseconds for one in found], n=100)[-1]
    most = DEADLINE_MS + OVER_MS
    note = f" ({others_late} answers of other sources were late)" if others_late else ""
    return [Finding("one source hangs", f"p99 {p99:.0f} ms{note}", f"at most {most:.0f} ms", p99 <= most)]


def measure_memory(ground: Ground) -> list[Finding]:
    """Every source has every fault, one after the other; what the processes have grown by afterwards."""
    asked = texts(len(Fault) * HOSTILE_SEARCHES, place=6)
    parameters = {"deadline_ms": str(HOSTILE_DEADLINE_MS)}
    requests = ground.requests(asked, (CATALOG, *SOURCES), parameters)
    # threads, pools and parsers are there before the count begins
    ground.ask(ground.requests(texts(60, place=5), (CATALOG, *SOURCES)), connections=16)
    ground.replay.forget()
    before, most = _resident(ground), _resident(ground)
    for place, fault in enumerate(Fault):
        for name in SOURCES:
            ground.replay.fault(name, fault)
        start = place * HOSTILE_SEARCHES
        ground.ask(requests[start : start + HOSTILE_SEARCHES], connections=HOSTILE_CONNECTIONS)
        most = {pid: max(size, most[pid]) for pid, size in _resident(ground).items()}
    for name in SOURCES:
        ground.replay.clear(name)
    calls = sum(ground.replay.count(name) for name in SOURCES)
    time.sleep(LATE_SECONDS)
    after = _resident(ground)
    growth = max(after[pid] - size for pid, size in before.items())
    peak = max(most[pid] - size for pid, size in before.items())
    return [
        Finding(
            f"{len(Fault)} faults at every source, {calls:,} calls",
            f"a web process has grown by {growth:.1f} MB ({peak:.1f} MB at most meanwhile)",
            f"at most {GROWTH_MB:.0f} MB",
            growth <= GROWTH_MB,
        )
    ]


def _resident(ground: Ground) -> dict[int, float]:
    """MB by process."""
    return {one.pid: one.memory_info().rss / 1e6 for one in ground.system.web_processes()}
