"""What is asked of a search index, and ranked lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from research_api.domain.query import Query
from research_api.domain.search import FacetCount, Filters, SearchRequest, Sort


@dataclass(frozen=True, slots=True)
class IndexRequest:
    """One question to the index. strict: `query` must hold; else its leaves rank and its filter part holds.

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


@dataclass(frozen=True, slots=True)
class IndexHits:
    """Works best first, as `works.work_number` numbers them, their scores, and how many match in all.

    state: "fresh", "behind" (changes wait for longer than a minute), "damaged" (being built anew; hits and total may be
    wrong) or "missing" (nothing to ask; hits empty).
    titled: the works with the title that was asked, ten at most; they satisfy the filters.
    """

    numbers: tuple[int, ...]
    scores: tuple[float, ...]
    total: int
    facets: Mapping[str, tuple[FacetCount, ...]]
    state: str
    titled: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class KeptList:
    """A ranked list as it stood when `request` first asked, so that its pages have no gap and no repeat.

    numbers: the works as `works.work_number` numbers them. Writing out a thousand ids costs 10 ms, and a page
    needs ten.
    """

    request: SearchRequest
    numbers: tuple[int, ...]
    scores: tuple[float, ...]
    total: int
    facets: Mapping[str, tuple[FacetCount, ...]]
    degraded: bool
