"""One ranking out of two lists: what the words say, and what the vectors say.

docs/ranking.md has the figures that chose every number here, and what was tried beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from research_api.domain.vectors import Matrix, Numbers

Floats = npt.NDArray[np.float64]

# the best works of each list that are ranked anew; the others keep the order of their words
POOL = 200
WORDS_WEIGHT = 0.33
# a work that is near to everything is near to this query as well, so its nearness counts for less
CROWD, CROWD_WEIGHT = 10, 0.15
# works that are near to each other answer the same question: each takes on some of its nearest ones' scores
CIRCLE, CIRCLE_WEIGHT = 3, 0.15
# together less than a tenth of a standard deviation of the words alone, which counts 0.028 after the circle
CITATIONS_WEIGHT, MANY_CITATIONS = 0.015, 10_000
RECENCY_WEIGHT, RECENT_YEARS = 0.008, 20


@dataclass(frozen=True, slots=True)
class Pool:
    """The works to rank, each a place in every array.

    words: BM25, 0 where no word matches. similarity: cosine with the query, NaN without a vector. vectors: a row
    for each work, zeros without a vector. years: 0 where unknown. citations: 0 where unknown.
    """

    words: Floats
    similarity: Floats
    vectors: Matrix
    years: Numbers
    citations: Numbers


def fused_scores(pool: Pool) -> Floats:
    """A score between 0 and 1 for each work, comparable within this pool only.

    Words and nearness count as standard scores over the pool; a work without a vector has the average nearness.
    """
    has_vector = ~np.isnan(pool.similarity)
    circle, crowdedness = _kin(pool.vectors)
    nearness = np.where(has_vector, pool.similarity - CROWD_WEIGHT * crowdedness, np.nan)
    scores = WORDS_WEIGHT * _standard(pool.words) + (1 - WORDS_WEIGHT) * _standard(nearness)
    scores = _with_circle(scores, circle, has_vector) + _prior(pool)
    found: Floats = 1.0 / (1.0 + np.exp(-scores))
    return found


def _kin(vectors: Matrix) -> tuple[Numbers, Floats]:
    """For each work the places of those in its circle, nearest first, and its mean cosine with its crowd.

    A work that is alone has itself and 0. Partial sorting of the places takes four times as long as this.
    """
    others = len(vectors) - 1
    if others < 1:
        return np.zeros((len(vectors), 1), dtype=np.int64), np.zeros(len(vectors))
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -np.inf)
    crowd = np.partition(cosines, -min(CROWD, others), axis=1)[:, -min(CROWD, others) :]
    circle = []
    for _ in range(min(CIRCLE, others)):
        circle.append(cosines.argmax(axis=1))
        cosines[np.arange(len(vectors)), circle[-1]] = -np.inf
    return np.stack(circle, axis=1), crowd.mean(axis=1, dtype=np.float64)


def _standard(values: Floats) -> Floats:
    """Standard scores; what is unknown is average."""
    known = values[~np.isnan(values)]
    spread = float(known.std()) if known.size else 0.0
    if spread < 1e-9:
        return np.zeros_like(values)
    found: Floats = np.nan_to_num((values - known.mean()) / spread)
    return found


def _with_circle(scores: Floats, circle: Numbers, has_vector: npt.NDArray[np.bool_]) -> Floats:
    """Scores drawn towards the mean of the nearest works'; where a work has no vector, nothing is near."""
    if int(has_vector.sum()) <= CIRCLE:
        return scores
    drawn = (1 - CIRCLE_WEIGHT) * scores + CIRCLE_WEIGHT * scores[circle].mean(axis=1)
    found: Floats = np.where(has_vector, drawn, scores)
    return found


def _prior(pool: Pool) -> Floats:
    """What speaks for a work whatever the query is: that it is cited, and that it is new beside the others."""
    cited = np.minimum(np.log1p(pool.citations) / np.log1p(MANY_CITATIONS), 1.0)
    newest = int(pool.years.max(initial=0))
    age = newest - pool.years
    recent = np.where(pool.years > 0, np.maximum(1.0 - age / RECENT_YEARS, 0.0), 0.0)
    found: Floats = CITATIONS_WEIGHT * cited + RECENCY_WEIGHT * recent
    return found
