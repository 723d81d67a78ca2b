"""Reads the index of this host."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar, cast

import structlog
import tantivy

from research_api.catalog.layout import BuildState, IndexLayout
from research_api.catalog.schema import register_tokenizers, stem_analyzer
from research_api.catalog.translate import Translator
from research_api.domain.index import Accepted, Facts, IndexHits, IndexRequest
from research_api.domain.query import Query as QueryTree
from research_api.domain.search import FACET_VALUES, FacetCount, Filters, Sort

log = structlog.get_logger(__name__)

LOOK_AGAIN_SECONDS = 0.25
BEHIND_AFTER_SECONDS = 60.0
MAX_TITLED = 10
# by default a segment tells only of its ten times 20 most frequent values, and a value that is common over all
# segments may be in none of those lists
SEGMENT_VALUES = 65_000

T = TypeVar("T")

_ORDER_FIELDS = {Sort.NEWEST: "day", Sort.MOST_CITED: "citations"}
_FACET_FIELDS = {"year": "year", "type": "type", "venue": "venue_name", "open_access": "open_access"}
_NOTHING = IndexHits((), (), 0, MappingProxyType({}), "missing")


@dataclass(frozen=True, slots=True)
class _Open:
    """An opened build and what it looked like on disk when it was last read."""

    build: Path
    index: tantivy.Index
    translator: Translator
    mark: tuple[int, ...]
    state: BuildState | None
    is_broken: bool


class TantivySearcher:
    """Looks at the disk at most four times a second, so a commit is seen within a second and a search stays cheap.

    Nothing is opened before the first search, so an object made before a fork is safe after it.
    """

    def __init__(
        self,
        layout: IndexLayout,
        *,
        wall_clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._layout = layout
        self._wall_clock = wall_clock
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._open: _Open | None = None
        self._next_look = 0.0

    def search(self, request: IndexRequest) -> IndexHits:
        """The best `limit` works. An index that cannot be read is state "missing", and its rebuild is asked for."""
        for is_last_try in (False, True):
            opened = self._refreshed()
            if opened is None:
                return _NOTHING
            # a query that cannot be built is our mistake and no sign of a broken index
            translator = opened.translator
            query = translator.query(request)
            titled = translator.titled(request.title_key, request.filters) if request.title_key else None
            found = _unless_broken(partial(self._ask, opened, query, titled, request))
            if found is not None:
                return found
            self._forget(opened, is_broken=is_last_try)
        return _NOTHING

    def accepted(self, query: QueryTree, filters: Filters, most: int) -> Accepted | None:
        """How many works filters and the filter part of the query leave, and which, where they are at most `most`.

        None where they leave all, and where the index cannot be read.
        """
        opened = self._refreshed()
        wanted = opened.translator.accepted(query, filters) if opened is not None else None
        if opened is None or wanted is None:
            return None
        return _unless_broken(partial(_count_and_few, opened.index.searcher(), wanted, most))

    def size(self) -> int:
        """How many works the index has; 0 where it cannot be read."""
        opened = self._refreshed()
        return 0 if opened is None else opened.index.searcher().num_docs

    def state(self) -> str:
        """ "fresh", "behind", "damaged" or "missing", without searching."""
        opened = self._refreshed()
        return "missing" if opened is None else self._freshness(opened)

    def _forget(self, opened: _Open, *, is_broken: bool) -> None:
        """The next look opens anew. Broken is a build that failed twice, the second time freshly opened."""
        if is_broken:
            self._layout.mark_broken(opened.build)
        with self._lock:
            self._open = None
            self._next_look = 0.0

    def _refreshed(self) -> _Open | None:
        with self._lock:
            now = self._monotonic()
            if now >= self._next_look:
                self._next_look = now + LOOK_AGAIN_SECONDS
                self._open = self._looked()
            return self._open

    def _looked(self) -> _Open | None:
        """What is to be read now. A build may be replaced while it is being opened, so the second try decides."""
        found = _unless_broken(partial(self._look, self._open))
        if found is None and (build := self._layout.current()) is not None:
            found = _unless_broken(partial(self._look, None))
            if found is None and build == self._layout.current():
                self._layout.mark_broken(build)
        return found

    def _look(self, opened: _Open | None) -> _Open | None:
        build = self._layout.current()
        if build is None:
            return None
        mark, is_broken = _mark_of(build), self._layout.is_broken(build)
        if opened is None or opened.build != build:
            index = tantivy.Index.open(str(build))
            register_tokenizers(index)
            translator = Translator(index.schema, stem_analyzer().analyze)
            return _Open(build, index, translator, mark, self._layout.read_state(build), is_broken)
        if mark == opened.mark:
            return replace(opened, is_broken=is_broken)
        opened.index.reload()
        return replace(opened, mark=mark, state=self._layout.read_state(build), is_broken=is_broken)

    def _freshness(self, opened: _Open) -> str:
        if opened.is_broken:
            return "damaged"
        state = opened.state
        behind = state is None or self._wall_clock() - state.caught_up_at > BEHIND_AFTER_SECONDS
        return "behind" if behind else "fresh"

    def _ask(
        self, opened: _Open, query: tantivy.Query, titled: tantivy.Query | None, request: IndexRequest
    ) -> IndexHits:
        searcher = opened.index.searcher()
        found = searcher.search(query, request.limit, order_by_field=_ORDER_FIELDS.get(request.sort))
        numbers = _numbers(searcher, found)
        # equal scores stand in the order of the works' numbers, whatever segment they lie in
        ranked = sorted(zip((-score for score, _ in found.hits), numbers, strict=True))
        return IndexHits(
            numbers=tuple(number for _, number in ranked),
            scores=tuple(-score for score, _ in ranked),
            total=found.count,  # type: ignore[attr-defined] # the stub lacks it
            facets=_facets(searcher, query, request.facets),
            state=self._freshness(opened),
            titled=_numbers(searcher, searcher.search(titled, MAX_TITLED)) if titled is not None else (),
            facts=_facts(searcher, found, numbers, [number for _, number in ranked[: request.facts_for]]),
        )


def _unless_broken(read: Callable[[], T]) -> T | None:
    """What was read, or None where the index cannot be read."""
    try:
        return read()
    except BaseException as error:
        # Tantivy's panics derive from BaseException: a damaged file must not end the worker
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        log.warning("index_unreadable", error=type(error).__name__)
        return None


def _mark_of(build: Path) -> tuple[int, ...]:
    marks = []
    for name in ("meta.json", "state.json"):
        try:
            stat = (build / name).stat()
        except FileNotFoundError:
            continue
        marks += [stat.st_mtime_ns, stat.st_ino]
    return tuple(marks)


def _numbers(searcher: tantivy.Searcher, found: tantivy.SearchResult) -> tuple[int, ...]:
    addresses = [address for _, address in found.hits]
    return tuple(cast("list[int]", searcher.fast_field_values("key", addresses)))


def _facts(
    searcher: tantivy.Searcher, found: tantivy.SearchResult, numbers: Sequence[int], wanted: Sequence[int]
) -> tuple[Facts, ...]:
    if not wanted:
        return ()
    # `hits` is a new list each time it is read
    address_of = dict(zip(numbers, [address for _, address in found.hits], strict=True))
    addresses = [address_of[number] for number in wanted]
    years, citations = (searcher.fast_field_values(name, addresses) for name in ("year", "citations"))
    return tuple(Facts(int(year or 0), int(count or 0)) for year, count in zip(years, citations, strict=True))


def _count_and_few(searcher: tantivy.Searcher, query: tantivy.Query, most: int) -> Accepted:
    total: int = searcher.search(query, 1).count  # type: ignore[attr-defined] # the stub lacks it
    if total > most:
        return Accepted(total, None)
    return Accepted(total, _numbers(searcher, searcher.search(query, max(total, 1))))


def _facets(
    searcher: tantivy.Searcher, query: tantivy.Query, names: tuple[str, ...]
) -> Mapping[str, tuple[FacetCount, ...]]:
    if not names:
        return MappingProxyType({})
    wanted = {
        name: {"terms": {"field": _FACET_FIELDS[name], "size": FACET_VALUES, "segment_size": SEGMENT_VALUES}}
        for name in names
    }
    counted = searcher.aggregate(query, wanted)
    return MappingProxyType(
        {name: tuple(_facet_count(bucket) for bucket in counted[name]["buckets"]) for name in names}
    )


def _facet_count(bucket: Mapping[str, Any]) -> FacetCount:
    return FacetCount(str(bucket.get("key_as_string", bucket["key"])), int(bucket["doc_count"]))
