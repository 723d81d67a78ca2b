"""From a question to one ranked list: by its words, by its meaning, or by both."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import structlog

from research_api.domain.errors import EmbeddingUnavailable
from research_api.domain.index import IndexHits, IndexRequest
from research_api.domain.neighbours import few
from research_api.domain.query import text_of_meaning
from research_api.domain.search import MAX_KEPT_WORKS, Mode, SearchRequest, SearchWarning, Sort
from research_api.domain.vectors import Neighbours
from research_api.services.fusion import Fusion
from research_api.services.near import NearWorks
from research_api.services.ports import SearchIndex
from research_api.services.vector_search import VectorSearch

log = structlog.get_logger(__name__)

# in another order than nearness a long list would begin with what is far away
NEAR_IF_SORTED = 100

_WORDS_ALONE = SearchWarning(
    "hybrid_is_lexical", "This server makes no vectors: the results are ranked by words alone."
)
_VECTORS_UNAVAILABLE = SearchWarning(
    "vectors_unavailable",
    "The query could not be turned into a vector: the results are ranked by words alone.",
)
_VECTORS_INCOMPLETE = SearchWarning(
    "vectors_incomplete", "Some works have no vector yet: words alone find them, and they rank by words."
)


@dataclass(frozen=True, slots=True)
class Found:
    """The ranked list, what to say about it, and whether it is less than normal.

    is_counted: its total is exact; False where nearness decides what matches.
    """

    hits: IndexHits
    warnings: tuple[SearchWarning, ...] = ()
    degraded: bool = False
    is_counted: bool = True


class Retriever:
    """Asks the index of words and, where there is one, the store of vectors."""

    def __init__(
        self,
        index: SearchIndex,
        vectors: VectorSearch | None,
        *,
        few_of: Callable[[int], int] = few,
        threads: int = 8,
    ) -> None:
        """threads: how many searches may run at once; as many again wait for the slower list beside them."""
        self._index = index
        self._vectors = vectors
        if vectors is not None:
            self._near = NearWorks(index, vectors, few_of)
            # it starts a thread with its first task, so an object made before a fork is safe after it
            executor = ThreadPoolExecutor(threads, thread_name_prefix="beside")
            self._fusion = Fusion(index, vectors, self._near, executor)

    def warm_up(self) -> None:
        """What a first search would wait for is loaded, where it can be. For a thread of its own: it may take long."""
        if self._vectors is not None and not self._vectors.warm_up():
            log.warning("not_warmed_up")

    def find(self, request: SearchRequest, asked: IndexRequest) -> Found:
        """The list for the request; `asked` is what it asks of the index.

        Raises EmbeddingUnavailable in vector mode, DatabaseUnavailable.
        """
        if request.mode is Mode.VECTOR:
            return self._by_meaning(request, asked)
        meaning = text_of_meaning(request.text, asked.query) if request.mode is Mode.HYBRID else ""
        # another order than relevance has no use for a ranking
        if not meaning or request.sort is not Sort.RELEVANCE:
            return Found(self._index.search(asked))
        if self._vectors is None:
            return Found(self._index.search(asked), (_WORDS_ALONE,))
        try:
            return self._told(self._fusion.find(meaning, asked))
        except EmbeddingUnavailable as error:
            log.warning("vectors_unavailable", detail=error.detail)
            return Found(self._index.search(asked), (_VECTORS_UNAVAILABLE,), degraded=True)

    def _by_meaning(self, request: SearchRequest, asked: IndexRequest) -> Found:
        if self._vectors is None:
            raise EmbeddingUnavailable("This server makes no vectors. Use hybrid, lexical or strict.")
        meaning = text_of_meaning(request.text, asked.query)
        if not meaning:
            # clauses alone filter, and nothing is there to be near to
            return Found(self._index.search(asked))
        is_ranked = request.sort is Sort.RELEVANCE
        limit = MAX_KEPT_WORKS if is_ranked else NEAR_IF_SORTED
        near = self._near.find(self._vectors.encode(meaning), asked, limit)
        hits = self._index.search(replace(asked, near=near.numbers, words_match=False))
        if is_ranked:
            hits = _in_order_of(near, hits)
        return self._told(hits)

    def _told(self, hits: IndexHits) -> Found:
        if self._vectors is not None and self._vectors.is_filling():
            return Found(hits, (_VECTORS_INCOMPLETE,), degraded=True, is_counted=False)
        return Found(hits, is_counted=False)


def _in_order_of(near: Neighbours, hits: IndexHits) -> IndexHits:
    """The hits nearest first, each with its cosine; what is named and not near comes last."""
    similarity = dict(zip(near.numbers, near.similarities, strict=True))
    ranked = sorted(hits.numbers, key=lambda number: (-similarity.get(number, -1.0), number))
    return replace(
        hits, numbers=tuple(ranked), scores=tuple(similarity.get(number, -1.0) for number in ranked)
    )
