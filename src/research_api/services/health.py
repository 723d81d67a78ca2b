"""Is this instance able to serve."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import structlog

log = structlog.get_logger(__name__)


class State(StrEnum):
    """Of one check or of the whole."""

    READY = "ready"
    DEGRADED = "degraded"
    UNREADY = "unready"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    state: State
    latency_ms: int


@dataclass(frozen=True, slots=True)
class Health:
    """status: the worst of the checks, except that a failure of a part that is not essential only degrades."""

    status: State
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Probe:
    """run: the state of the thing that works, however well; raises where it does not.

    essential: without it nothing can be served.
    """

    name: str
    run: Callable[[], State]
    essential: bool


class HealthService:
    """Runs the probes one after another; each adapter bounds its own time."""

    def __init__(self, probes: Sequence[Probe]) -> None:
        self._probes = probes

    def report(self) -> Health:
        """What each probe found, and the sum of it."""
        checks = tuple(self._check(probe) for probe in self._probes)
        return Health(
            max((check.state for check in checks), key=list(State).index, default=State.READY), checks
        )

    @staticmethod
    def _check(probe: Probe) -> Check:
        begin = time.monotonic()
        try:
            state = probe.run()
        except Exception:
            log.warning("probe_failed", probe=probe.name, exc_info=True)
            state = State.UNREADY if probe.essential else State.DEGRADED
        return Check(probe.name, state, round((time.monotonic() - begin) * 1000))
