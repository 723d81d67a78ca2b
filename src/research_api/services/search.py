"""A search, from the question to one page of the answer."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from research_api.domain.errors import Fault, Invalid
from research_api.domain.kept_lists import encode_kept
from research_api.domain.query import print_query
from research_api.domain.search import (
    CATALOG,
    MAX_KEPT_WORKS,
    MAX_PAGE,
    CacheState,
    Mode,
    Relation,
    SearchAnswer,
    SearchRequest,
    SearchWarning,
    SourceOutcome,
    SourceReport,
)
from research_api.domain.text import nfc
from research_api.services.answer_ports import CacheVisit
from research_api.services.asking import nothing_listed
from research_api.services.catalog_list import CatalogLister
from research_api.services.cursors import Cursor, CursorSigner
from research_api.services.federation import Asking, Federated, FederatedSearch, asks_the_same
from research_api.services.hits import hit_of, works_to_show
from research_api.services.list_keeping import keep_list, kept_list
from research_api.services.ports import WorkStore
from research_api.services.question import Question, understood
from research_api.services.source_answers import own_report

DEFAULT_DEADLINE_SECONDS = 4.0
# records asked of each source: no fewer than a page shows, and no others than these, so that equal searches share them
DEPTHS = (25, 50, MAX_PAGE)

_LIST_ENDS = SearchWarning(
    "list_ends",
    f"Only the first {MAX_KEPT_WORKS} works can be paged through. Narrow the query to see others.",
)
_NO_PAGING = SearchWarning(
    "paging_unavailable",
    "The list could not be kept, so there is no next page. Ask again, or ask for a larger page.",
)
_BY_MEANING = SearchWarning(
    "vector_asks_the_catalog", "Only the catalog has vectors: no other source was asked in this mode."
)


@dataclass(frozen=True, slots=True)
class Wish:
    """How a search is to be answered, besides what it asks.

    caller: the key that asks; tenant: its organization. deadline_seconds: the answer goes out then with what is there.
    is_fresh: it may not come from the cache. with_matches: False leaves out where the words stand, but for proofs.
    visit: the request's use of the cache, where it has begun: what it found broken is asked no more.
    """

    limit: int
    tenant: str
    caller: str = ""
    deadline_seconds: float = DEFAULT_DEADLINE_SECONDS
    is_fresh: bool = False
    with_matches: bool = True
    visit: CacheVisit | None = None


@dataclass(frozen=True, slots=True)
class _View:
    """What part of a ranked list to show; list_id None where it is not kept."""

    found: Federated
    list_id: str | None
    offset: int


class SearchService:
    """Asks the catalog alone, or all sources together."""

    def __init__(
        self,
        store: WorkStore,
        lister: CatalogLister,
        federated: FederatedSearch,
        signer: CursorSigner,
        *,
        default_sources: tuple[str, ...] = (CATALOG,),
    ) -> None:
        self._store = store
        self._lister = lister
        self._federated = federated
        self._signer = signer
        self._default_sources = default_sources

    def warm_up(self) -> None:
        """What a first search would wait for is loaded, where it can be. For a thread of its own: it may take long."""
        self._lister.warm_up()

    def search(self, request: SearchRequest, wish: Wish) -> SearchAnswer:
        """The first page.

        Raises QueryInvalid in strict mode, EmbeddingUnavailable in vector mode, DatabaseUnavailable.
        """
        begin = time.monotonic()
        question = understood(request)
        visit = wish.visit or self._federated.visit()
        found = self._found(question, replace(wish, visit=visit), begin)
        is_long = len(found.kept.numbers) > wish.limit
        list_id = None
        if is_long and not visit.is_broken:
            list_id = found.list_id or keep_list(found.encoded or encode_kept(found.kept), visit)
        warnings = [*question.warnings, *found.warnings]
        if list_id is None and is_long:
            warnings.append(_NO_PAGING)
        return self._page(replace(question, warnings=tuple(warnings)), _View(found, list_id, 0), wish)

    def next_page(self, cursor: str, wish: Wish, *, request: SearchRequest | None) -> SearchAnswer:
        """The page after the one that gave the cursor, of the list as it stood then.

        Raises CursorInvalid, Expired where the list is no longer kept, Invalid where `request` asks another
        question than the cursor's, Unavailable.
        """
        place = self._signer.read(cursor, wish.tenant)
        kept = kept_list(place.list_id, wish.visit or self._federated.visit())
        if request is not None and not asks_the_same(replace(request, text=nfc(request.text)), kept.request):
            detail = "Send the parameters of the first page again, or the cursor alone."
            raise Invalid("The cursor belongs to another search.", faults=(Fault("/cursor", detail),))
        view = _View(Federated(kept, cache=CacheState.BYPASS), place.list_id, place.offset)
        return self._page(understood(kept.request), view, wish)

    def _found(self, question: Question, wish: Wish, begin: float) -> Federated:
        """From the catalog alone where nothing else is asked, or nothing that another source could be asked."""
        names = question.request.sources or self._default_sources
        if question.request.mode is Mode.VECTOR or question.query is None or names == (CATALOG,):
            return self._own(question, wish, names, begin)
        depth = next(depth for depth in DEPTHS if depth >= wish.limit)
        asking = Asking(names, depth, wish.deadline_seconds, wish.is_fresh, wish.caller)
        return self._federated.find(question, asking, wish.visit or self._federated.visit())

    def _own(self, question: Question, wish: Wish, names: tuple[str, ...], begin: float) -> Federated:
        """The catalog's list; sources that were asked for by name and cannot be asked so are SKIPPED."""
        request = question.request
        others = [name for name in names if name != CATALOG]
        told: tuple[SearchWarning, ...] = ()
        if request.mode is Mode.VECTOR and others:
            told = (_BY_MEANING,)
        listed = nothing_listed(question)
        if CATALOG in names:
            listed = self._lister.listed(question, more_than=wish.limit)
        own = own_report(question, listed, round((time.monotonic() - begin) * 1000))
        # without a word there is nothing to ask, and nothing to miss
        unasked = SourceOutcome.EMPTY if question.query is None else SourceOutcome.SKIPPED
        is_meant = bool(request.sources) or question.query is None or CATALOG not in names
        reports = tuple(
            own if name == CATALOG else SourceReport(name, unasked, 0, 0)
            for name in names
            if is_meant or name == CATALOG
        )
        return Federated(replace(listed.kept, reports=reports), (*listed.warnings, *told), CacheState.BYPASS)

    def _page(self, question: Question, view: _View, wish: Wish) -> SearchAnswer:
        kept, request = view.found.kept, question.request
        seen = min(view.offset + wish.limit, len(kept.numbers))
        hits = tuple(
            hit
            for place, work in works_to_show(kept, range(view.offset, seen), self._store, view.found.at_hand)
            if (hit := hit_of(question, work, place, kept, with_matches=wish.with_matches)) is not None
        )
        more = view.list_id is not None and seen < len(kept.numbers)
        complete = all(one.is_answer for one in kept.reports)
        is_cut = view.list_id is None and len(kept.numbers) > wish.limit
        is_exact = complete and kept.is_counted and not kept.degraded
        is_stale = view.found.cache is CacheState.STALE
        return SearchAnswer(
            text=request.text,
            mode=request.mode,
            canonical=print_query(question.query) if question.query is not None else None,
            hits=hits,
            sources=kept.reports,
            total=kept.total,
            relation=Relation.EQUAL if is_exact else Relation.AT_LEAST,
            facets=kept.facets,
            warnings=question.warnings + ((_LIST_ENDS,) if len(kept.numbers) <= seen < kept.total else ()),
            complete=complete,
            degraded=kept.degraded or is_cut or is_stale or not complete,
            next_cursor=self._signer.sign(Cursor(str(view.list_id), seen), wish.tenant) if more else None,
            cache=view.found.cache,
            age_seconds=view.found.age_seconds,
        )
