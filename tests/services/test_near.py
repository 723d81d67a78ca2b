"""How far the store is asked to search, and for what."""

from __future__ import annotations

from pathlib import Path

import pytest

from research_api.domain.index import IndexRequest
from research_api.domain.neighbours import reach
from research_api.domain.query import parse_lenient
from research_api.domain.search import MAX_KEPT_WORKS, Filters, Sort
from research_api.services.near import NearWorks
from research_api.services.vector_search import VectorSearch
from tests.services.fakes import FakeLoader, unit
from tests.services.test_retrieval import Bench

MILLION = 1_000_000
LIMIT = 200


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Three works, and an index that says it has a million."""
    bench = Bench(tmp_path)
    for number, year in enumerate((2001, 2002, 2002)):
        bench.put(f"w{number}", f"Cats {number}", unit(1, 0.1 * number), year=year)
    bench.ready()
    assert bench.searcher.size() == 3
    monkeypatch.setattr(bench.searcher, "size", lambda: MILLION)
    return bench


def find(bench: Bench, text: str, filters: Filters) -> int:
    """Nothing is few: all goes by the graph. How many were found."""
    vectors = VectorSearch(bench.store, FakeLoader(bench.embedder))
    near = NearWorks(bench.searcher, vectors, few_of=lambda _: 0)
    query = parse_lenient(text).query
    assert query is not None
    asked = IndexRequest(query, False, filters, Sort.RELEVANCE, (), LIMIT)
    return len(near.find(vectors.encode("cats"), asked, LIMIT).numbers)


@pytest.mark.parametrize(
    ("text", "filters", "left", "found"),
    [
        ("cats", Filters(), MILLION, 3),
        ("cats", Filters(year_from=2002), 2, 2),
        ("cats year:2002", Filters(), 2, 2),
    ],
)
def test_the_reach_is_that_of_the_works_that_are_left(
    bench: Bench, text: str, filters: Filters, left: int, found: int
) -> None:
    assert find(bench, text, filters) == found
    assert bench.store.reach == reach(LIMIT, left, MILLION)


def test_where_only_the_index_knows_what_is_left_a_long_list_is_asked_for(bench: Bench) -> None:
    assert find(bench, "cats NOT title:1", Filters()) == 2
    assert bench.store.reach == reach(MAX_KEPT_WORKS, MILLION, MILLION)
