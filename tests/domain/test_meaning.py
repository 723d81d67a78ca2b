"""What of a query counts more, and what of it becomes a vector."""

from __future__ import annotations

import pytest

from research_api.domain.query import parse_lenient, repeated_words, text_of_meaning


def meaning(text: str) -> str:
    query = parse_lenient(text).query
    assert query is not None
    return text_of_meaning(text, query)


def test_words_said_twice_are_counted_whatever_their_case_and_width() -> None:
    assert repeated_words("Deep water, DEEP sky; ｄｅｅｐ sea") == {"deep": 3}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("How do plates move?", "how do plates move"),
        ('the "double helix" of DNA', "the double helix of dna"),
        ("Plates move. How do they? ", "plates move. how do they?"),
        ("Plates move...", "plates move"),
        ("Effects of pH 7.4 vs. 7.6 on C. elegans.", "effects of ph 7.4 vs. 7.6 on c. elegans"),
        ("deep author:smith NOT water year:2010-", "deep"),
        ("(cat OR dog) food", "cat dog food"),
        ("neur* networks", "neur networks"),
        ('"deep learning" title:water', "deep learning"),
        ("author:smith", ""),
    ],
)
def test_sentences_stay_sentences_and_syntax_leaves_the_words_that_rank(text: str, expected: str) -> None:
    assert meaning(text) == expected


@pytest.mark.parametrize(
    "variant",
    [
        "Über WELL-known  Naïve\u2003sets.",
        "uber well known naive sets.",
        "ｕｂｅｒ well\u2010known naïve sets.",
    ],
)
def test_case_width_diacritics_dashes_and_blanks_make_no_difference(variant: str) -> None:
    assert meaning(variant) == "uber well known naive sets"
