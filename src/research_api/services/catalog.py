"""The catalog's index and figures, for workers and operators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from research_api.domain.feed import ChangeFeed
from research_api.services.ports import WorkStore

# a host that was away for longer builds its index anew when it comes back
HOST_TTL_DAYS = 7


class IndexFigures(Protocol):
    """How far the index of this host has come."""

    @property
    def indexed(self) -> int:
        """Documents in the index."""
        ...

    @property
    def pending(self) -> int:
        """Works whose changes wait."""
        ...

    @property
    def size_bytes(self) -> int:
        """What the index takes on disk."""
        ...

    @property
    def lag_seconds(self) -> float | None:
        """Since when changes wait; 0 when none do, None without an index."""
        ...


class Indexer(Protocol):
    """Writes the index of this host."""

    def apply(self) -> int:
        """Every settled change is in the index; the count of works written."""
        ...

    def rebuild(self, progress: Callable[[int], None] | None = None) -> int:
        """The index is built anew and swapped in; the count of works in it."""
        ...

    def stats(self) -> IndexFigures:
        """How far it has come."""
        ...


@dataclass(frozen=True, slots=True)
class CatalogStats:
    """What `flask catalog stats` tells. with_vector stays 0 until works are embedded."""

    works: int
    with_vector: int
    pending: int
    indexed: int
    catalog_bytes: int
    index_bytes: int
    lag_seconds: float | None


class CatalogService:
    """Keeps the index of this host in step with the catalog."""

    def __init__(self, store: WorkStore, feed: ChangeFeed, indexer: Indexer) -> None:
        self._store = store
        self._feed = feed
        self._indexer = indexer

    def apply_changes(self) -> int:
        """Every settled change is in this host's index; the count of works written. Raises DatabaseUnavailable."""
        return self._indexer.apply()

    def rebuild(self, progress: Callable[[int], None] | None = None) -> int:
        """The index is built anew beside the old one and swapped; the count of works in it."""
        return self._indexer.rebuild(progress)

    def prune_changes(self) -> int:
        """Changes that every living host has applied are gone; the count of them."""
        return self._feed.prune(HOST_TTL_DAYS)

    def works(self) -> int:
        """How many works the catalog holds."""
        return self._store.count()

    def stats(self) -> CatalogStats:
        """Figures of the catalog and of this host's index. Raises DatabaseUnavailable."""
        index = self._indexer.stats()
        return CatalogStats(
            works=self._store.count(),
            with_vector=0,
            pending=index.pending,
            indexed=index.indexed,
            catalog_bytes=self._store.size_bytes(),
            index_bytes=index.size_bytes,
            lag_seconds=index.lag_seconds,
        )
