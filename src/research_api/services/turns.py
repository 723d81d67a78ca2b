"""One asking of a question: what is asked of whom until when, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from research_api.domain.batch import Incoming
from research_api.domain.blending import Counted
from research_api.domain.previews import Looked
from research_api.domain.search import SourceReport
from research_api.domain.works import Work
from research_api.services.answer_ports import CacheVisit
from research_api.services.catalog_list import Listed
from research_api.services.gathered import Gathered
from research_api.services.question import Question


@dataclass(frozen=True, slots=True)
class Turn:
    """One asking of a question. names: of the sources, in the order of the reports; depth: records wanted of each.

    until: of the monotonic clock. passes_by: answers that are kept stand in for sources that fail, and for no others.
    asks_sources: False where the time for them is over: those that have no kept answer are TIMEOUT.
    """

    question: Question
    names: tuple[str, ...]
    depth: int
    until: float
    visit: CacheVisit
    passes_by: bool = False
    asks_sources: bool = True


@dataclass(frozen=True, slots=True)
class AtHand:
    """The catalog's list, the works at its head, and of each of these the words that were asked."""

    listed: Listed
    counted: Mapping[int, Counted]
    works: Mapping[int, Work] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Own:
    """What this side does with its part. list: the catalog's list. look: what is stored that records may touch.

    on_late: gets the records of each source that came after the deadline.
    """

    list: Callable[[], AtHand]
    look: Callable[[Sequence[Incoming]], Looked]
    on_late: Callable[[Sequence[Incoming]], None]


@dataclass(frozen=True, slots=True)
class Answers:
    """By source: what it gave, and what is said of it. old: those that stand in with an older answer.

    age_seconds: of the oldest answer among those that are fresh; 0 where all were asked just now. old_seconds: of the
    oldest one that stands in. looked: what is stored that the records may touch, as far as that was found in time.
    """

    given: Mapping[str, Gathered]
    reports: Mapping[str, SourceReport]
    catalog: AtHand | None
    old: frozenset[str]
    age_seconds: float = 0.0
    old_seconds: float = 0.0
    looked: Looked = field(default_factory=Looked)
