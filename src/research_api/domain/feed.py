"""The order of changes to the catalog."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from research_api.domain.works import Work


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in the change table: transaction id first, row second.

    Rows are applied only once no transaction with a lower or equal id is still open, so nothing can appear
    behind a position that was passed.
    """

    xid: int
    row: int


START = Position(0, 0)


@dataclass(frozen=True, slots=True)
class ChangeBatch:
    """work_ids: each once, in the order of their last change.

    is_last: no change stands after `position`, settled or not.
    """

    work_ids: tuple[str, ...]
    position: Position
    is_last: bool


class ChangeFeed(Protocol):
    """Which works changed, in an order that is safe against commits out of order."""

    def epoch(self) -> str:
        """Names this catalog; another value means that nothing indexed before can be trusted."""
        ...

    def horizon(self) -> Position:
        """A position after which every change still to be seen will stand."""
        ...

    def after(self, position: Position, limit: int) -> ChangeBatch:
        """At most `limit` settled changes after the position, in order, and the position they lead to."""
        ...

    def pending(self, position: Position) -> int:
        """How many works have settled or unsettled changes after the position."""
        ...

    def report(self, host: str, position: Position) -> None:
        """Remembers how far the host's index has come, so that only changes that all have seen are pruned."""
        ...

    def is_pruned(self, position: Position) -> bool:
        """True where changes after the position are no longer kept."""
        ...

    def prune(self, host_ttl_days: int) -> int:
        """Changes that every living host has applied are gone; the count of them."""
        ...

    def all_works(self, page: int) -> Iterator[list[Work]]:
        """Every work, in pages by id; each page is its own short read."""
        ...

    def works(self, ids: Sequence[str]) -> dict[str, Work]:
        """The works that exist under exactly these ids."""
        ...
