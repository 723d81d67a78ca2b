"""What a search asks and what it answers, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from research_api.domain.works import Work

MAX_QUERY_CHARACTERS = 4_000
MAX_PAGE = 100
MAX_KEPT_WORKS = 1_000
MAX_BATCH_IDS = 500
FACETS = ("year", "type", "venue", "open_access")
FACET_VALUES = 20
CATALOG = "catalog"
SOURCE_NAMES = (
    "catalog", "openalex", "semanticscholar", "crossref", "arxiv", "europepmc", "pubmed", "doaj", "core", "datacite",
)  # fmt: skip
# whom lists of references and citations may come from: one more source knows citations and nothing else
EDGE_SOURCE_NAMES = (*SOURCE_NAMES, "opencitations")


class Mode(StrEnum):
    """How a query is understood: hybrid and lexical rank by it, strict proves it, vector ranks by meaning."""

    HYBRID = "hybrid"
    STRICT = "strict"
    LEXICAL = "lexical"
    VECTOR = "vector"


class Sort(StrEnum):
    """The order of the results."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    MOST_CITED = "most_cited"


class Versions(StrEnum):
    """Whether a preprint is shown beside its publication, or only the publication."""

    COLLAPSE = "collapse"
    KEEP = "keep"


class SourceOutcome(StrEnum):
    """What came of asking one source."""

    OK = "ok"
    EMPTY = "empty"
    TIMEOUT = "timeout"
    RATE_LIMITED = "rate_limited"
    SUSPENDED = "suspended"
    SKIPPED = "skipped"
    STALE = "stale"
    ERROR = "error"


class CacheState(StrEnum):
    """Where an answer comes from; bypass: the cache has no part in it."""

    HIT = "hit"
    MISS = "miss"
    STALE = "stale"
    BYPASS = "bypass"


class Relation(StrEnum):
    """Whether a total is exact or a lower bound."""

    EQUAL = "eq"
    AT_LEAST = "gte"


@dataclass(frozen=True, slots=True)
class Filters:
    """What every result must satisfy besides the query; None and empty mean no restriction.

    year_from, year_to: both inclusive; a work without a year fails either. open_access False wants closed
    or unknown works. min_citations: an unknown count is 0.
    """

    year_from: int | None = None
    year_to: int | None = None
    types: tuple[str, ...] = ()
    open_access: bool | None = None
    min_citations: int | None = None
    exclude_retracted: bool = False

    def within_years(self, first: int | None, last: int | None) -> Filters:
        """The same, and no year before the first or after the last."""
        firsts = [year for year in (self.year_from, first) if year is not None]
        lasts = [year for year in (self.year_to, last) if year is not None]
        return replace(self, year_from=max(firsts, default=None), year_to=min(lasts, default=None))

    def accept(self, work: Work) -> bool:
        """True where the work satisfies every one of them."""
        year_ok = (self.year_from is None or (work.year is not None and work.year >= self.year_from)) and (
            self.year_to is None or (work.year is not None and work.year <= self.year_to)
        )
        return (
            year_ok
            and (not self.types or work.type in self.types)
            and (self.open_access is None or bool(work.open_access.is_oa) is self.open_access)
            and (self.min_citations is None or (work.citation_count or 0) >= self.min_citations)
            and not (self.exclude_retracted and work.retracted)
        )


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """One question. `sources` empty means the default set; `facets` names what to count."""

    text: str
    mode: Mode = Mode.HYBRID
    sort: Sort = Sort.RELEVANCE
    filters: Filters = Filters()
    sources: tuple[str, ...] = ()
    facets: tuple[str, ...] = ()
    versions: Versions = Versions.COLLAPSE


def request_to_body(request: SearchRequest) -> dict[str, Any]:
    """The request as JSON data; `request_from_body` is the inverse."""
    return asdict(request)


def request_from_body(body: dict[str, Any]) -> SearchRequest:
    """The request that `request_to_body` was given, also after a way through JSON."""
    filters = dict(body["filters"])
    filters["types"] = tuple(filters["types"])
    return SearchRequest(
        text=body["text"],
        mode=Mode(body["mode"]),
        sort=Sort(body["sort"]),
        filters=Filters(**filters),
        sources=tuple(body["sources"]),
        facets=tuple(body["facets"]),
        versions=Versions(body["versions"]),
    )


@dataclass(frozen=True, slots=True)
class MatchSpan:
    """Half-open code point offsets into the NFC text of the field: title, abstract, venue, year, authors.N.name."""

    field: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Placed:
    """Where one source put a work: its 1-based place in the source's own list, and the id it has there."""

    name: str
    rank: int
    id: str


@dataclass(frozen=True, slots=True)
class Hit:
    """One result. rank: 1-based place in the list. score: None where another order was asked.

    placed: where the sources put it, at least one.
    """

    work: Work
    rank: int
    score: float | None
    matches: tuple[MatchSpan, ...] = ()
    placed: tuple[Placed, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchWarning:
    """Something the caller should know; start and end point into the query text where one place is meant."""

    code: str
    detail: str
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class SourceReport:
    """What one source answered. sent: the string really sent, None where nothing was."""

    name: str
    outcome: SourceOutcome
    count: int
    latency_ms: int
    sent: str | None = None

    @property
    def is_answer(self) -> bool:
        """True where the source told what it has, if anything."""
        return self.outcome in (SourceOutcome.OK, SourceOutcome.EMPTY)


@dataclass(frozen=True, slots=True)
class FacetCount:
    """How many of all matching works have the value."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """One page of results and everything needed to trust it.

    text: the query in NFC, into which warnings point. canonical: the query as understood, None without any word.
    complete: every asked source was ok or empty. degraded: anything less than normal.
    age_seconds: since the sources were asked, where the answer was kept; else None.
    """

    text: str
    mode: Mode
    canonical: str | None
    hits: tuple[Hit, ...]
    sources: tuple[SourceReport, ...]
    total: int
    relation: Relation
    facets: Mapping[str, tuple[FacetCount, ...]] = field(default_factory=lambda: MappingProxyType({}))
    warnings: tuple[SearchWarning, ...] = ()
    complete: bool = True
    degraded: bool = False
    next_cursor: str | None = None
    cache: CacheState = CacheState.BYPASS
    age_seconds: int | None = None
