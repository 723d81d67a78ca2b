"""Texts come out of the importers clean, whatever went in."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from research_api.records.cleaning import clean_text, cut_at_word, plain, plain_abstract
from tests.timing import LINEAR_AT_MOST, growth

ANY_TEXT = st.text(st.characters(categories=None, exclude_categories=()), max_size=60)
MARKED_UP = st.lists(
    st.sampled_from(
        ["<i>", "</i>", "<sub>", "</jats:p>", "<br/>", "&lt;i&gt;", "&amp;", "<", ">", "a", " ", "é"]
    ),
    max_size=25,
).map("".join)


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("  two\n\twords ", "two words"),
        ("nu\x00ll and be\x07ll", "null and bell"),
        ("cafe\u0301", "café"),
        ("half \ud83d pair", "half pair"),
        ("no\u00a0break", "no break"),
        ("ana\u00adlysis", "analysis"),
        ("l\x92homme", "l’homme"),
        ("\u202eevil", "evil"),
        ("नमस्\u200dते", "नमस्\u200dते"),
    ],
)
def test_controls_go_and_white_space_becomes_one_space(raw: str, clean: str) -> None:
    assert clean_text(raw) == clean


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        ("H<sub>2</sub>O", "H2O"),
        ("<i>E. coli</i> in soil", "E. coli in soil"),
        ("the<i>Journal of Ecology</i>and us", "the Journal of Ecology and us"),
        ("1<i>H</i>-indole", "1H-indole"),
        ("a &amp; b", "a & b"),
        ("&lt;scp&gt;NARX&lt;/scp&gt;", "NARX"),
        ("&amp;lt;i&amp;gt;x&amp;lt;/i&amp;gt;", "x"),
        ("one<br/>two<p>three</p>", "one two three"),
        ("<![CDATA[raw]]><!-- gone -->", "raw"),
        (
            "spin<mml:math><mml:mi>N</mml:mi><mml:mo>=</mml:mo><mml:mn>88</mml:mn></mml:math>core",
            "spin N=88 core",
        ),
        ("<math><mi>x</mi><annotation encoding='tex'>x_1</annotation></math>", "x"),
        ("<jats:tex-math>$$x$$</jats:tex-math><mml:math><mml:mi>x</mml:mi></mml:math>", "x"),
        ("<script>alert(1)</script>ok", "ok"),
        ("A < B and C > D", "A < B and C > D"),
        ("The <C,A>,T Framework and <TextCoop>", "The <C,A>,T Framework and <TextCoop>"),
        ("AT&T, R&D; tea", "AT&T, R&D; tea"),
    ],
)
def test_markup_is_taken_off_and_what_only_looks_like_it_stays(raw: str, seen: str) -> None:
    assert plain(raw, 2_000) == seen


@pytest.mark.parametrize(
    ("raw", "abstract"),
    [
        ("<jats:title>Abstract</jats:title><jats:p>We show.</jats:p>", "We show."),
        (
            "<jats:sec><jats:title><jats:bold>ABSTRACT:</jats:bold></jats:title><jats:p>We.</jats:p></jats:sec>",
            "We.",
        ),
        ("<jats:title>Aim</jats:title><jats:p>To see.</jats:p>", "Aim To see."),
        ("Abstract interpretation is sound.", "Abstract interpretation is sound."),
        ("<jats:p>Abstract</jats:p>", None),
        (" \n", None),
    ],
)
def test_the_heading_of_an_abstract_is_dropped_and_a_lone_heading_is_none(
    raw: str, abstract: str | None
) -> None:
    assert plain_abstract(raw) == abstract


def test_a_long_text_is_cut_after_a_whole_word() -> None:
    assert cut_at_word("one two three", 9) == "one two"
    assert cut_at_word("one two three", 7) == "one two"
    assert cut_at_word("unbroken", 4) == "unbr"
    assert cut_at_word("fits", 4) == "fits"


@given(ANY_TEXT)
def test_clean_text_is_normal_printable_and_stable(raw: str) -> None:
    clean = clean_text(raw)

    assert clean == clean_text(clean)
    assert clean == " ".join(clean.split())
    assert unicodedata.is_normalized("NFC", clean)
    assert not any(unicodedata.category(character) in {"Cc", "Cs"} for character in clean)


@given(MARKED_UP)
def test_no_known_tag_is_left(raw: str) -> None:
    seen = plain(raw, 2_000)

    assert not any(tag in seen for tag in ("<i>", "</i>", "<sub>", "</jats:p>", "<br/>"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece", ["<i", "<i>", "&lt;", "<!--", "<jats:title>abstract ", "<math>", " ", "<script>"]
)
def test_a_long_hostile_text_costs_no_more_than_its_length(piece: str) -> None:
    def hostile(size: int) -> str:
        return piece * (size // len(piece))

    assert growth(plain_abstract, hostile, 4_000_000) < LINEAR_AT_MOST
