"""In a ranked search words and phrases rank; NOT, years and field clauses filter."""

from __future__ import annotations

import pytest
from hypothesis import given

from research_api.domain.query import (
    Phrase,
    Query,
    Word,
    document_of,
    filter_part,
    match,
    parse_strict,
    print_query,
    ranking_leaves,
)
from research_api.domain.works import Work
from tests.domain.strategies import common_words, query_trees, repeatable, works


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("deep learning", None),
        ('"deep learning" OR graph*', None),
        ("deep NOT shallow", "NOT shallow"),
        ("deep NOT (shallow OR title:wide)", "NOT (shallow OR title:wide)"),
        ("deep year:2015- author:smith", "year:2015- author:smith"),
        ("deep OR year:2015", None),
        ("title:deep OR year:2015", "title:deep OR year:2015"),
        ("(deep title:a) OR venue:b", "title:a OR venue:b"),
        ("(deep OR title:a) venue:b", "venue:b"),
        ("NOT deep", "NOT deep"),
    ],
)
def test_the_condition_of_a_query(text: str, condition: str | None) -> None:
    part = filter_part(parse_strict(text))

    assert (None if part is None else print_query(part)) == condition


@repeatable
@given(query_trees(common_words), works())
def test_a_work_that_satisfies_the_query_satisfies_its_condition(query: Query, work: Work) -> None:
    """So that a filter never hides what a strict search would find."""
    document = document_of(work)
    condition = filter_part(query)

    if match(query, document) is not None and condition is not None:
        assert match(condition, document) is not None


@repeatable
@given(query_trees(common_words))
def test_the_condition_of_a_condition_is_itself(query: Query) -> None:
    condition = filter_part(query)

    if condition is not None:
        assert filter_part(condition) == condition


def test_the_leaves_that_rank_come_once_and_in_order() -> None:
    query = parse_strict('b a* NOT c (b OR title:b OR "a b") year:2015 author:"x y" NOT (d NOT e)')

    assert ranking_leaves(query) == (
        Word("b"),
        Word("a", prefix=True),
        Word("b", "title"),
        Phrase(("a", "b")),
        Phrase(("x", "y"), "author"),
    )


def test_a_query_of_conditions_alone_ranks_nothing() -> None:
    assert ranking_leaves(parse_strict("year:2015 NOT deep")) == ()
