"""How the CPU time of a call grows with its input: a property of the code, where seconds are one of the machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Input = TypeVar("Input")

TIMES = 8
# linear work grows by 8, quadratic by 64; between them lies room for what a busy machine adds
LINEAR_AT_MOST = 30


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
