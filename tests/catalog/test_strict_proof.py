"""Strict search against a full scan: nothing wrong, nothing missed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from research_api.catalog.indexer import TantivyIndexer
from research_api.catalog.layout import IndexLayout
from research_api.catalog.searcher import TantivySearcher
from research_api.domain.index import IndexRequest
from research_api.domain.query import (
    And,
    Not,
    Or,
    Phrase,
    Query,
    Word,
    document_of,
    make_and,
    make_not,
    make_or,
    make_phrase,
    make_word,
    make_years,
    match,
    parse_strict,
    print_query,
)
from research_api.domain.search import Filters, Sort
from research_api.domain.text import is_cjk_token, words
from research_api.domain.works import Author, Work, work_id_from_number, work_id_from_seed
from tests.catalog.fakes import FakeChangeFeed

QUERIES = 800
WORKS = 400
VOCABULARY = [
    "deep",
    "learning",
    "of",
    "naïve",
    "networks",
    "for",
    "state-of-the-art",
    "trans\xadlation",
    "O'Neill's",
    "Über-model",
    "GPT-3",
    "量子力学",
    "カタカナ",
    "ｆｕｌｌ",
    "p53",
    "TP53",
    "ΔNp63",
    "β-catenin",
    "straße",
    "smørrebrød",
    "Łódź",
    "co-operation",
    "anti-inflammatory",
    "3.14",
    "C++",
    "AT&T",
    "and",
    "or",
    "not",
    "year",
    "2019",
]
NAMES = (
    "José García-Márquez",
    "Jane Smith",
    "Smith Jane",
    "Ольга Иванова",
    "李 明",
    "O'Brien, Tim",
    "Åsa Ødegård",
)
VENUES = ("Nature", "Nature Methods", "Journal of Ünïcode", "自然")


def corpus(source: random.Random) -> list[Work]:
    """Works of few words, so that queries often hit."""

    def text(longest: int) -> str:
        return " ".join(source.choices(VOCABULARY, k=source.randint(1, longest)))

    return [
        Work(
            id=work_id_from_seed(str(number)),
            title=text(6),
            abstract=text(25) if source.random() < 0.8 else None,
            authors=tuple(Author(name) for name in source.sample(NAMES, source.randint(0, 3))),
            year=source.choice((None, 1990, 2001, 2019, 2020)),
            venue=source.choice((None, *VENUES)),
        )
        for number in range(WORKS)
    ]


class QueryMaker:
    """Random trees over what really stands in the works, and a little that does not."""

    def __init__(self, source: random.Random) -> None:
        self._source = source
        self._texts = {None: VOCABULARY, "title": VOCABULARY, "author": NAMES, "venue": VENUES}

    def tree(self, depth: int) -> Query:
        """A tree of at most the depth."""
        shape = self._source.random()
        if depth == 0 or shape < 0.35:
            return self._leaf()
        if shape < 0.5:
            return make_not(self.tree(depth - 1))
        joined = make_and if shape < 0.75 else make_or
        return joined([self.tree(depth - 1) for _ in range(self._source.randint(2, 3))])

    def _leaf(self) -> Query:
        shape = self._source.random()
        if shape < 0.1:
            first, last = sorted(self._source.choices((1990, 2001, 2010, 2019, 2020), k=2))
            return make_years(*self._source.choice(((first, last), (first, None), (None, last))))
        field = self._source.choice((None, None, None, "title", "author", "venue"))
        drawn = words(" ".join(self._source.choices(self._texts[field], k=2)))
        if shape < 0.35:
            return make_phrase(drawn[: self._source.randint(1, 4)], field)
        word = self._source.choice(drawn)
        if shape < 0.55 and not is_cjk_token(word):
            return make_word(word[: self._source.randint(1, len(word))], field, prefix=True)
        return make_word("absent" if self._source.random() < 0.05 else word, field)


def shapes(query: Query) -> Iterator[str]:
    """What stands in the tree."""
    if isinstance(query, And | Or):
        for operand in query.operands:
            yield from shapes(operand)
    elif isinstance(query, Not):
        yield "not"
        yield from shapes(query.operand)
    elif isinstance(query, Phrase):
        yield "phrase"
    elif isinstance(query, Word):
        yield "prefix" if query.prefix else "word"
    else:
        yield "years"


@pytest.fixture(scope="module")
def works() -> list[Work]:
    return corpus(random.Random(20261122))


@pytest.fixture(scope="module")
def searcher(works: list[Work], tmp_path_factory: pytest.TempPathFactory) -> TantivySearcher:
    folder: Path = tmp_path_factory.mktemp("index")
    feed = FakeChangeFeed()
    # several commits, so that the words stand in several segments
    for start in range(0, WORKS, 150):
        feed.put(*works[start : start + 150])
        TantivyIndexer(IndexLayout(folder), feed, host="here").apply()
    return TantivySearcher(IndexLayout(folder))


@pytest.mark.slow
def test_the_index_finds_exactly_what_a_full_scan_proves(
    works: list[Work], searcher: TantivySearcher
) -> None:
    source = random.Random(7)
    maker = QueryMaker(source)
    documents = {work.id: document_of(work) for work in works}
    seen: Counter[str] = Counter()
    with_hits = 0
    for _ in range(QUERIES):
        query = maker.tree(3)
        seen.update(set(shapes(query)))

        expected = {one for one, document in documents.items() if match(query, document) is not None}
        request = IndexRequest(query, True, Filters(), Sort.RELEVANCE, (), WORKS)
        found = searcher.search(request)

        assert {work_id_from_number(one) for one in found.numbers} == expected, print_query(query)
        assert found.total == len(expected)
        with_hits += bool(expected)
    assert with_hits >= 0.3 * QUERIES
    assert min(seen[shape] for shape in ("not", "prefix", "phrase", "word", "years")) >= 0.1 * QUERIES


@pytest.mark.parametrize("text", ["x" * 3999 + "*", "é" * 300 + "*", "a*", "ｆ*"])
def test_prefixes_of_any_length_are_searched(works: list[Work], searcher: TantivySearcher, text: str) -> None:
    query = parse_strict(text)
    expected = {work.id for work in works if match(query, document_of(work)) is not None}

    found = searcher.search(IndexRequest(query, True, Filters(), Sort.RELEVANCE, (), WORKS))

    assert {work_id_from_number(one) for one in found.numbers} == expected
    assert found.state != "missing"
