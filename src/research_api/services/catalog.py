"""The catalog's index and figures, for workers and operators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from research_api.domain.feed import ChangeFeed
from research_api.services.ports import EmbeddingStore, WorkStore

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

    def has_changes(self) -> bool:
        """True where settled changes wait for this host's index."""
        ...


@dataclass(frozen=True, slots=True)
class CatalogStats:
    """What `flask catalog stats` tells.

    model: that of the vectors, None without one. with_vector: works that have its vector. without_vector: works
    that wait for one. vectors_failed: works that the model could make none of.
    """

    works: int
    model: str | None
    with_vector: int
    without_vector: int
    vectors_failed: int
    pending: int
    indexed: int
    catalog_bytes: int
    index_bytes: int
    lag_seconds: float | None


class CatalogService:
    """Keeps the index of this host in step with the catalog."""

    def __init__(
        self, store: WorkStore, feed: ChangeFeed, indexer: Indexer, embeddings: EmbeddingStore
    ) -> None:
        self._store = store
        self._feed = feed
        self._indexer = indexer
        self._embeddings = embeddings

    def apply_changes(self) -> int:
        """Every settled change is in this host's index; the count of works written. Raises DatabaseUnavailable."""
        return self._indexer.apply()

    def has_changes(self) -> bool:
        """True where settled changes wait for this host's index. Raises DatabaseUnavailable."""
        return self._indexer.has_changes()

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
        index, works, vectors = self._indexer.stats(), self._store.count(), self._embeddings.progress()
        with_vector = vectors.with_vector if vectors else 0
        failed = vectors.failed if vectors else 0
        return CatalogStats(
            works=works,
            model=vectors.model if vectors else None,
            with_vector=with_vector,
            without_vector=max(0, works - with_vector - failed) if vectors else 0,
            vectors_failed=failed,
            pending=index.pending,
            indexed=index.indexed,
            catalog_bytes=self._store.size_bytes(),
            index_bytes=index.size_bytes,
            lag_seconds=index.lag_seconds,
        )
