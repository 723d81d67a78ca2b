"""A change feed in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from research_api.domain.feed import START, ChangeBatch, Position
from research_api.domain.works import Work


class FakeChangeFeed:
    """Every change is settled at once; row numbers grow by one."""

    def __init__(self) -> None:
        self.known: dict[str, Work] = {}
        self.changes: list[str] = []
        self.epoch_name = "first"
        self.pruned = START
        self.reported: dict[str, Position] = {}

    def put(self, *works: Work) -> None:
        """The works are stored and their changes noted."""
        for work in works:
            self.known[work.id] = work
            self.changes.append(work.id)

    def drop(self, work_id: str) -> None:
        """The work is gone and its change noted."""
        del self.known[work_id]
        self.changes.append(work_id)

    def epoch(self) -> str:
        return self.epoch_name

    def horizon(self) -> Position:
        return Position(1, len(self.changes))

    def after(self, position: Position, limit: int) -> ChangeBatch:
        rows = self.changes[position.row : position.row + limit]
        last = dict.fromkeys(reversed(rows))
        return ChangeBatch(tuple(reversed(last)), Position(1, position.row + len(rows)), len(rows) < limit)

    def pending(self, position: Position) -> int:
        return len(set(self.changes[position.row :]))

    def report(self, host: str, position: Position) -> None:
        self.reported[host] = position

    def is_pruned(self, position: Position) -> bool:
        return position < self.pruned

    def prune(self, host_ttl_days: int) -> int:
        raise AssertionError("pruning is the store's own and tested there")

    def all_works(self, page: int) -> Iterator[list[Work]]:
        works = [self.known[one] for one in sorted(self.known)]
        for start in range(0, len(works), page):
            yield works[start : start + page]

    def works(self, ids: Sequence[str]) -> dict[str, Work]:
        return {one: self.known[one] for one in ids if one in self.known}
