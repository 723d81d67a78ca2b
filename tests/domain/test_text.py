"""Words are the same however a text is cased, composed, widened or hyphenated."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from research_api.domain.text import (
    MAX_REMEMBERED_CHARACTERS,
    CharacterTable,
    Token,
    fold,
    is_cjk_token,
    nfc,
    tokenize,
    words,
)
from tests.domain.strategies import repeatable

BLOCK = 0x1000


def _blocks() -> list[str]:
    """Every assigned character, each between two letters."""
    blocks = []
    for first in range(0, sys.maxunicode + 1, BLOCK):
        characters = (chr(code) for code in range(first, first + BLOCK))
        known = [c for c in characters if unicodedata.category(c) not in {"Cn", "Co"}]
        if known:
            blocks.append(" ".join(f"a{character}b" for character in known))
    return blocks


BLOCKS = _blocks()


@pytest.mark.slow
@pytest.mark.parametrize(
    "vary",
    [
        str.upper,
        str.lower,
        lambda text: unicodedata.normalize("NFD", text),
        lambda text: unicodedata.normalize("NFKC", text),
    ],
    ids=["upper", "lower", "NFD", "NFKC"],
)
def test_no_character_of_unicode_has_other_words_in_another_case_or_form(vary: Callable[[str], str]) -> None:
    for block in BLOCKS:
        assert words(nfc(vary(block))) == words(nfc(block))


@pytest.mark.slow
def test_every_folded_word_of_unicode_is_one_word_that_folds_to_itself() -> None:
    """A printed query is parsed again, so folding twice must be folding once."""
    for block in BLOCKS:
        folded = words(nfc(block))

        assert words(nfc(" ".join(folded))) == folded


def test_a_folded_word_is_stable_where_nfc_reorders_spacing_marks() -> None:
    """Two of the few spacing marks that NFC sorts, kept apart by a joiner that folding drops."""
    (folded,) = words("a\u302e\u034f\U0001d165b")

    assert words(nfc(folded)) == [folded]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Gödel, Escher, Bach", ["godel", "escher", "bach"]),
        ("STRASSE straße ẞ", ["strasse", "strasse", "ss"]),
        ("Ørsted Łukasiewicz Đorđe Ħal", ["orsted", "lukasiewicz", "dorde", "hal"]),
        ("Æther œuvre Ðe þing ŧ ı İ", ["aether", "oeuvre", "de", "thing", "t", "i", "i"]),
        ("ΣΊΣΥΦΟΣ σίσυφος", ["σισυφοσ", "σισυφοσ"]),
        ("ᾼ ᾳ ΑΙ", ["αι", "αι", "αι"]),
        ("ｄｅｅｐ　ﬁeld ①", ["deep", "field", "1"]),
        ("H₂O x² 10⁻³", ["h2o", "x2", "10", "3"]),
        ("한국", ["한국"]),
        ("हिन्दी", ["हिनदी"]),
    ],
)
def test_words_are_folded(text: str, expected: list[str]) -> None:
    assert words(nfc(text)) == [unicodedata.normalize("NFKD", word) for word in expected]


@pytest.mark.parametrize(
    "hyphen", ["-", "\u2010", "\u2011", "–", "—", "\u2212", "'", "’", "ʼ", "_", "/", "\u200b", "\n"]
)
def test_hyphens_apostrophes_and_blanks_separate(hyphen: str) -> None:
    assert tokenize(f"well{hyphen}known") == [Token("well", 0, 4), Token("known", 5, 10)]


@pytest.mark.parametrize("layout", ["\u00ad", "\u200c", "\u200d", "\u2060", "\ufeff"])
def test_layout_characters_vanish_inside_a_word(layout: str) -> None:
    assert tokenize(f"{layout}co{layout}operate{layout}") == [Token("cooperate", 1, 11)]


def test_marks_extend_a_word_and_do_not_make_one() -> None:
    text = "\u0301 x\u0302y\u0302 \u0301"

    assert tokenize(text) == [Token("xy", 2, 6)]


def test_a_character_that_folds_to_several_words_splits_the_run() -> None:
    assert tokenize("y½z") == [Token("y1", 0, 2), Token("2z", 1, 3)]


def test_each_chinese_or_japanese_character_is_a_word() -> None:
    assert tokenize("深い\ufe00ﾃﾞX学") == [
        Token("深", 0, 1),
        Token("い", 1, 3),
        Token("テ", 3, 5),
        Token("x", 5, 6),
        Token("学", 6, 7),
    ]
    assert [text for text in "深いデー々한aя1" if is_cjk_token(text)] == list("深いデー々")


def test_lone_surrogates_separate_and_harm_nothing() -> None:
    assert tokenize("a\ud800b é\udfff") == [Token("a", 0, 1), Token("b", 2, 3), Token("e", 4, 5)]
    assert fold("\ud800É") == "\ud800e"


def test_folding_leaves_punctuation_and_blanks() -> None:
    assert fold("Naïve -- ﬁne, «ÉTÉ»\u00ad") == "naive -- fine, «ete»"
    assert fold("Plain -- Text") == "plain -- text"


@repeatable
@given(st.text(max_size=60) | st.text(alphabet="aB½é\u0301\u200d -深ß\ufeff", max_size=60))
def test_offsets_are_true(text: str) -> None:
    """The source characters of a token hold the token's word, and tokens come from left to right."""
    tokens = tokenize(text)

    assert [token.text for token in tokens] == words(text)
    assert tokens == sorted(tokens, key=lambda token: (token.start, token.end))
    for token in tokens:
        assert 0 <= token.start < token.end <= len(text)
        assert any(token.text in word for word in words(text[token.start : token.end]))


def test_a_character_table_stays_bounded() -> None:
    table = CharacterTable(str.upper)

    for code in range(MAX_REMEMBERED_CHARACTERS + 10):
        assert table[code] == chr(code).upper()

    assert len(table) == 10
