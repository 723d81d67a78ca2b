"""Many sources at once under one deadline: who fails or is late becomes a result that says so, never an exception."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextvars import copy_context
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

import structlog

from research_api.domain.calls import CallFailed, CallTimedOut, Send
from research_api.domain.errors import ResearchApiError
from research_api.domain.search import SourceOutcome
from research_api.domain.sources import SourceFailed

log = structlog.get_logger(__name__)

# what comes so long after the deadline still feeds caches and the catalog
LATE_SECONDS = 10.0
# calls of one process to one source at once: a source that hangs holds no more threads than these
CALLS_AT_ONCE = 8
# values of one process that are refined at once
REFINED_AT_ONCE = 32

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Hooks(Generic[Value]):
    """What else is done in the thread of a call.

    refine: makes more of its value; at the deadline the plain one counts, so that nobody is late for it. after: gets
    each value that was in time, once it is delivered. late: gets each value that was not.
    """

    refine: Callable[[Value], Value] = lambda value: value
    after: Callable[[Result[Value]], None] = lambda _: None
    late: Callable[[Result[Value]], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Result(Generic[Value]):
    """What came of asking one source. value: None unless it answered; then outcome is None, for the caller to name."""

    name: str
    value: Value | None
    outcome: SourceOutcome | None
    latency_ms: int
    retry_after_seconds: float | None = None


class FanOut:
    """One for a process; threads share it. Each call has a thread of its own, which ends with the call."""

    def __init__(
        self,
        sender: Callable[[float], Send],
        *,
        calls_at_once: int = CALLS_AT_ONCE,
        late_seconds: float = LATE_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """sender: gives what sends until that time of the monotonic clock."""
        self._sender = sender
        self._calls_at_once = calls_at_once
        self._late_seconds = late_seconds
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._refining = threading.BoundedSemaphore(REFINED_AT_ONCE)
        self._places: dict[str, threading.BoundedSemaphore] = {}
        self._latencies_ms: dict[str, float] = {}

    def ask(
        self,
        calls: Mapping[str, Callable[[Send], Value]],
        until: float,
        hooks: Hooks[Value] | None = None,
    ) -> dict[str, Result[Value]]:
        """A result for each call at `until`, sooner where all are there; those that hang are TIMEOUT."""
        begin = self._monotonic()
        round_ = _Round[Value](hooks or Hooks())
        # to send a request takes half a millisecond: whoever was slowest lately is not to wait for eight of them
        for name in sorted(calls, key=lambda name: -self._latencies_ms.get(name, 0.0)):
            call = calls[name]
            run = _Call(name, call, self._place(name), round_, begin, until)
            context = copy_context()
            threading.Thread(
                target=context.run, args=(self._run, run), name=f"ask-{name}", daemon=True
            ).start()
        found = round_.collect(len(calls), until, self._monotonic)
        elapsed_ms = round((self._monotonic() - begin) * 1000)
        return {
            name: found.get(name) or Result(name, None, SourceOutcome.TIMEOUT, elapsed_ms) for name in calls
        }

    def _place(self, name: str) -> threading.BoundedSemaphore:
        with self._lock:
            return self._places.setdefault(name, threading.BoundedSemaphore(self._calls_at_once))

    def _run(self, run: _Call[Value]) -> None:
        if not run.place.acquire(timeout=max(0.0, run.until - self._monotonic())):
            log.warning("source_busy", source=run.name)
            return
        try:
            result = self._result(run)
        finally:
            run.place.release()
        if result.value is not None:
            run.round.offer(result)
            result = self._refined(run, result, result.value)
        run.round.deliver(result)

    def _refined(self, run: _Call[Value], result: Result[Value], value: Value) -> Result[Value]:
        """Whoever is slow to refine holds up nobody but those who want the same, and these until their deadline."""
        if not self._refining.acquire(timeout=max(0.0, run.until - self._monotonic())):
            return result
        try:
            return replace(result, value=run.round.hooks.refine(value))
        except Exception as error:
            # what the source said is there, and good without it
            log.error("not_refined", source=result.name, error=type(error).__name__, exc_info=True)
            return result
        finally:
            self._refining.release()

    def _result(self, run: _Call[Value]) -> Result[Value]:
        value, outcome, retry_after = None, None, None
        try:
            value = run.call(self._sender(run.until + self._late_seconds))
        except SourceFailed as failure:
            outcome, retry_after = failure.outcome, failure.retry_after_seconds
            log.warning("source_failed", source=run.name, detail=failure.detail, status=failure.status)
        except CallTimedOut as failure:
            outcome = SourceOutcome.TIMEOUT
            log.warning("source_failed", source=run.name, detail=str(failure))
        except CallFailed as failure:
            outcome = SourceOutcome.ERROR
            log.warning("source_failed", source=run.name, detail=str(failure))
        except ResearchApiError as failure:
            outcome = SourceOutcome.ERROR
            log.warning("source_failed", source=run.name, detail=failure.detail)
        except Exception as error:
            # whatever a payload provokes costs this source its answer, and nobody else
            outcome = SourceOutcome.ERROR
            log.error("source_broke", source=run.name, error=type(error).__name__, exc_info=True)
        latency_ms = round((self._monotonic() - run.begin) * 1000)
        self._latencies_ms[run.name] = latency_ms
        return Result(run.name, value, outcome, latency_ms, retry_after)


class _Round(Generic[Value]):
    """The calls of one request: results go to whoever waits for them, later ones to the hook `late`."""

    def __init__(self, hooks: Hooks[Value]) -> None:
        self.hooks = hooks
        self._lock = threading.Lock()
        self._is_open = True
        self._offered: dict[str, Result[Value]] = {}
        self._results: SimpleQueue[Result[Value]] = SimpleQueue()

    def offer(self, result: Result[Value]) -> None:
        """This counts where nothing better comes in time."""
        with self._lock:
            if self._is_open:
                self._offered[result.name] = result

    def deliver(self, result: Result[Value]) -> None:
        with self._lock:
            is_in_time = self._is_open
            if is_in_time:
                self._results.put(result)
        if result.value is not None:
            (self.hooks.after if is_in_time else self.hooks.late)(result)

    def collect(self, count: int, until: float, monotonic: Callable[[], float]) -> dict[str, Result[Value]]:
        found: dict[str, Result[Value]] = {}
        while len(found) < count:
            try:
                result = self._results.get(timeout=max(0.0, until - monotonic()))
            except Empty:
                break
            found[result.name] = result
        with self._lock:
            self._is_open = False
        while not self._results.empty():
            result = self._results.get_nowait()
            found[result.name] = result
        return {**self._offered, **found}


@dataclass(frozen=True, slots=True)
class _Call(Generic[Value]):
    name: str
    call: Callable[[Send], Value]
    place: threading.BoundedSemaphore
    round: _Round[Value]
    begin: float
    until: float
