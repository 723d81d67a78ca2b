"""Brings records into the catalog, batch by batch."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from research_api.domain.upsert import Incoming, Outcome, prepare
from research_api.domain.works import Record
from research_api.services.ports import WakeUps, WorkStore

BATCH_RECORDS = 2_000
# records of physics with thousands of authors would make a batch of gigabytes
BATCH_CHARACTERS = 8_000_000
WAKE_UP_EVERY_SECONDS = 1.0


class ImportRow(Protocol):
    """One record of the input, or why it is none; line is its place in the file, from 1."""

    @property
    def line(self) -> int:
        """From 1."""
        ...

    @property
    def record(self) -> Record | None:
        """None where the input holds no usable record here."""
        ...

    @property
    def reason(self) -> str | None:
        """Why there is no record."""
        ...


@dataclass(slots=True)
class ImportCounts:
    """read = new + updated + unchanged + rejected, always."""

    read: int = 0
    new: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0

    def add(self, outcomes: Iterable[Outcome]) -> None:
        """Counts what became of stored records."""
        for outcome in outcomes:
            self.read += 1
            setattr(self, outcome.value, getattr(self, outcome.value) + 1)


class ImportService:
    """Stores records and tells the index workers; every batch is committed by itself, so a stopped run loses none."""

    def __init__(
        self, store: WorkStore, wake_ups: WakeUps, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._wake_ups = wake_ups
        self._monotonic = monotonic

    def run(
        self,
        rows: Iterable[ImportRow],
        counts: ImportCounts,
        *,
        on_reject: Callable[[ImportRow], None],
        on_batch: Callable[[ImportCounts], None],
    ) -> None:
        """The rows are in the catalog and `counts` has grown by them. Memory is bounded by two batches.

        Raises DatabaseUnavailable; what was committed before stays, and running again continues.
        """
        woken = self._monotonic()
        # one batch is being stored while the next one is read
        with ThreadPoolExecutor(1) as storing:
            pending: Future[list[Outcome]] | None = None
            try:
                for batch in self._batches(rows, counts, on_reject):
                    if pending is not None:
                        stored, pending = pending, None
                        counts.add(stored.result())
                        on_batch(counts)
                    pending = storing.submit(self._store.upsert, batch)
                    if self._monotonic() - woken > WAKE_UP_EVERY_SECONDS:
                        self._wake_ups.index()
                        woken = self._monotonic()
            finally:
                # also where reading failed: what is stored is counted, and its index told
                if pending is not None:
                    counts.add(pending.result())
                on_batch(counts)
                self._wake_ups.index()

    @staticmethod
    def _batches(
        rows: Iterable[ImportRow], counts: ImportCounts, on_reject: Callable[[ImportRow], None]
    ) -> Iterator[list[Incoming]]:
        batch: list[Incoming] = []
        size = 0
        for row in rows:
            if row.record is None:
                counts.read += 1
                counts.rejected += 1
                on_reject(row)
                continue
            batch.append(prepare(row.record))
            size += len(batch[-1].body_text)
            if len(batch) == BATCH_RECORDS or size > BATCH_CHARACTERS:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch
