"""One ranking of several lists."""

from __future__ import annotations

import pytest

from research_api.domain.blending import Counted, blended, counted_words, forms_of, word_scores
from research_api.domain.works import Record


def counted(title: str, asked: str, abstract: str | None = None) -> Counted:
    return counted_words(Record("s", "1", title, abstract=abstract), forms_of(asked.split()))


def test_a_plural_is_the_word_and_its_singular() -> None:
    assert dict(counted("Networks of network nets", "network").counts) == {"network": 2}
    assert dict(counted("A network", "networks").counts) == {"networks": 1}
    assert dict(counted("Gas and ga", "gas").counts) == {"gas": 1}


def test_title_and_abstract_count_and_their_length_is_told() -> None:
    assert counted("Deep water", "water", "Water is deep.") == Counted({"water": 2}, 5)


def test_rare_words_weigh_more_and_a_word_asked_twice_counts_twice() -> None:
    texts = {1: "common rare", 2: "common other", 3: "common else", 4: "another thing"}
    by_number = {number: counted(text, "common rare other") for number, text in texts.items()}

    once = word_scores(by_number, ["common", "rare", "other"])
    twice = word_scores(by_number, ["common", "rare", "other", "other"])

    assert once[1] == once[2] == 1.0
    assert 0 < once[3] < 1 > once[4] == 0.0
    assert twice[2] > twice[1]


def test_nothing_asked_and_nothing_found_have_no_scores() -> None:
    assert word_scores({}, ["a"]) == {}
    assert word_scores({1: counted("b", "a")}, ["a"]) == {1: 0.0}


def test_a_work_that_more_lists_have_comes_first() -> None:
    ranked = blended({"a": [1, 2, 3], "b": [4, 3], "c": [5, 3]}, {})

    assert ranked[0][0] == 3
    assert sorted(number for number, _ in ranked) == [1, 2, 3, 4, 5]


def test_the_list_of_the_catalog_weighs_as_much_as_all_others_together() -> None:
    ranked = dict(blended({"a": [1], "b": [2], "catalog": [3]}, {}))

    assert ranked[3] == pytest.approx(ranked[1] + ranked[2])


def test_words_decide_between_works_of_equal_places_and_equal_works_stand_by_their_numbers() -> None:
    assert [number for number, _ in blended({"a": [1], "b": [2]}, {2: 1.0})] == [2, 1]
    assert [number for number, _ in blended({"a": [7], "b": [2]}, {})] == [2, 7]


def test_the_best_of_all_in_everything_has_score_one() -> None:
    ranked = blended({"catalog": [1, 2], "b": [1]}, {1: 1.0})

    assert ranked[0] == (1, pytest.approx(1.0))
    assert 0 < ranked[1][1] < 1
