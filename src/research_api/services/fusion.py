"""One list out of two, each of which is asked for while the other is on its way.

beside:  words -> vectors of the best    ........    vectors of the near ones
here:    encode -> nearest works         words of the near ones         fuse
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from contextvars import copy_context
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from research_api.domain.errors import DatabaseUnavailable, EmbeddingUnavailable
from research_api.domain.index import Facts, IndexHits, IndexRequest
from research_api.domain.query import filter_part
from research_api.domain.ranking import POOL, Pool, fused_scores
from research_api.domain.vectors import EmbeddingModel, Matrix, Neighbours
from research_api.services.near import NearWorks
from research_api.services.ports import SearchIndex
from research_api.services.vector_search import Encoded, VectorSearch

T = TypeVar("T")

_FROM_GOOD_TO_BAD = ("fresh", "behind", "damaged", "missing")


@dataclass(frozen=True, slots=True)
class _Rows:
    """Vectors by the works' numbers, of one model."""

    model: EmbeddingModel | None
    row_of: dict[int, Matrix]


@dataclass(frozen=True, slots=True)
class _Drawn:
    """The works to rank: the scores of their words, and what the index knows of them."""

    words: dict[int, float]
    facts: dict[int, Facts]


class Fusion:
    """Asks both lists and ranks the best of each anew. The executor's threads wait for the database at most."""

    def __init__(
        self, index: SearchIndex, vectors: VectorSearch, near: NearWorks, executor: Executor
    ) -> None:
        self._index = index
        self._vectors = vectors
        self._near = near
        self._executor = executor

    def find(self, meaning: str, asked: IndexRequest) -> IndexHits:
        """The works that match by words or by `meaning`, ranked. Raises EmbeddingUnavailable, DatabaseUnavailable."""
        by_words = self._beside(lambda: self._words_first(asked))
        try:
            encoded = self._vectors.encode(meaning)
        except (EmbeddingUnavailable, DatabaseUnavailable):
            # nobody will look at it
            by_words.cancel()
            raise
        near = self._near.find(encoded, asked, POOL)
        hits, rows = by_words.result()
        best = dict(zip(hits.numbers[:POOL], hits.scores[:POOL], strict=True))
        others = tuple(number for number in near.numbers if number not in best)
        if rows.model != encoded.model:
            rows = self._rows(encoded.model, list(best))
        other_rows = self._beside(lambda: self._rows(encoded.model, list(others)))
        asked = replace(asked, near=_worth(near, encoded))
        found = self._words_of(others, asked)
        drawn = _Drawn(
            best | dict(zip(found.numbers, found.scores, strict=True)),
            dict(zip([*best, *found.numbers], [*hits.facts, *found.facts], strict=True)),
        )
        ranked = _ranked(encoded, drawn, rows.row_of | other_rows.result().row_of)
        return _before_the_rest(ranked, self._counted(hits, found, asked))

    def _beside(self, ask: Callable[[], T]) -> Future[T]:
        """The answer to come from another thread, whose log lines belong to this request."""
        return self._executor.submit(copy_context().run, ask)

    def _words_first(self, asked: IndexRequest) -> tuple[IndexHits, _Rows]:
        hits = self._index.search(replace(asked, facets=(), facts_for=POOL))
        model = self._vectors.current_model()
        return hits, self._rows(model, list(hits.numbers[:POOL]))

    def _rows(self, model: EmbeddingModel | None, numbers: list[int]) -> _Rows:
        if model is None or not numbers:
            return _Rows(model, {})
        known, rows = self._vectors.vectors_of(model, numbers)
        return _Rows(model, dict(zip(known.tolist(), rows, strict=True)))

    def _words_of(self, others: tuple[int, ...], asked: IndexRequest) -> IndexHits:
        """Those of them that clauses and filters leave, with the scores of their words."""
        if not others:
            return IndexHits((), (), 0, {}, "fresh")
        near = tuple(set(asked.near).intersection(others))
        again = replace(asked, only=others, near=near, limit=len(others), facts_for=len(others))
        return self._index.search(replace(again, facets=(), title_key=None))

    def _counted(self, hits: IndexHits, found: IndexHits, asked: IndexRequest) -> IndexHits:
        """The hits of the words with the total and the facets of both lists, and the worst state that was seen."""
        if asked.facets:
            both = self._index.search(replace(asked, limit=1, title_key=None))
            state = _worst(hits, found, both)
            return replace(hits, total=both.total, facets=both.facets, state=state)
        have_words, state = self._with_words(hits, found, asked)
        return replace(hits, total=hits.total + len(found.numbers) - have_words, state=state)

    def _with_words(self, hits: IndexHits, found: IndexHits, asked: IndexRequest) -> tuple[int, str]:
        """How many of the found ones the list of the words has counted already, and the worst state."""
        if filter_part(asked.query) is None and not asked.named:
            # nothing but words gives a score
            return sum(score > 0 for score in found.scores), _worst(hits, found)
        if len(hits.numbers) >= hits.total or not found.numbers:
            return len(set(found.numbers).intersection(hits.numbers)), _worst(hits, found)
        by_words = replace(asked, near=(), only=found.numbers, limit=1, title_key=None)
        counted = self._index.search(by_words)
        return counted.total, _worst(hits, found, counted)


def _worst(*answers: IndexHits) -> str:
    """The index may break, or be built anew, between two questions."""
    return max((one.state for one in answers), key=_FROM_GOOD_TO_BAD.index)


def _worth(near: Neighbours, encoded: Encoded) -> tuple[int, ...]:
    """Those that are near enough to be an answer without a single word of the query."""
    pairs = zip(near.numbers, near.similarities, strict=True)
    return tuple(number for number, similarity in pairs if similarity >= encoded.least_similarity)


def _ranked(encoded: Encoded, drawn: _Drawn, row_of: dict[int, Matrix]) -> list[tuple[int, float]]:
    numbers = list(drawn.words)
    if not numbers:
        return []
    matrix = np.zeros((len(numbers), encoded.model.dimensions), dtype=np.float32)
    similarity = np.full(len(numbers), np.nan)
    places = [place for place, number in enumerate(numbers) if number in row_of]
    if places:
        matrix[places] = [row_of[numbers[place]] for place in places]
        similarity[places] = matrix[places] @ encoded.vector
    scores = fused_scores(
        Pool(
            words=np.array(list(drawn.words.values()), dtype=np.float64),
            similarity=similarity,
            vectors=matrix,
            years=np.array([drawn.facts[one].year for one in numbers], dtype=np.int64),
            citations=np.array([drawn.facts[one].citations for one in numbers], dtype=np.int64),
        )
    )
    return sorted(zip(numbers, scores.tolist(), strict=True), key=lambda one: (-one[1], one[0]))


def _before_the_rest(ranked: Sequence[tuple[int, float]], hits: IndexHits) -> IndexHits:
    """The fused works, then the others in the order of their words with scores below."""
    first = {number for number, _ in ranked}
    rest = [one for one in zip(hits.numbers, hits.scores, strict=True) if one[0] not in first]
    top, floor = max((score for _, score in rest), default=0.0), min((s for _, s in ranked), default=1.0)
    below = [(number, floor * score / (top + 1.0)) for number, score in rest]
    together = [*ranked, *below]
    return replace(hits, numbers=tuple(n for n, _ in together), scores=tuple(score for _, score in together))
