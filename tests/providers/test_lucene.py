"""Identifiers in Lucene's query language, and the replays' reading of that language."""

from __future__ import annotations

import pytest

from research_api.providers import lucene
from tests.replay.clauses import Malformed
from tests.replay.lucene import document, matcher

WORK = document(
    texts={"title": ["Deep learning of lake sediments"], "abstract": ["We study graphs."]},
    keywords={"year": ["2015"], "id": ["10.5555/a*b"]},
)


@pytest.mark.parametrize(
    ("text", "reserved", "said"),
    [
        ("10.5555/a", "", '"10.5555/a"'),
        ('a"b\\c', "", r'"a\"b\\c"'),
        ("a*b?c~d:e", "*?~:", r'"a\*b\?c\~d\:e"'),
        ("a*b", "", '"a*b"'),
    ],
)
def test_a_text_is_quoted_so_that_none_of_its_signs_is_read_as_syntax(
    text: str, reserved: str, said: str
) -> None:
    assert lucene.quoted(text, reserved=reserved) == said


@pytest.mark.parametrize("text", ['10.5555/a"b', "10.5555/a\\", "10.5555/(a) AND b", "10.5555/a:b", "*"])
def test_a_quoted_text_finds_the_keyword_it_stands_for_and_no_other(text: str) -> None:
    match = matcher(f"id:{lucene.quoted(text, reserved='*?~:')}")

    assert match(document({}, {"id": [text]}))
    assert not match(document({}, {"id": [text + "x"]}))


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (None, None, ""),
        (2010, None, "year:[2010 TO *]"),
        (None, 2015, "year:[0000 TO 2015]"),
        (5, 99_999, "year:[0005 TO 9999]"),
    ],
)
def test_years_have_four_digits(first: int | None, last: int | None, said: str) -> None:
    assert lucene.year_range("year", first, last, lowest="0000") == said


def test_clauses_are_joined_and_none_is_said_twice() -> None:
    assert lucene.conjunction_of("", "") == ""
    assert lucene.conjunction_of("", "b") == "b"
    assert lucene.conjunction_of("(a AND year:1)", "year:1", "", "c") == "(a AND year:1) AND c"


def test_batches_keep_to_their_number_and_their_length_and_hold_each_text_once() -> None:
    texts = ["aa", "bb", "aa", "cc", "d" * 9, "ee"]

    assert list(lucene.batches(texts, most=2, most_characters=100)) == [
        ["aa", "bb"], ["cc", "d" * 9], ["ee"],
    ]  # fmt: skip
    assert list(lucene.batches(texts, most=9, most_characters=5)) == [["aa", "bb"], ["cc"], ["d" * 9], ["ee"]]
    assert list(lucene.batches([], most=9, most_characters=5)) == []


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ("learning", True),
        ("DEEP graphs", True),
        ("deep oceans", False),
        ("(deep OR oceans) AND year:[2010 TO *]", True),
        ("deep AND year:[2016 TO 2020]", False),
        ('title:"lake sediments"', True),
        ('title:"sediments lake"', False),
        ("title:(oceans OR sedim*)", True),
        ("graphs NOT deep", False),
        (r"id:10.5555\/a\*b", True),
        ("nowhere:deep", False),
        ("*", True),
    ],
)
def test_the_replays_find_what_lucene_would_find(query: str, is_found: bool) -> None:
    assert matcher(query)(WORK) is is_found


@pytest.mark.parametrize(
    "query", ["(deep", "deep)", '"deep', "deep AND", "OR deep", "a/b", "title:", "[1 TO"]
)
def test_the_replays_refuse_what_lucene_cannot_parse(query: str) -> None:
    with pytest.raises(Malformed):
        matcher(query)
