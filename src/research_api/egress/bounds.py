"""What is left to a call, of time and of bytes; sockets ask it before each step.

A timeout of a socket holds for one read alone, so a server that drips a byte a second is never given up.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from research_api.domain.calls import CallBroken, CallTimedOut

MAX_HEAD_BYTES = 65_536
TIME_IS_OVER = "the time is over"
TOO_LONG = "the answer is longer than is taken"
HEAD_TOO_LONG = "the headers of the answer are longer than is taken"


@dataclass(slots=True)
class Bounds:
    """until: time.monotonic() at the end. bytes_left: of what comes, as it comes."""

    until: float
    bytes_left: int
    head_bytes_left: int | None = None

    def seconds_left(self) -> float:
        """How long the next step may take. Raises CallTimedOut."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise CallTimedOut(TIME_IS_OVER)
        return left

    def take(self, count: int) -> None:
        """So many bytes came. Raises CallBroken."""
        self.bytes_left -= count
        if self.bytes_left < 0:
            raise CallBroken(TOO_LONG)
        if self.head_bytes_left is not None:
            self.head_bytes_left -= count
            if self.head_bytes_left < 0:
                raise CallBroken(HEAD_TOO_LONG)


_bounds: ContextVar[Bounds] = ContextVar("bounds")


def bounds_of_call() -> Bounds:
    """Those of the block around; LookupError outside of one, so that no call has none."""
    return _bounds.get()


@contextmanager
def bounded_until(until: float, max_bytes: int) -> Iterator[Bounds]:
    """All calls inside together end then and read so many bytes at most, or they fail."""
    bounds = Bounds(until, max_bytes)
    token = _bounds.set(bounds)
    try:
        yield bounds
    finally:
        _bounds.reset(token)


@contextmanager
def bounded(seconds: float, max_bytes: int) -> Iterator[None]:
    """The same, from now on."""
    with bounded_until(time.monotonic() + seconds, max_bytes):
        yield
