"""The canonical text and the tree are two forms of one thing."""

from __future__ import annotations

import pytest
from hypothesis import given

from research_api.domain.query import Query, parse_strict, print_query
from research_api.domain.text import nfc
from tests.domain.strategies import query_trees, repeatable


@repeatable
@given(query_trees())
def test_what_is_printed_is_parsed_to_the_same_tree(tree: Query) -> None:
    assert parse_strict(print_query(tree)) == tree


@repeatable
@given(query_trees())
def test_the_printed_form_is_a_fixed_point_in_nfc(tree: Query) -> None:
    printed = print_query(tree)

    assert print_query(parse_strict(printed)) == printed
    assert nfc(printed) == printed


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("Deep AND  Learning", "deep learning"),
        ("a OR b c", "a OR b AND c"),
        ("(a OR b) AND c", "(a OR b) c"),
        ("NOT (a b) OR NOT c", "NOT (a b) OR NOT c"),
        ("title:(Deep OR “Neural Nets”)", 'title:(deep OR "neural nets")'),
        ("AUTHOR: O'Brien", "author:(o brien)"),
        ("NOT well-known", "NOT (well known)"),
        ('"AND"', "and"),
        ("深度学习 x", '"深度学习" x'),
        ('"深 度 x 学"', '"深度 x 学"'),
        ("한국*", "한국*"),
        ("year:2015..2015", "year:2015"),
        ("year:>2014 year:<=2020 year:2015–2020", "year:2015- year:-2020 year:2015-2020"),
    ],
)
def test_the_canonical_form(text: str, canonical: str) -> None:
    assert print_query(parse_strict(text)) == canonical


def test_a_long_group_of_one_field_prints_no_longer_than_it_was_typed() -> None:
    text = "author:(" + " ".join(f"wordnumber{number}" for number in range(250)) + ")"

    assert print_query(parse_strict(text)) == text


def test_a_clause_twice_is_a_clause_once() -> None:
    assert print_query(parse_strict('"of the" OR "of the" OR "of the"')) == '"of the"'
    assert print_query(parse_strict("a b a b a")) == "a b"


@pytest.mark.parametrize("text", ["title : deep", "TITLE   :deep", "title:deep", "title\u00a0：deep"])
def test_blanks_around_the_colon_of_a_field_change_nothing(text: str) -> None:
    assert print_query(parse_strict(text)) == "title:deep"
