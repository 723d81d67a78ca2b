"""The time that one request leaves to Redis."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
from redis import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from research_api.cache.bounded import BoundedRedis, Command
from research_api.cache.counts import AnswerCounter

log = structlog.get_logger(__name__)

# with less than this left a command would only be begun
LEAST_SECONDS = 0.005


class RedisAway(Exception):
    """Redis is asked no more in this request. was_sent: it may have done yet what it was asked."""

    def __init__(self, *, was_sent: bool = False) -> None:
        super().__init__()
        self.was_sent = was_sent


@dataclass(slots=True)
class _Health:
    """What all allowances of one request know of Redis."""

    is_over: bool = False
    has_logged: bool = False


class Allowance:
    """So many seconds of Redis in all; none after the first fault. The threads of the request take turns."""

    def __init__(
        self,
        redis: BoundedRedis,
        counter: AnswerCounter,
        seconds: float,
        command_seconds: float,
        *,
        health: _Health | None = None,
    ) -> None:
        self._redis = redis
        self._counter = counter
        self._seconds = seconds
        self._left_seconds = seconds
        self._command_seconds = command_seconds
        self._health = health or _Health()
        self._turn = threading.Lock()

    @property
    def is_over(self) -> bool:
        """True after the first fault of the request, wherever it was."""
        return self._health.is_over

    def beside(self) -> Allowance:
        """For what no answer waits for: as many seconds of its own, and over with this one after a fault of either."""
        return Allowance(
            self._redis, self._counter, self._seconds, self._command_seconds, health=self._health
        )

    def run(self, *command: str | bytes | int) -> object:
        """Its answer. Raises RedisAway."""
        with self._charged() as seconds:
            return self._redis.run(seconds, *command)

    def run_all(self, commands: Sequence[Command]) -> list[object]:
        """The answers in order; one that was refused is a fault and None. Raises RedisAway."""
        with self._charged() as seconds:
            answers = self._redis.run_all(seconds, commands)
        for answer in answers:
            if isinstance(answer, RedisError):
                self.end(answer)
        return [None if isinstance(answer, RedisError) else answer for answer in answers]

    def run_waiting(self, *command: str | bytes | int) -> object:
        """Its answer, on the time of somebody who waits anyway: it costs nothing here. Raises RedisAway."""
        if self.is_over:
            raise RedisAway
        try:
            return self._redis.run(self._command_seconds, *command)
        except RedisError as error:
            self.end(error)
            raise RedisAway(was_sent=True) from error

    def try_anyway(self, *command: str | bytes | int) -> bool:
        """Although Redis may be asked no more: for a thread that nobody waits for. False where it came to nothing."""
        try:
            self._redis.run(self._command_seconds, *command)
        except RedisError:
            self._counter.add(faults=1)
            return False
        return True

    def end(self, error: Exception) -> None:
        """Redis is asked no more: this went wrong."""
        self._health.is_over = True
        self.note(error)

    def note(self, error: Exception) -> None:
        """Counted, and logged where it is the first of the request; what it says may hold a key, so only its type."""
        self._counter.add(faults=1)
        if not self._health.has_logged:
            self._health.has_logged = True
            log.warning("answer_cache_fault", error=type(error).__name__)

    @contextmanager
    def _charged(self) -> Iterator[float]:
        """How long the command may take; what it took is gone from the allowance."""
        with self._turn:
            if self.is_over:
                raise RedisAway
            if self._left_seconds < LEAST_SECONDS:
                self.end(RedisTimeoutError("The request has had its time of Redis."))
                raise RedisAway
            begin = time.monotonic()
            try:
                yield min(self._command_seconds, self._left_seconds)
            except RedisError as error:
                self.end(error)
                raise RedisAway(was_sent=True) from error
            finally:
                self._left_seconds -= time.monotonic() - begin


def values_of(answer: object, count: int) -> list[bytes | None]:
    """What MGET gave for so many names; nothing where it is no such answer."""
    if not isinstance(answer, list) or len(answer) != count:
        return [None] * count
    return [value if isinstance(value, bytes) else None for value in answer]
