"""What a source is asked, in its own language."""

from __future__ import annotations

import pytest

from research_api.domain.query import parse_strict
from research_api.domain.search import Filters, Sort
from research_api.domain.sources import SourceQuestion
from research_api.providers.dialect import Dialect, plain_words, translated

LUCENE = Dialect(
    fields={None: "{}", "title": "title:{}"},
    years=lambda first, last: f"year:[{first or '*'} TO {last or '*'}]",
)
POOR = Dialect(has_or=False, has_phrases=False, has_prefixes=False)


def question(text: str, *, is_strict: bool = True) -> SourceQuestion:
    return SourceQuestion(text, parse_strict(text), is_strict, Filters(), Sort.RELEVANCE, 25)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("neural networks", "(neural AND networks)"),
        ("neural OR nets", "(neural OR nets)"),
        (
            '"graph neural" title:learn* year:2010-2015',
            '("graph neural" AND title:learn* AND year:[2010 TO 2015])',
        ),
        ("(a OR b) AND c", "((a OR b) AND c)"),
        ("dogs NOT cats", "dogs"),
        ("NOT cats", ""),
        ("dogs OR NOT cats", ""),
        ("dogs author:smith", "dogs"),
        ("dogs OR author:smith", ""),
    ],
)
def test_a_strict_query_is_said_as_far_as_the_language_goes_and_never_narrower(text: str, said: str) -> None:
    assert translated(question(text), LUCENE) == said


def test_in_a_ranked_search_any_word_will_do_and_only_what_restricts_must_hold() -> None:
    asked = question('deep learning "graph neural" title:survey year:2020', is_strict=False)

    assert translated(asked, LUCENE) == (
        '((deep OR learning OR "graph neural") AND title:survey AND year:[2020 TO 2020])'
    )


def test_a_language_without_phrases_and_prefixes_is_asked_for_the_words_alone() -> None:
    assert translated(question('"graph neural" learn*'), POOR) == "(graph AND neural)"
    assert translated(question("a OR b"), POOR) == ""


def test_a_prefix_shorter_than_the_language_takes_is_left_out() -> None:
    dialect = Dialect(shortest_prefix=4)

    assert translated(question("learn* ab*"), dialect) == "learn*"


def test_a_source_without_a_language_gets_the_words() -> None:
    asked = question('deep title:"neural nets" author:smith NOT cats year:2020', is_strict=False)

    assert plain_words(asked) == "deep neural nets"
