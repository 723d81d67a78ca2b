"""Who refers to whom: the ends of a work's citations as several sources tell them, joined to one list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from research_api.domain.search import Relation
from research_api.domain.works import Identifier, Work

MAX_EDGES = 100
DEFAULT_EDGES = 25

_Item = TypeVar("_Item", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Referring:
    """Works that refer to one, the most cited first. total: of all of them, None where they were not all counted."""

    work_ids: tuple[str, ...]
    total: int | None


@dataclass(frozen=True, slots=True)
class Told:
    """One source's ends, each once: works by their ids, and names of works of which nothing else is known.

    given: how many ends it told; total: how many it says there are, None where it does not say.
    """

    work_ids: tuple[str, ...]
    unknown: tuple[Identifier, ...]
    given: int
    total: int | None

    @property
    def is_whole(self) -> bool:
        """True where the source told all that it has."""
        return self.total is not None and self.total <= self.given


@dataclass(frozen=True, slots=True)
class Joined:
    """All works and all names, each once, in order; total: how many ends there are, relation: how exactly."""

    works: tuple[Work, ...]
    unknown: tuple[Identifier, ...]
    total: int
    relation: Relation


def joined_edges(told: Iterable[Told], works: Mapping[str, Work]) -> Joined:
    """What the sources told, as one list: first what more of them tell, then the most cited, then the newest.

    works: by their ids. A source that told a part of what it has makes the total a lower bound.
    """
    told = list(told)
    # an id that was merged away leads to the survivor
    votes = _votes({works[one].id for one in each.work_ids if one in works} for each in told)
    found = sorted(
        {work.id: work for work in works.values() if work.id in votes}.values(),
        key=lambda one: (-votes[one.id], -(one.citation_count or 0), -(one.year or 0), one.id),
    )
    names = _votes(one.unknown for one in told)
    unknown = sorted(names, key=lambda one: (-names[one], one.scheme, one.value))
    known = len(found) + len(unknown)
    is_whole = all(one.is_whole for one in told)
    # what a source counts that told all may be one work by two names, of which we know better
    total = max([known, *(one.total or 0 for one in told if not one.is_whole)])
    relation = Relation.EQUAL if is_whole else Relation.AT_LEAST
    return Joined(tuple(found), tuple(unknown), total, relation)


def _votes(lists: Iterable[Iterable[_Item]]) -> Counter[_Item]:
    return Counter(item for one in lists for item in one)
