"""The catalog's own ranked list for a question: what the text names, then what words and meaning find."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from research_api.domain.identifiers import is_work_id
from research_api.domain.index import IndexHits, IndexRequest, KeptList
from research_api.domain.merging import title_key
from research_api.domain.query import Query, repeated_words
from research_api.domain.search import MAX_KEPT_WORKS, Mode, SearchRequest, SearchWarning
from research_api.domain.works import work_number
from research_api.services.joining import joined
from research_api.services.ports import WorkStore
from research_api.services.question import Question
from research_api.services.retrieval import Found, Retriever
from research_api.services.versions import as_asked

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


@dataclass(frozen=True, slots=True)
class Listed:
    """named: how many works at the head of the list are there because the text names them.

    is_stale: the index lacked changes, or was being built.
    """

    kept: KeptList
    warnings: tuple[SearchWarning, ...]
    named: int
    is_stale: bool


class CatalogLister:
    """Asks the catalog."""

    def __init__(self, store: WorkStore, retriever: Retriever) -> None:
        self._store = store
        self._retriever = retriever

    def warm_up(self) -> None:
        """What a first search would wait for is loaded, where it can be. For a thread of its own: it may take long."""
        self._retriever.warm_up()

    def listed(self, question: Question, *, more_than: int) -> Listed:
        """The list, of MAX_KEPT_WORKS or `more_than` works at most.

        Raises EmbeddingUnavailable in vector mode, DatabaseUnavailable.
        """
        request = question.request
        ids = self._named(question)
        named = self._accepted(request, ids)
        found = Found(IndexHits((), (), 0, {}, "fresh"))
        if question.query is not None:
            found = self._retriever.find(request, _asked(question.query, request, named, more_than))
        if request.mode is not Mode.STRICT:
            named += self._titled(request, found.hits if question.query is not None else None)
        named = list(dict.fromkeys(named))
        warnings = [*_state_warnings(found.hits.state), *found.warnings]
        if question.identifiers and not ids:
            warnings.append(_UNKNOWN_IDENTIFIER)
        is_stale = found.hits.state != "fresh"
        kept = as_asked(joined(request, found, named), self._store)
        return Listed(kept, tuple(warnings), len(named), is_stale)

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


def _asked(query: Query, request: SearchRequest, named: Sequence[int], more_than: int) -> IndexRequest:
    is_strict = request.mode is Mode.STRICT
    return IndexRequest(
        query=query,
        strict=is_strict,
        filters=request.filters,
        sort=request.sort,
        facets=request.facets,
        limit=max(MAX_KEPT_WORKS, more_than),
        named=tuple(named),
        title_key=None if is_strict else title_key(request.text),
        repeats={} if is_strict else repeated_words(request.text),
    )


def _state_warnings(state: str) -> tuple[SearchWarning, ...]:
    return {"missing": (_NO_INDEX,), "behind": (_INDEX_BEHIND,), "damaged": (_INDEX_DAMAGED,)}.get(state, ())
