"""A search, from the question to one page of the answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import structlog

from research_api.domain.errors import Expired, Fault, Invalid
from research_api.domain.identifiers import is_work_id, recognise
from research_api.domain.index import IndexHits, IndexRequest, KeptList
from research_api.domain.merging import title_key
from research_api.domain.query import (
    Document,
    Query,
    document_of,
    filter_part,
    highlight,
    match,
    parse_lenient,
    parse_strict,
    print_query,
)
from research_api.domain.search import (
    MAX_KEPT_WORKS,
    Hit,
    MatchSpan,
    Mode,
    Relation,
    SearchAnswer,
    SearchRequest,
    SearchWarning,
    Sort,
    SourceOutcome,
    SourceReport,
)
from research_api.domain.text import nfc
from research_api.domain.works import Identifier, Work, work_id_from_number, work_number
from research_api.services.cursors import Cursor, CursorSigner
from research_api.services.joining import joined
from research_api.services.ports import ListStore, SearchIndex, WorkStore

log = structlog.get_logger(__name__)

KEEP_LIST_SECONDS = 15 * 60
MAX_EXACT_HITS = 10

_HYBRID_IS_LEXICAL = SearchWarning(
    "hybrid_is_lexical", "This server has no vectors yet: the results are ranked by words alone."
)
_NO_INDEX = SearchWarning(
    "index_missing",
    "The search index is being built: only works named by identifier or whole title are found.",
)
_INDEX_BEHIND = SearchWarning("index_behind", "The search index lacks the newest changes of the catalog.")
_LIST_ENDS = SearchWarning(
    "list_ends",
    f"Only the first {MAX_KEPT_WORKS} works can be paged through. Narrow the query to see others.",
)
_NO_PAGING = SearchWarning(
    "paging_unavailable",
    "The list could not be kept, so there is no next page. Ask again, or ask for a larger page.",
)


@dataclass(frozen=True, slots=True)
class _Question:
    """A request, understood: query is None where no word was left of it.

    identifier: what the whole text is, outside strict mode. condition: what a stored text must satisfy besides
    being found; None in strict mode, which proves the whole query, and where an identifier names the work.
    """

    request: SearchRequest
    query: Query | None
    warnings: tuple[SearchWarning, ...]
    identifier: Identifier | None = None
    condition: Query | None = None


@dataclass(frozen=True, slots=True)
class _View:
    """What part of a ranked list to show; list_id None where it is not kept."""

    kept: KeptList
    list_id: str | None
    offset: int
    limit: int


class SearchService:
    """Asks the catalog. Other sources will be asked beside it."""

    def __init__(
        self,
        store: WorkStore,
        index: SearchIndex,
        lists: ListStore,
        signer: CursorSigner,
        *,
        default_sources: tuple[str, ...] = ("catalog",),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._index = index
        self._lists = lists
        self._signer = signer
        self._default_sources = default_sources
        self._monotonic = monotonic

    def search(self, request: SearchRequest, *, limit: int, tenant: str) -> SearchAnswer:
        """The first page.

        Raises QueryInvalid in strict mode, Invalid for a mode this server lacks, DatabaseUnavailable.
        """
        begin = self._monotonic()
        question = _understood(request)
        if "catalog" not in (request.sources or self._default_sources):
            return self._page(question, _View(_nothing_kept(question.request), None, 0, limit), tenant, begin)
        kept, state = self._ranked(question, more_than=limit)
        list_id = self._kept_under(kept, limit)
        question = replace(question, warnings=question.warnings + _state_warnings(state))
        if list_id is None and len(kept.numbers) > limit:
            question = replace(question, warnings=(*question.warnings, _NO_PAGING))
        return self._page(question, _View(kept, list_id, 0, limit), tenant, begin)

    def next_page(
        self, cursor: str, *, request: SearchRequest | None, limit: int, tenant: str
    ) -> SearchAnswer:
        """The page after the one that gave the cursor, of the list as it stood then.

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
        view = _View(kept, place.list_id, place.offset, limit)
        return self._page(_understood(kept.request), view, tenant, begin)

    def _ranked(self, question: _Question, *, more_than: int) -> tuple[KeptList, str]:
        request = question.request
        is_strict = request.mode is Mode.STRICT
        named = [] if is_strict else self._named(question)
        hits = IndexHits((), (), 0, {}, "fresh")
        if question.query is not None:
            hits = self._index.search(
                IndexRequest(
                    query=question.query,
                    strict=is_strict,
                    filters=request.filters,
                    sort=request.sort,
                    facets=request.facets,
                    limit=max(MAX_KEPT_WORKS, more_than),
                    named=tuple(named),
                    title_key=None if is_strict else title_key(request.text),
                )
            )
        if not is_strict:
            named += self._titled(request, hits if question.query is not None else None)
        return joined(request, hits, list(dict.fromkeys(named))), hits.state

    def _named(self, question: _Question) -> list[int]:
        """The work that the whole text names by an identifier or its id, where it satisfies the filters."""
        text = question.request.text.strip()
        ids = [text] if is_work_id(text) else []
        if question.identifier is not None:
            ids = list(self._store.ids_of([question.identifier]).values())
        return self._accepted(question.request, ids)

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

    def _page(self, question: _Question, view: _View, tenant: str, begin: float) -> SearchAnswer:
        request, kept = question.request, view.kept
        ids = [work_id_from_number(one) for one in kept.numbers[view.offset : view.offset + view.limit]]
        works = self._store.by_ids(ids)
        hits = tuple(
            hit
            for place, work_id in enumerate(ids, start=view.offset)
            if work_id in works and not _stands_elsewhere(works[work_id], work_id, kept)
            if (hit := _hit(question, works[work_id], place, kept)) is not None
        )
        seen = view.offset + len(ids)
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
            relation=Relation.EQUAL if complete and not kept.degraded else Relation.AT_LEAST,
            facets=kept.facets,
            warnings=question.warnings + ((_LIST_ENDS,) if MAX_KEPT_WORKS <= seen < kept.total else ()),
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


def _understood(request: SearchRequest) -> _Question:
    request = replace(request, text=nfc(request.text))
    if request.mode is Mode.VECTOR:
        detail = "This server has no vectors yet. Use hybrid, lexical or strict."
        raise Invalid("The mode is not available.", faults=(Fault("/mode", detail),))
    if request.mode is Mode.STRICT:
        return _Question(request, parse_strict(request.text), ())
    parsed = parse_lenient(request.text)
    identifier = recognise(request.text)
    # the colon of doi:10.1000/x is no unknown field
    warnings = () if identifier else parsed.warnings
    if request.mode is Mode.HYBRID:
        warnings = (*warnings, _HYBRID_IS_LEXICAL)
    condition = filter_part(parsed.query) if parsed.query is not None and identifier is None else None
    return _Question(request, parsed.query, warnings, identifier, condition)


def _stands_elsewhere(work: Work, asked_id: str, kept: KeptList) -> bool:
    """True for a work that was merged into another one of the list since the list was made."""
    return work.id != asked_id and work_number(work.id) in kept.numbers


def _passes(question: _Question, work: Work, document: Document) -> bool:
    """NOT, year: and field clauses hold in the stored text too, unless the text is this very work's title."""
    return (
        question.condition is None
        or match(question.condition, document) is not None
        or title_key(question.request.text) == title_key(work.title)
    )


def _hit(question: _Question, work: Work, place: int, kept: KeptList) -> Hit | None:
    """The hit with its spans, or None where the stored text does not satisfy what the index promised."""
    spans: Sequence[MatchSpan] = ()
    if question.query is not None:
        document = document_of(work)
        strict = question.request.mode is Mode.STRICT
        proof = match(question.query, document) if strict else highlight(question.query, document)
        if proof is None or not (question.request.filters.accept(work) and _passes(question, work, document)):
            log.info("index_disagrees", work=work.id)
            return None
        spans = proof
    score = kept.scores[place] if question.request.sort is Sort.RELEVANCE else None
    return Hit(work, place + 1, score, tuple(spans))


def _nothing_kept(request: SearchRequest) -> KeptList:
    return KeptList(request, (), (), 0, {}, False)


def _state_warnings(state: str) -> tuple[SearchWarning, ...]:
    return {"missing": (_NO_INDEX,), "behind": (_INDEX_BEHIND,)}.get(state, ())
