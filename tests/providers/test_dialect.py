"""What a source is asked, in its own language."""

from __future__ import annotations

import pytest

from research_api.domain.search import Filters
from research_api.providers.dialect import Dialect, plain_words, translated, with_years
from tests.providers.questions import question

LUCENE = Dialect(
    fields={None: "{}", "title": "title:{}"},
    years=lambda first, last: f"year:[{first or '*'} TO {last or '*'}]",
)
POOR = Dialect(has_or=False, has_phrases=False, has_prefixes=False)


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
    assert translated(question(text, is_strict=True), LUCENE) == said


def test_in_a_ranked_search_any_word_will_do_and_only_what_restricts_must_hold() -> None:
    asked = question('deep learning "graph neural" title:survey year:2020')

    assert translated(asked, LUCENE) == (
        '((deep OR learning OR "graph neural") AND title:survey AND year:[2020 TO 2020])'
    )


def test_a_language_without_phrases_and_prefixes_is_asked_for_the_words_alone() -> None:
    assert translated(question('"graph neural" learn*', is_strict=True), POOR) == "(graph AND neural)"
    assert translated(question("a OR b", is_strict=True), POOR) == ""


def test_a_prefix_shorter_than_the_language_takes_is_left_out() -> None:
    dialect = Dialect(shortest_prefix=4)

    assert translated(question("learn* ab*", is_strict=True), dialect) == "learn*"


def test_a_source_without_a_language_gets_the_words() -> None:
    asked = question('deep title:"neural nets" author:smith NOT cats year:2020')

    assert plain_words(asked) == "deep neural nets"


@pytest.mark.parametrize(
    ("asked", "filters", "said"),
    [
        ("deep", Filters(), "deep"),
        ("deep", Filters(year_from=2010), "deep AND 2010:None"),
        ("deep", Filters(year_to=2015), "deep AND None:2015"),
        ("(deep AND 2010:2015)", Filters(year_from=2010, year_to=2015), "(deep AND 2010:2015)"),
    ],
)
def test_the_years_of_the_filters_are_said_once(asked: str, filters: Filters, said: str) -> None:
    assert with_years(asked, filters, lambda first, last: f"{first}:{last}") == said
