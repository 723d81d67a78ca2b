"""What tests may say of time, which is the machine's more than the code's.

How the CPU time of a call grows with its input is a property of the code. A wait ends where what it waits for never
comes; how long things take is measured by the benchmark.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Input = TypeVar("Input")

TIMES = 8
# linear work grows by 8, quadratic by 64; between them lies room for what a busy machine adds
LINEAR_AT_MOST = 30
PATIENCE_SECONDS = 100.0


def growth(run: Callable[[Input], object], make: Callable[[int], Input], size: int) -> float:
    """CPU time of `run` on `make(size)`, divided by its time on an eighth of that size."""
    return cpu_seconds(run, make(size)) / cpu_seconds(run, make(size // TIMES))


def cpu_seconds(run: Callable[[Input], object], value: Input) -> float:
    """CPU time of one call, the least of five, or of one where that took a second; never zero."""
    least = float("inf")
    for _ in range(5):
        begin = time.thread_time()
        run(value)
        least = min(least, time.thread_time() - begin)
        if least > 1:
            break
    return max(least, 1e-6)


def wait_until(is_true: Callable[[], object], what: str, *, seconds: float = PATIENCE_SECONDS) -> None:
    """It became true. Raises AssertionError with `what` where it did not."""
    begin = time.monotonic()
    while not is_true():
        assert time.monotonic() - begin < seconds, f"never came: {what}"
        time.sleep(0.05)
