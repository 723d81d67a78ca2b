"""What is asked of a search index, and ranked lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from research_api.domain.query import Query
from research_api.domain.search import FacetCount, Filters, Placed, SearchRequest, Sort, SourceReport
from research_api.domain.works import Work


@dataclass(frozen=True, slots=True)
class IndexRequest:
    """One question to the index. strict: `query` must hold; else its leaves rank and its filter part holds.

    repeats: how often the text has each of its words; a word counts the more for it. Only where not strict.
    near: works that match as well, if filters and the filter part of the query hold; they are found by meaning.
    words_match: False leaves only those; then no word ranks.
    only: nothing but these works, None for all. facts_for: how many of the best come with their `facts`.
    named: works that match whatever the query says; only where not strict.
    title_key: works whose whole title has this key are named too, None where that is not asked.
    """

    query: Query
    strict: bool
    filters: Filters
    sort: Sort
    facets: tuple[str, ...]
    limit: int
    named: tuple[int, ...] = ()
    title_key: bytes | None = None
    repeats: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    near: tuple[int, ...] = ()
    words_match: bool = True
    only: tuple[int, ...] | None = None
    facts_for: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """What the index knows of a work besides its words: its year, 0 where unknown, and its citations."""

    year: int
    citations: int


@dataclass(frozen=True, slots=True)
class IndexHits:
    """Works best first, as `works.work_number` numbers them, their scores, and how many match in all.

    state: "fresh", "behind" (changes wait for longer than a minute), "damaged" (being built anew; hits and total may be
    wrong) or "missing" (nothing to ask; hits empty).
    titled: the works with the title that was asked, ten at most; they satisfy the filters.
    facts: of the first works, as many as were asked for.
    """

    numbers: tuple[int, ...]
    scores: tuple[float, ...]
    total: int
    facets: Mapping[str, tuple[FacetCount, ...]]
    state: str
    titled: tuple[int, ...] = ()
    facts: tuple[Facts, ...] = ()


@dataclass(frozen=True, slots=True)
class Accepted:
    """Works that filters and the filter part of a query leave: how many, and which, where they are few enough."""

    total: int
    numbers: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class KeptList:
    """A ranked list as it stood when `request` first asked, so that its pages have no gap and no repeat.

    numbers: the works as `works.work_number` numbers them. Writing out a thousand ids costs 10 ms, and a page
    needs ten. is_counted: total is exact; False where nearness decides what matches.
    works: those that sources other than the catalog told of, as they were then. placed: where the sources put them; the
    catalog alone puts a work where the list has it. reports: what each source answered.
    """

    request: SearchRequest
    numbers: tuple[int, ...]
    scores: tuple[float, ...]
    total: int
    facets: Mapping[str, tuple[FacetCount, ...]]
    degraded: bool
    is_counted: bool = True
    works: Mapping[int, Work] = field(default_factory=lambda: MappingProxyType({}))
    placed: Mapping[int, tuple[Placed, ...]] = field(default_factory=lambda: MappingProxyType({}))
    reports: tuple[SourceReport, ...] = ()
