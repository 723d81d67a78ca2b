"""Waits until the index and the vectors are there, and tells the person who waits how long it will take."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ops.eval.errors import EvalFailed

# what bge-small makes on two cores; how fast it really goes shows after the first works
WORKS_PER_SECOND = 20.0
LEAST_SECONDS = 600.0
# a tenth of the usual speed is a slow machine, less is a fault
SLOWEST_WORKS_PER_SECOND = 2.0
# a worker that was killed keeps its works for two minutes; a model that could not be loaded is tried each minute
STALLED_SECONDS = 300.0
# starting the command takes a second or two of CPU, which the vectors lack
SHORTEST_LOOK_SECONDS, LONGEST_LOOK_SECONDS = 2.0, 30.0
TOLD_EVERY_SECONDS = 10.0

Stats = dict[str, Any]


def tell(text: str) -> None:
    """One line for the person who waits."""
    print(text, file=sys.stderr, flush=True)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, and by which clock. limit_seconds: None waits as long as the number of works asks for."""

    limit_seconds: float | None = None
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    tell: Callable[[str], None] = tell

    def limit_for(self, works: int) -> float:
        """Seconds after which so many works should have their vectors."""
        return self.limit_seconds or LEAST_SECONDS + works / SLOWEST_WORKS_PER_SECOND


def wait_until_ready(look: Callable[[], Stats], name: str, patience: Patience) -> Stats:
    """The figures once every work is in the index and has a vector, or cannot have one.

    look: what `flask catalog stats` says. Raises EvalFailed after the limit, and where nothing moves any more.
    """
    begin = moved_at = told_at = patience.monotonic()
    stats = look()
    before = _progress(stats)
    while not _is_ready(stats):
        now = patience.monotonic()
        if _progress(stats) != before:
            before, moved_at = _progress(stats), now
        _check(stats, now - begin, now - moved_at, patience)
        rest = _seconds_left(stats, now - begin)
        if now - told_at >= TOLD_EVERY_SECONDS:
            told_at = now
            patience.tell(f"{name}: {_state(stats)}, about {duration(rest)} to go")
        patience.sleep(min(max(rest / 10, SHORTEST_LOOK_SECONDS), LONGEST_LOOK_SECONDS))
        stats = look()
    return stats


def duration(seconds: float) -> str:
    """As a person says it: 40 s, 12 min, 1 h 5 min."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _is_ready(stats: Stats) -> bool:
    """Before the first vector there is no model either, and nothing counts as lacking one."""
    return stats["model"] is not None and stats["without_vector"] == stats["pending"] == 0


def _progress(stats: Stats) -> tuple[object, ...]:
    return tuple(stats[name] for name in ("model", "with_vector", "vectors_failed", "pending"))


def _check(stats: Stats, waited: float, unmoved: float, patience: Patience) -> None:
    if waited > patience.limit_for(stats["works"]):
        raise EvalFailed(
            f"Not ready after {duration(waited)}: {_state(stats)}. EMBED_TIMEOUT= gives it longer."
        )
    if unmoved > STALLED_SECONDS:
        raise EvalFailed(f"Nothing moved for {duration(unmoved)}: {_state(stats)}.")


def _state(stats: Stats) -> str:
    if stats["pending"]:
        return f"{stats['indexed']:,} of {stats['works']:,} works are in the index"
    return f"{stats['with_vector']:,} of {stats['works']:,} works have a vector"


def _seconds_left(stats: Stats, elapsed: float) -> float:
    """By the speed so far, once it shows."""
    done = stats["with_vector"]
    speed = done / elapsed if done >= 100 and elapsed > 0 else WORKS_PER_SECOND
    left = stats["works"] - done - stats["vectors_failed"]
    return float(left / speed)
