"""What became of the answers that were looked for or put, counted in this process."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class AnswerCounts:
    """hits, misses: keys looked for. stored, too_large: answers put. faults: what Redis did not do or had broken."""

    hits: int = 0
    misses: int = 0
    stored: int = 0
    too_large: int = 0
    faults: int = 0


class AnswerCounter:
    """Counts from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts = AnswerCounts()

    @property
    def counts(self) -> AnswerCounts:
        """So far."""
        return self._counts

    def add(self, **more: int) -> None:
        """So many more of each of these kinds, by the names in AnswerCounts."""
        with self._lock:
            self._counts = replace(
                self._counts, **{name: getattr(self._counts, name) + count for name, count in more.items()}
            )
