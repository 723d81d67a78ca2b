"""Two lists become one."""

from __future__ import annotations

import numpy as np
import pytest

from research_api.domain.ranking import CIRCLE, Pool, fused_scores
from research_api.domain.vectors import Matrix


def pool(words: list[float], vectors: Matrix, query: Matrix, **given: list[int]) -> Pool:
    """Every work with its vector; a row of zeros has none."""
    has_vector = vectors.any(axis=1)
    return Pool(
        words=np.array(words),
        similarity=np.where(has_vector, vectors @ query, np.nan),
        vectors=vectors,
        years=np.array(given.get("years", [0] * len(words))),
        citations=np.array(given.get("citations", [0] * len(words))),
    )


def unit(*rows: list[float]) -> Matrix:
    """The rows at length 1; zeros stay."""
    matrix = np.array(rows, dtype=np.float32)
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    return matrix / np.where(lengths == 0, 1, lengths)


def spread(count: int) -> Matrix:
    """Works that are near to none of the others: one axis each."""
    return np.eye(count, dtype=np.float32)


def order(scores: np.ndarray) -> list[int]:
    return np.argsort(-scores, kind="stable").tolist()


def test_scores_lie_between_0_and_1_and_words_and_nearness_both_count() -> None:
    query = unit([1.0, 0.5, 0, 0, 0])[0]

    scores = fused_scores(pool([0.0, 0.0, 9.0, 0.0, 0.0], spread(5), query))

    assert ((scores > 0) & (scores < 1)).all()
    assert set(order(scores)[:3]) == {0, 1, 2}


def test_the_nearest_work_beats_the_one_with_more_words_where_both_stand_out_alike() -> None:
    """Nearness weighs two thirds."""
    query = unit([1.0, 0, 0, 0, 0])[0]

    scores = fused_scores(pool([0.0, 9.0, 0.0, 0.0, 0.0], spread(5), query))

    assert order(scores)[:2] == [0, 1]


def test_a_work_without_a_vector_has_average_nearness() -> None:
    """It is neither lost behind the far ones nor set before the near ones, if its words say the same."""
    near, far = [1.0, 0.1, 0.0, 0.0], [0.0, 0.1, 1.0, 0.0]
    vectors = unit(near, [0.0, 0.0, 0.0, 0.0], far, [0.0, 1.0, 0.0, 1.0])
    query = unit([1.0, 0.0, 0.0, 0.0])[0]

    scores = fused_scores(pool([3.0, 3.0, 3.0, 3.0], vectors, query))

    assert order(scores)[0] == 0
    assert scores[1] > scores[2]


def test_without_any_vector_the_words_alone_rank() -> None:
    scores = fused_scores(pool([1.0, 3.0, 2.0], np.zeros((3, 4), dtype=np.float32), np.ones(4, np.float32)))

    assert order(scores) == [1, 2, 0]


def test_works_near_to_good_ones_rise() -> None:
    """Of two works alike in words and nearness, the one in a circle of good ones comes first."""
    good = [[1.0, 0.0, 0.0, 0.1 * place] for place in range(CIRCLE)]
    beside_good, alone = [0.5, 0.86, 0.0, 0.0], [0.5, 0.0, 0.86, 0.0]
    beside_bad = [[0.0, 0.1 * place, 1.0, 0.0] for place in range(CIRCLE + 1)]
    vectors = unit(*good, beside_good, alone, *beside_bad)
    words = [5.0] * CIRCLE + [1.0, 1.0] + [0.0] * (CIRCLE + 1)

    scores = fused_scores(pool(words, vectors, unit([1.0, 0.0, 0.0, 0.0])[0]))

    assert scores[CIRCLE] > scores[CIRCLE + 1]


@pytest.mark.parametrize(
    ("given", "first"),
    [({"citations": [0, 5000, 0]}, 1), ({"years": [1990, 1990, 2020]}, 2), ({"years": [0, 1950, 1950]}, 1)],
)
def test_citations_and_recency_decide_between_equals(given: dict[str, list[int]], first: int) -> None:
    vectors = np.zeros((3, 2), dtype=np.float32)

    scores = fused_scores(pool([1.0, 1.0, 1.0], vectors, np.ones(2, np.float32), **given))

    assert order(scores)[0] == first


@pytest.mark.parametrize("list_name", ["words", "similarity"])
def test_citations_and_recency_never_outweigh_a_tenth_of_a_standard_deviation(list_name: str) -> None:
    """Both works stand in one circle, so that it does no more than take its share of each."""
    values = np.linspace(0.0, 1.0, 41)
    values[-1] = values[-2] + 0.1 * values.std()
    assert 0.09 < (values[-1] - values[-2]) / values.std() < 0.11
    years, citations = np.full(41, 1900), np.zeros(41, dtype=int)
    years[-2], citations[-2] = 2026, 10**9
    # the first three are near to all others alike
    vectors = np.zeros((41, 44), dtype=np.float32)
    vectors[:3, :3] = np.eye(3)
    vectors[3:, :3], vectors[3:, 6:] = 0.1, np.eye(38)

    scores = fused_scores(
        Pool(
            vectors=vectors,
            years=years,
            citations=citations,
            **{"words": np.zeros(41), "similarity": np.zeros(41), list_name: values},
        )
    )

    assert order(scores)[:2] == [40, 39]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 12])
def test_any_number_of_works_can_be_ranked(count: int) -> None:
    scores = fused_scores(pool([1.0] * count, spread(count), np.ones(count, np.float32)))

    assert scores.shape == (count,)
    assert np.isfinite(scores).all()
