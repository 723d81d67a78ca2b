"""From a question to one ranked list: by its words, by its meaning, or by both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import structlog

from research_api.domain.errors import EmbeddingUnavailable
from research_api.domain.index import Facts, IndexHits, IndexRequest
from research_api.domain.query import text_of_meaning, year_bounds
from research_api.domain.ranking import POOL, Pool, fused_scores
from research_api.domain.search import MAX_KEPT_WORKS, Mode, SearchRequest, SearchWarning, Sort
from research_api.domain.vectors import Neighbours
from research_api.services.ports import SearchIndex
from research_api.services.vector_search import COMPARED_ONE_BY_ONE, Encoded, VectorSearch

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
        self, index: SearchIndex, vectors: VectorSearch | None, *, compared_most: int = COMPARED_ONE_BY_ONE
    ) -> None:
        self._index = index
        self._vectors = vectors
        self._compared_most = compared_most

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
            encoded = self._vectors.encode(meaning)
        except EmbeddingUnavailable as error:
            log.warning("vectors_unavailable", detail=error.detail)
            return Found(self._index.search(asked), (_VECTORS_UNAVAILABLE,), degraded=True)
        return self._by_both(self._vectors, encoded, asked)

    def _by_meaning(self, request: SearchRequest, asked: IndexRequest) -> Found:
        if self._vectors is None:
            raise EmbeddingUnavailable("This server makes no vectors. Use hybrid, lexical or strict.")
        meaning = text_of_meaning(request.text, asked.query)
        if not meaning:
            # clauses alone filter, and nothing is there to be near to
            return Found(self._index.search(asked))
        is_ranked = request.sort is Sort.RELEVANCE
        near = self._near(
            self._vectors.encode(meaning), asked, MAX_KEPT_WORKS if is_ranked else NEAR_IF_SORTED
        )
        hits = self._index.search(replace(asked, near=near.numbers, words_match=False))
        if is_ranked:
            hits = _in_order_of(near, hits)
        return self._told(hits)

    def _by_both(self, vectors: VectorSearch, encoded: Encoded, asked: IndexRequest) -> Found:
        near = self._near(encoded, asked, POOL)
        worth = _worth(near, encoded)
        hits = self._index.search(replace(asked, near=worth, facts_for=POOL))
        pool, facts = self._pool(hits, near, replace(asked, near=worth))
        ranked = self._ranked(vectors, encoded, pool, facts)
        return self._told(_before_the_rest(ranked, hits))

    def _near(self, encoded: Encoded, asked: IndexRequest, limit: int) -> Neighbours:
        if self._vectors is None:
            return Neighbours()
        accepted = self._index.accepted(asked.query, asked.filters, self._compared_most)
        bounds = year_bounds(asked.query)
        filters = asked.filters.within_years(bounds.first, bounds.last)
        if bounds.is_whole or accepted is None or accepted.numbers is not None:
            return self._vectors.nearest(encoded, filters, accepted, limit)
        # Postgres knows nothing of words and names: of a longer list the index tells what the other clauses leave
        near = self._vectors.nearest(encoded, filters, accepted, MAX_KEPT_WORKS)
        return self._left_of(near, asked, limit)

    def _left_of(self, near: Neighbours, asked: IndexRequest, limit: int) -> Neighbours:
        """The nearest ones of those that filters and clauses leave."""
        only = replace(
            asked, near=near.numbers, only=near.numbers, words_match=False, facets=(), title_key=None
        )
        left = set(self._index.search(replace(only, limit=max(len(near.numbers), 1))).numbers)
        pairs = [one for one in zip(near.numbers, near.similarities, strict=True) if one[0] in left][:limit]
        return Neighbours(tuple(number for number, _ in pairs), tuple(cosine for _, cosine in pairs))

    def _pool(
        self, hits: IndexHits, near: Neighbours, asked: IndexRequest
    ) -> tuple[dict[int, float], dict[int, Facts]]:
        """The best of both lists with the scores of their words; the index knows which of the near ones may stay."""
        by_words = dict(zip(hits.numbers[:POOL], hits.scores[:POOL], strict=True))
        facts = dict(zip(hits.numbers[:POOL], hits.facts, strict=True))
        others = tuple(number for number in near.numbers if number not in by_words)
        if others:
            again = replace(asked, only=others, limit=len(others), facts_for=len(others))
            found = self._index.search(replace(again, facets=(), title_key=None))
            by_words |= zip(found.numbers, found.scores, strict=True)
            facts |= zip(found.numbers, found.facts, strict=True)
        return by_words, facts

    @staticmethod
    def _ranked(
        vectors: VectorSearch, encoded: Encoded, by_words: dict[int, float], facts: dict[int, Facts]
    ) -> list[tuple[int, float]]:
        numbers = list(by_words)
        if not numbers:
            return []
        known, rows = vectors.vectors_of(encoded.model, numbers)
        place_of = {number: place for place, number in enumerate(numbers)}
        places = [place_of[number] for number in known.tolist()]
        matrix = np.zeros((len(numbers), encoded.model.dimensions), dtype=np.float32)
        matrix[places] = rows
        similarity = np.full(len(numbers), np.nan)
        similarity[places] = rows @ encoded.vector
        scores = fused_scores(
            Pool(
                words=np.array(list(by_words.values()), dtype=np.float64),
                similarity=similarity,
                vectors=matrix,
                years=np.array([facts[one].year for one in numbers], dtype=np.int64),
                citations=np.array([facts[one].citations for one in numbers], dtype=np.int64),
            )
        )
        return sorted(zip(numbers, scores.tolist(), strict=True), key=lambda one: (-one[1], one[0]))

    def _told(self, hits: IndexHits) -> Found:
        if self._vectors is not None and self._vectors.is_filling():
            return Found(hits, (_VECTORS_INCOMPLETE,), degraded=True, is_counted=False)
        return Found(hits, is_counted=False)


def _worth(near: Neighbours, encoded: Encoded) -> tuple[int, ...]:
    """Those that are near enough to be an answer without a single word of the query."""
    pairs = zip(near.numbers, near.similarities, strict=True)
    return tuple(number for number, similarity in pairs if similarity >= encoded.least_similarity)


def _in_order_of(near: Neighbours, hits: IndexHits) -> IndexHits:
    """The hits nearest first, each with its cosine; what is named and not near comes last."""
    similarity = dict(zip(near.numbers, near.similarities, strict=True))
    ranked = sorted(hits.numbers, key=lambda number: (-similarity.get(number, -1.0), number))
    return replace(
        hits, numbers=tuple(ranked), scores=tuple(similarity.get(number, -1.0) for number in ranked)
    )


def _before_the_rest(ranked: Sequence[tuple[int, float]], hits: IndexHits) -> IndexHits:
    """The fused works, then the others in the order of their words with scores below."""
    first = {number for number, _ in ranked}
    rest = [one for one in zip(hits.numbers, hits.scores, strict=True) if one[0] not in first]
    top, floor = max((score for _, score in rest), default=0.0), min((s for _, s in ranked), default=1.0)
    below = [(number, floor * score / (top + 1.0)) for number, score in rest]
    together = [*ranked, *below]
    return replace(hits, numbers=tuple(n for n, _ in together), scores=tuple(score for _, score in together))
