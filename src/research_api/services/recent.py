"""What was found a moment ago, believed for a moment: in this process alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """At most `most` values by key, each for so many seconds; threads share it, and it may be made before a fork."""

    def __init__(
        self,
        seconds: float,
        most: int,
        *,
        takes: Callable[[Value], bool] = lambda _: True,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """takes: False for values that are too large to be remembered."""
        self._seconds = seconds
        self._most = most
        self._takes = takes
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._found: dict[str, tuple[float, Value]] = {}

    def get(self, key: str, find: Callable[[], Value | None]) -> Value | None:
        """What was found under the key, else what `find` finds now; that there is nothing is not remembered."""
        now = self._monotonic()
        remembered = self._found.get(key)
        if remembered is not None and now < remembered[0]:
            return remembered[1]
        found = find()
        with self._lock:
            self._found.pop(key, None)
            if found is not None and self._takes(found):
                if len(self._found) >= self._most:
                    del self._found[next(iter(self._found))]
                # as it was when the look began, however long that took
                self._found[key] = (now + self._seconds, found)
        return found

    def forget(self) -> None:
        """Nothing is believed any more."""
        with self._lock:
            self._found.clear()
