"""TeX as it stands in titles and names: accents become characters, formulas stay."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from research_api.records.tex import without_tex
from tests.timing import LINEAR_AT_MOST, growth


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (r"C. Bal\'azs, Schr\"{o}dinger, {\"u}ber", "C. Balázs, Schrödinger, über"),
        (r"Djokovi\'{c}'s \v{C}ern\'y, Erd\H{o}s, Ho\v r", "Djoković's Černý, Erdős, Hoř"),
        (
            r"{\O}degaard, \L\'od\'z, Stra\ss e, \AA{}ngstr\"om, \ae\ x",
            "Ødegaard, Łódź, Straße, Ångström, æ x",
        ),
        (r"\'{\i} \'\i {\'\i} \'{\i{}} {\'{e}} \^{ e } \"{{o}}", "í í í í é ê ö"),
        (r"\c{c} \c s \k{a} \r{a} \u{g} \d{h} \b{d} \.I \=a \~n \`a", "ç ş ą å ğ ḥ ḏ İ ā ñ à"),
        (r"30\% of R\&D \#1 a\_b, i.e.\ x for \$5", "30% of R&D #1 a_b, i.e. x for $5"),
        (r"the \emph{oracle problem} {\it in vivo}", "the oracle problem in vivo"),
        (r"{\em a {\bf b} c} \emph{$\mathbb{R}$ \textit{x \textbf{y}}}", r"a b c $\mathbb{R}$ x y"),
    ],
)
def test_what_is_a_character_becomes_one(text: str, shown: str) -> None:
    assert unicodedata.normalize("NFC", without_tex(text)) == shown


@pytest.mark.parametrize(
    "text",
    [
        r"over $\Q(\sqrt{5})$ and $\bar{q}\O(n)$",
        r"\(\d x \'e\) and \[\c s\]",
        r"$$\int \d x$$",
        "more than 90% of them, 10^(-22), x_1 & y # z ~5",
        "awarded $35,000 in total",
        r"\lsim 5 \alpha \\ \'1 \'",
        r"http://www.example.org/\~gould/x",
        "a } b { c",
        "",
    ],
)
def test_formulas_and_what_is_no_known_command_stay(text: str) -> None:
    assert without_tex(text) == text


def test_an_accent_behind_an_amount_of_money_is_decoded() -> None:
    """A dollar sign that nothing closes opens no formula."""
    assert without_tex(r"awarded $35,000 to Erd\H{o}s") == "awarded $35,000 to Erdős"


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["\\", "'", '"', "{", "}", "$", "H", "c", "e", "i", "ss", " ", "emph", "(", "]", "é", "\n", "%"]
        )
    )
)
def test_no_text_is_an_error(pieces: list[str]) -> None:
    text = "".join(pieces)

    assert len(without_tex(text)) <= len(text)


@pytest.mark.slow
@pytest.mark.parametrize(
    "unit",
    [
        "\\'",
        "$",
        "\\(",
        "\\[",
        "\\(\\[",
        "\\emph{",
        "{\\em ",
        "{\\'",
        "\\emph{{}",
        "\\'{",
        "$a\\",
        "$$a",
        "{\\em {}",
    ],
)
def test_time_grows_with_the_length_alone(unit: str) -> None:
    assert growth(without_tex, lambda size: "\\'e" + unit * (size // len(unit)), 200_000) < LINEAR_AT_MOST
