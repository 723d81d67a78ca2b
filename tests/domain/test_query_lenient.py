"""The lenient reading takes any text whatever; what is no syntax counts as words and is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from research_api.domain.errors import QueryInvalid
from research_api.domain.query import (
    MAX_WARNINGS,
    ParsedQuery,
    ProblemCode,
    parse_lenient,
    parse_strict,
    print_query,
)
from research_api.domain.text import nfc
from tests.domain.strategies import repeatable

FRAGMENTS = (
    "AND", "OR", "NOT", "(", ")", '"', "“", "title:", "year:", "foo:", "title:(", "year:(", "2015-2020", "99",
    ">=2015", "deep", "Learn*", "*", "-", ":", "深度", "\u200d", "\ufeff", "\u0301", "\ud800", " ", "\n", "½",
    "well-known",
)  # fmt: skip
fragments = st.lists(st.sampled_from(FRAGMENTS), max_size=14)
pasted_texts = fragments.map("".join) | fragments.map(" ".join) | st.text(max_size=40)


def told(parsed: ParsedQuery) -> list[tuple[str, int | None, int | None]]:
    """The warnings, without their wording."""
    return [(warning.code, warning.start, warning.end) for warning in parsed.warnings]


@pytest.mark.parametrize(
    ("text", "canonical", "warnings"),
    [
        ("Does a ratio 3:1 matter?", "does a ratio 3 1 matter", [("unknown_field", 13, 15)]),
        ('the 5" disk', "the 5 disk", [("unmatched_quote", 5, 6)]),
        ("foo:bar baz*", "foo bar baz*", [("unknown_field", 0, 4)]),
        ("https://doi.org/10.1/x?a=b", "https doi org 10 1 x a b", [("unknown_field", 0, 6)]),
        ("war AND", "war and", [("dangling_operator", 4, 7)]),
        ("OR gate", "or gate", [("dangling_operator", 0, 2)]),
        ("NOT", "not", [("dangling_operator", 0, 3)]),
        ("AND OR NOT", "and OR not", [("dangling_operator", 0, 3), ("dangling_operator", 7, 10)]),
        ("1) first", "1 first", [("unmatched_parenthesis", 1, 2)]),
        ("f(x", "f x", [("unmatched_parenthesis", 1, 2)]),
        ("f() of x", "f of x", [("empty_group", 1, 3)]),
        ('"" x', "x", [("empty_phrase", 0, 2)]),
        ("C* algebra *", "c* algebra", [("misplaced_star", 11, 12)]),
        ("a*b", "a b", [("misplaced_star", 1, 2)]),
        ("year: unknown", "year unknown", [("bad_year", 0, 13)]),
        ("year:(2015 OR soon)", "year:2015 OR soon", [("bad_year", 14, 18)]),
        ("year:(title:2015)", "title year:2015", [("nested_field", 6, 12)]),
        ("title: ", "title", [("missing_value", 0, 6)]),
        ("title:(a author:b) c", "title:(a author b) c", [("nested_field", 9, 16)]),
        ("title:(a", "title:a", [("unmatched_parenthesis", 6, 7)]),
        ("e\u0301 foo:a", "e foo a", [("unknown_field", 2, 6)]),
        (
            "BERT: Pre-training of Transformers",
            "bert pre training of transformers",
            [("unknown_field", 0, 5)],
        ),
    ],
)
def test_what_is_no_syntax_counts_as_words_with_one_warning(
    text: str, canonical: str, warnings: list[tuple[str, int, int]]
) -> None:
    parsed = parse_lenient(text)

    assert parsed.query is not None
    assert print_query(parsed.query) == canonical
    assert told(parsed) == warnings


@pytest.mark.parametrize(
    "text",
    [
        "What is the effect of caffeine on sleep, and why?",
        "Hyperparameter tuning -- a (short) review; state-of-the-art",
        "l'état de l'art “apprentissage profond” à l'école",
        "The war and peace of neural networks, or not",
        "Title: Attention is all you need. Year: 2017.",
        "p < 0.05, n = 30 & R² > 0.9",
        "深層学習による自然言語処理",
    ],
)
def test_ordinary_sentences_are_read_without_a_warning(text: str) -> None:
    assert parse_lenient(text).warnings == ()


@pytest.mark.parametrize("text", ["", "  ", "?!", "\ud800", "()", '""', "*", "\u0301"])
def test_a_text_without_words_has_no_query(text: str) -> None:
    parsed = parse_lenient(text)

    assert parsed.query is None
    assert ProblemCode.NO_WORDS in {warning.code for warning in parsed.warnings}


@repeatable
@given(pasted_texts)
def test_any_text_is_read_and_strict_agrees_wherever_nothing_was_warned_of(text: str) -> None:
    parsed = parse_lenient(text)

    if parsed.warnings:
        with pytest.raises(QueryInvalid) as raised:
            parse_strict(text)
        (fault,) = raised.value.faults
        assert (fault.start, fault.end) == told(parsed)[0][1:]
    else:
        assert parse_strict(text) == parsed.query


@repeatable
@given(pasted_texts)
def test_whatever_was_read_prints_to_a_text_without_fault(text: str) -> None:
    parsed = parse_lenient(text)

    if parsed.query is not None:
        assert parse_strict(print_query(parsed.query)) == parsed.query


@repeatable
@given(pasted_texts)
def test_warnings_point_into_the_text_from_left_to_right(text: str) -> None:
    places = [(warning.start, warning.end) for warning in parse_lenient(text).warnings]

    starts = [start for start, _ in places if start is not None]
    assert starts == sorted(starts)
    assert len(starts) == len(places) <= MAX_WARNINGS
    for start, end in places:
        assert start is not None
        assert end is not None
        assert 0 <= start <= end <= len(nfc(text))


def test_a_text_full_of_faults_is_told_of_the_first_ones() -> None:
    warnings = parse_lenient("a: " * 100).warnings

    assert [warning.start for warning in warnings] == list(range(0, 3 * MAX_WARNINGS, 3))


def test_a_warning_says_what_was_made_of_it() -> None:
    (warning,) = parse_lenient("ratio 3:1").warnings

    assert "read as words" in warning.detail
    assert "title, author, venue, year" in warning.detail
