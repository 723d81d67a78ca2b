"""A search, from the question to one page of the answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from research_api.domain.errors import Expired, Fault, Invalid
from research_api.domain.identifiers import is_work_id
from research_api.domain.index import IndexHits, IndexRequest, KeptList
from research_api.domain.merging import title_key
from research_api.domain.query import print_query, repeated_words
from research_api.domain.search import (
    MAX_KEPT_WORKS,
    Mode,
    Relation,
    SearchAnswer,
    SearchRequest,
    SearchWarning,
    SourceOutcome,
    SourceReport,
)
from research_api.domain.text import nfc
from research_api.domain.works import work_number
from research_api.services.cursors import Cursor, CursorSigner
from research_api.services.hits import hit_of, works_to_show
from research_api.services.joining import joined
from research_api.services.ports import ListStore, WorkStore
from research_api.services.question import Question, understood
from research_api.services.retrieval import Found, Retriever
from research_api.services.versions import as_asked

KEEP_LIST_SECONDS = 15 * 60
MAX_EXACT_HITS = 10

_NO_INDEX = SearchWarning(
    "index_missing",
    "The search index is being built: only works named by identifier or whole title are found.",
)
_INDEX_BEHIND = SearchWarning("index_behind", "The search index lacks the newest changes of the catalog.")
_INDEX_DAMAGED = SearchWarning(
    "index_damaged", "The search index is being built anew; until it is, works may be missing or miscounted."
)
_UNKNOWN_IDENTIFIER = SearchWarning(
    "unknown_identifier", "No work has this identifier: the results match its words."
)
_LIST_ENDS = SearchWarning(
    "list_ends",
    f"Only the first {MAX_KEPT_WORKS} works can be paged through. Narrow the query to see others.",
)
_NO_PAGING = SearchWarning(
    "paging_unavailable",
    "The list could not be kept, so there is no next page. Ask again, or ask for a larger page.",
)


@dataclass(frozen=True, slots=True)
class _View:
    """What part of a ranked list to show; list_id None where it is not kept."""

    kept: KeptList
    list_id: str | None
    offset: int
    limit: int
    with_matches: bool = True


class SearchService:
    """Asks the catalog. Other sources will be asked beside it."""

    def __init__(
        self,
        store: WorkStore,
        retriever: Retriever,
        lists: ListStore,
        signer: CursorSigner,
        *,
        default_sources: tuple[str, ...] = ("catalog",),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._retriever = retriever
        self._lists = lists
        self._signer = signer
        self._default_sources = default_sources
        self._monotonic = monotonic

    def warm_up(self) -> None:
        """What a first search would wait for is loaded, where it can be. For a thread of its own: it may take long."""
        self._retriever.warm_up()

    def search(
        self, request: SearchRequest, *, limit: int, tenant: str, with_matches: bool = True
    ) -> SearchAnswer:
        """The first page. with_matches: False leaves out where the words stand, except for proofs.

        Raises QueryInvalid in strict mode, EmbeddingUnavailable in vector mode, DatabaseUnavailable.
        """
        begin = self._monotonic()
        question = understood(request)
        if "catalog" not in (request.sources or self._default_sources):
            return self._page(question, _View(_nothing_kept(question.request), None, 0, limit), tenant, begin)
        named = self._named(question)
        kept, told = self._ranked(question, named, more_than=limit)
        list_id = self._kept_under(kept, limit)
        warnings = [*question.warnings, *told]
        if question.identifiers and not named:
            warnings.append(_UNKNOWN_IDENTIFIER)
        if list_id is None and len(kept.numbers) > limit:
            warnings.append(_NO_PAGING)
        question = replace(question, warnings=tuple(warnings))
        return self._page(question, _View(kept, list_id, 0, limit, with_matches), tenant, begin)

    def next_page(
        self,
        cursor: str,
        *,
        request: SearchRequest | None,
        limit: int,
        tenant: str,
        with_matches: bool = True,
    ) -> SearchAnswer:
        """The page after the one that gave the cursor, of the list as it stood then; with_matches as for `search`.

        Raises CursorInvalid, Expired where the list is no longer kept, Invalid where `request` asks another
        question than the cursor's, Unavailable.
        """
        begin = self._monotonic()
        place = self._signer.read(cursor, tenant)
        kept = self._lists.get(place.list_id)
        if kept is None:
            raise Expired("This list is no longer kept. Search again without the cursor.")
        if request is not None and replace(request, text=nfc(request.text)) != kept.request:
            detail = "Send the parameters of the first page again, or the cursor alone."
            raise Invalid("The cursor belongs to another search.", faults=(Fault("/cursor", detail),))
        view = _View(kept, place.list_id, place.offset, limit, with_matches)
        return self._page(understood(kept.request), view, tenant, begin)

    def _ranked(
        self, question: Question, ids: Sequence[str], *, more_than: int
    ) -> tuple[KeptList, tuple[SearchWarning, ...]]:
        request = question.request
        is_strict = request.mode is Mode.STRICT
        named = self._accepted(request, ids)
        found = Found(IndexHits((), (), 0, {}, "fresh"))
        if question.query is not None:
            asked = IndexRequest(
                query=question.query,
                strict=is_strict,
                filters=request.filters,
                sort=request.sort,
                facets=request.facets,
                limit=max(MAX_KEPT_WORKS, more_than),
                named=tuple(named),
                title_key=None if is_strict else title_key(request.text),
                repeats={} if is_strict else repeated_words(request.text),
            )
            found = self._retriever.find(request, asked)
        if not is_strict:
            named += self._titled(request, found.hits if question.query is not None else None)
        kept = as_asked(joined(request, found, list(dict.fromkeys(named))), self._store)
        return kept, (*_state_warnings(found.hits.state), *found.warnings)

    def _named(self, question: Question) -> list[str]:
        """The work that the whole text names by an identifier or its id; in strict mode it names none."""
        text = question.request.text.strip()
        if question.identifiers:
            known = self._store.ids_of(question.identifiers)
            return [known[one] for one in question.identifiers if one in known][:1]
        return [text] if is_work_id(text) and question.request.mode is not Mode.STRICT else []

    def _titled(self, request: SearchRequest, hits: IndexHits | None) -> list[int]:
        """The works whose whole title the text is; the index is asked where it has the newest of them."""
        if hits is not None and hits.state == "fresh":
            return list(hits.titled)
        return self._accepted(request, self._store.ids_by_title(title_key(request.text), MAX_EXACT_HITS))

    def _accepted(self, request: SearchRequest, ids: Sequence[str]) -> list[int]:
        works = self._store.by_ids(ids) if ids else {}
        return [
            work_number(works[one].id) for one in ids if one in works and request.filters.accept(works[one])
        ]

    def _kept_under(self, kept: KeptList, limit: int) -> str | None:
        return self._lists.put(kept, KEEP_LIST_SECONDS) if len(kept.numbers) > limit else None

    def _page(self, question: Question, view: _View, tenant: str, begin: float) -> SearchAnswer:
        request, kept = question.request, view.kept
        seen = min(view.offset + view.limit, len(kept.numbers))
        hits = tuple(
            hit
            for place, work in works_to_show(kept, range(view.offset, seen), self._store)
            if (hit := hit_of(question, work, place, kept, with_matches=view.with_matches)) is not None
        )
        more = view.list_id is not None and seen < len(kept.numbers)
        canonical = print_query(question.query) if question.query is not None else None
        elapsed_ms = round((self._monotonic() - begin) * 1000)
        reports = self._reports(
            kept, SourceReport("catalog", SourceOutcome.OK, len(hits), elapsed_ms, canonical)
        )
        degraded = kept.degraded or (view.list_id is None and len(kept.numbers) > view.limit)
        complete = all(one.outcome in (SourceOutcome.OK, SourceOutcome.EMPTY) for one in reports)
        return SearchAnswer(
            text=request.text,
            mode=request.mode,
            canonical=canonical,
            hits=hits,
            sources=reports,
            total=kept.total,
            relation=Relation.EQUAL
            if complete and kept.is_counted and not kept.degraded
            else Relation.AT_LEAST,
            facets=kept.facets,
            warnings=question.warnings + ((_LIST_ENDS,) if len(kept.numbers) <= seen < kept.total else ()),
            complete=complete,
            degraded=degraded or not complete,
            next_cursor=self._signer.sign(Cursor(str(view.list_id), seen), tenant) if more else None,
        )

    def _reports(self, kept: KeptList, catalog: SourceReport) -> tuple[SourceReport, ...]:
        if kept.degraded:
            catalog = replace(catalog, outcome=SourceOutcome.STALE)
        elif not kept.numbers:
            catalog = replace(catalog, outcome=SourceOutcome.EMPTY)
        return tuple(
            catalog if name == "catalog" else SourceReport(name, SourceOutcome.SKIPPED, 0, 0)
            for name in kept.request.sources or self._default_sources
        )


def _nothing_kept(request: SearchRequest) -> KeptList:
    return KeptList(request, (), (), 0, {}, degraded=False)


def _state_warnings(state: str) -> tuple[SearchWarning, ...]:
    return {"missing": (_NO_INDEX,), "behind": (_INDEX_BEHIND,), "damaged": (_INDEX_DAMAGED,)}.get(state, ())
