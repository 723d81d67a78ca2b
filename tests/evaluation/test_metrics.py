"""nDCG and recall, worked out by hand and by trec_eval."""

from __future__ import annotations

import math
import random

import pytest

from ops.eval.metrics import mean, ndcg, percentile, recall

GRADES = {"a": 3, "b": 2, "c": 1, "d": 0}


def test_the_ideal_order_has_an_ndcg_of_one() -> None:
    assert ndcg(["a", "b", "c", "x"], GRADES) == pytest.approx(1.0)


def test_ndcg_is_the_discounted_sum_of_grades_over_that_of_the_ideal_order() -> None:
    """c, x, a at the places 1, 2, 3, whose discounts are log2 of 2, 3 and 4."""
    found = 1 / 1 + 0 + 3 / 2
    ideal = 3 / 1 + 2 / math.log2(3) + 1 / 2

    assert ndcg(["c", "x", "a"], GRADES) == pytest.approx(found / ideal)


def test_the_ideal_order_has_judged_works_that_were_not_found() -> None:
    assert ndcg(["b"], GRADES) == pytest.approx(2 / (3 + 2 / math.log2(3) + 1 / 2))


def test_what_stands_below_the_depth_counts_neither_in_the_list_nor_in_the_ideal() -> None:
    grades = {str(number): 1 for number in range(20)}

    assert ndcg([str(number) for number in range(20)], grades) == pytest.approx(1.0)
    assert ndcg(["x"] * 10 + ["1"], grades) == 0.0


def test_a_grade_below_zero_counts_as_none() -> None:
    assert ndcg(["spam", "a"], {"a": 1, "spam": -2}) == pytest.approx(1 / math.log2(3))


def test_recall_counts_works_above_zero_down_to_the_depth() -> None:
    grades = {"a": 1, "b": 2, "c": 0, "late": 1}

    assert recall(["c", "a", "b", *map(str, range(97)), "late"], grades) == pytest.approx(2 / 3)
    assert recall(["c", "a", "b", *map(str, range(96)), "late"], grades) == 1.0


def test_without_any_work_above_zero_both_are_zero() -> None:
    assert (ndcg(["a"], {"a": 0}), recall(["a"], {"a": 0}), ndcg([], GRADES), recall([], GRADES)) == (0,) * 4


def test_percentiles_lie_between_neighbours_in_proportion() -> None:
    values = [float(number) for number in range(1, 102)]

    assert (percentile(values, 50), percentile(values, 95), percentile([7.0], 95)) == (51.0, 96.0, 7.0)
    assert percentile([10.0, 20.0], 95) == pytest.approx(19.5)


def test_the_mean_of_nothing_is_zero() -> None:
    assert (mean([]), percentile([], 50), mean([1.0, 2.0])) == (0.0, 0.0, 1.5)


def test_trec_eval_finds_the_same() -> None:
    """Lists and judgements at random: graded, unjudged and negative works, short lists, ideals of any length."""
    trec = pytest.importorskip("pytrec_eval", reason="pytrec-eval-terrier has no wheel for this processor")
    draw = random.Random(7)
    names = [f"w{number}" for number in range(300)]
    grades = {
        str(query): {one: draw.choice((-1, 0, 1, 1, 2, 4)) for one in draw.sample(names, draw.randint(1, 60))}
        for query in range(200)
    }
    ranked = {query: draw.sample(names, draw.randint(1, 150)) for query in grades}
    runs = {
        query: {work: -float(place) for place, work in enumerate(works)} for query, works in ranked.items()
    }

    found = trec.RelevanceEvaluator(grades, {"ndcg_cut_10", "recall_100"}).evaluate(runs)

    assert [ndcg(ranked[one], grades[one]) for one in grades] == pytest.approx(
        [found[one]["ndcg_cut_10"] for one in grades]
    )
    assert [recall(ranked[one], grades[one]) for one in grades] == pytest.approx(
        [found[one]["recall_100"] for one in grades]
    )
