"""Generated queries and works, for the tests of every layer that reads the query language."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st

from research_api.domain.query import (
    TEXT_FIELDS,
    Leaf,
    Query,
    make_and,
    make_not,
    make_or,
    make_phrase,
    make_word,
    make_years,
)
from research_api.domain.text import is_cjk_token, words
from research_api.domain.works import Author, Work

# The same examples on every run, so that a red test is red again.
repeatable = settings(max_examples=120, deadline=None, derandomize=True, database=None)

# Few words, so that generated queries have hits in generated works.
COMMON_WORDS = (
    "deep",
    "learning",
    "graphs",
    "graph",
    "and",
    "title",
    "naive",
    "über",
    "한국",
    "学",
    "習",
    "x2",
)
MAX_LEAVES = 10

common_words = st.sampled_from(COMMON_WORDS)
any_words = st.text(min_size=1, max_size=8).map(words).filter(bool).map(lambda found: found[0])
text_fields = st.sampled_from((None, None, *TEXT_FIELDS))
years = st.integers(min_value=1000, max_value=9999)


def leaves(texts: st.SearchStrategy[str]) -> st.SearchStrategy[Leaf]:
    """Words, prefixes, phrases and years, with and without a field."""
    prefixes = texts.filter(lambda text: not is_cjk_token(words(text)[0]))
    ranges = st.tuples(years, years).map(sorted)
    return st.one_of(
        st.builds(make_word, texts, text_fields),
        st.builds(make_word, prefixes, text_fields, prefix=st.just(True)),
        st.builds(make_phrase, st.lists(texts, min_size=1, max_size=4), text_fields),
        ranges.map(lambda ends: make_years(*ends)),
        st.builds(make_years, years, st.none()),
        st.builds(make_years, st.none(), years),
    )


def query_trees(texts: st.SearchStrategy[str] = common_words | any_words) -> st.SearchStrategy[Query]:
    """Every shape of tree within the caps; `texts` gives the words, each exactly one word."""
    return st.recursive(
        leaves(texts),
        lambda inner: st.one_of(
            inner.map(make_not),
            st.lists(inner, min_size=1, max_size=4).map(make_and),
            st.lists(inner, min_size=1, max_size=4).map(make_or),
        ),
        max_leaves=MAX_LEAVES,
    )


def _running_text(max_words: int) -> st.SearchStrategy[str]:
    spelt = st.sampled_from(
        (*COMMON_WORDS, "Deep", "LEARNING,", "graph-learning", "naïve", "ÜBER", "learn½", "学習")
    )
    return st.lists(spelt, max_size=max_words).map(" ".join)


def works() -> st.SearchStrategy[Work]:
    """Works whose texts share words with `query_trees(common_words)`."""
    return st.builds(
        Work,
        id=st.just("w_aaaaaaaaaaaa"),
        title=_running_text(6),
        abstract=st.none() | _running_text(40),
        authors=st.lists(st.builds(Author, name=_running_text(3)), max_size=3).map(tuple),
        year=st.none() | years,
        venue=st.none() | _running_text(3),
    )
