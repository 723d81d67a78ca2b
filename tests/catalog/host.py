"""One host with an index, over a change feed in memory."""

from __future__ import annotations

import time
from pathlib import Path

from research_api.catalog.indexer import TantivyIndexer
from research_api.catalog.layout import IndexLayout
from research_api.catalog.searcher import LOOK_AGAIN_SECONDS, TantivySearcher
from research_api.domain.index import IndexHits, IndexRequest
from research_api.domain.query import parse_strict
from research_api.domain.search import Filters, Sort
from research_api.domain.works import Work, work_id_from_number, work_id_from_seed
from tests.catalog.fakes import FakeChangeFeed


def work(seed: str, title: str, **fields: object) -> Work:
    """A work with an id of its own."""
    return Work(id=work_id_from_seed(seed), title=title, **fields)  # type: ignore[arg-type] # fields by name


def ids_of(hits: IndexHits) -> tuple[str, ...]:
    """The works found, best first."""
    return tuple(work_id_from_number(number) for number in hits.numbers)


class Clock:
    """Both clocks of the searcher, moved by hand."""

    def __init__(self) -> None:
        self.seconds = time.time()

    def __call__(self) -> float:
        return self.seconds


class Host:
    """One host's index over a feed in memory."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.feed = FakeChangeFeed()
        self.layout = IndexLayout(folder)
        self.indexer = TantivyIndexer(
            self.layout, self.feed, host="here", wall_clock=self.clock, monotonic=self.clock
        )
        self.searcher = TantivySearcher(self.layout, wall_clock=self.clock, monotonic=self.clock)

    def ask(self, text: str, *, strict: bool = True, **fields: object) -> IndexHits:
        """What the index answers a moment later."""
        self.clock.seconds += LOOK_AGAIN_SECONDS
        given: dict[str, object] = {"filters": Filters(), "sort": Sort.RELEVANCE, "facets": (), "limit": 100}
        request = IndexRequest(query=parse_strict(text), strict=strict, **(given | fields))  # type: ignore[arg-type] # fields by name
        return self.searcher.search(request)
