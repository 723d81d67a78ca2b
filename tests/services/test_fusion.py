"""Both lists at once: what waits for what, and what is counted."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Sequence
from concurrent.futures import Executor, Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import structlog

from research_api.domain.errors import EmbeddingUnavailable
from research_api.domain.index import IndexHits, IndexRequest
from research_api.domain.query import parse_lenient
from research_api.domain.ranking import POOL
from research_api.domain.search import MAX_KEPT_WORKS, Filters, Sort
from research_api.domain.vectors import EmbeddingModel, Matrix, Neighbours, Numbers
from research_api.services.fusion import Fusion
from research_api.services.near import NearWorks
from research_api.services.vector_search import LOOK_AGAIN_SECONDS, VectorSearch
from tests.services.fakes import FakeLoader, model_named, unit
from tests.services.test_retrieval import FAR, NEAR, Bench, codes, titles

PATIENCE_SECONDS = 20.0


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def few(bench: Bench) -> None:
    """Two works near to each query, one of them by a word of it, and one that is far."""
    bench.put("a", "Feline behaviour", NEAR)
    bench.put("b", "Cats of Rome", NEAR)
    bench.put("c", "Cats in steel", FAR)
    bench.ready()


def test_the_index_is_asked_while_the_query_is_being_encoded(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each waits for the other to begin, so one after the other would never end."""
    few(bench)
    both = threading.Barrier(2)
    search, first = bench.searcher.search, itertools.count()

    def met(request: IndexRequest) -> IndexHits:
        if next(first) == 0:
            both.wait(PATIENCE_SECONDS)
        return search(request)

    monkeypatch.setattr(bench.searcher, "search", met)
    bench.embedder.takes = lambda: both.wait(PATIENCE_SECONDS) and None

    assert sorted(titles(bench.ask("cats"))) == ["Cats in steel", "Cats of Rome", "Feline behaviour"]


def test_what_is_logged_beside_belongs_to_the_request(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    few(bench)
    seen = []
    vectors_of = bench.store.vectors_of

    def noted(*arguments: object) -> object:
        seen.append(structlog.contextvars.get_contextvars())
        return vectors_of(*arguments)  # type: ignore[arg-type] # passed on as they came

    monkeypatch.setattr(bench.store, "vectors_of", noted)
    with structlog.contextvars.bound_contextvars(request_id="r1"):
        bench.ask("cats")

    assert seen == [{"request_id": "r1"}] * 2


def test_vectors_of_a_model_that_was_left_meanwhile_are_not_compared(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The switch comes after the query was encoded and before the vectors of the words are fetched."""
    few(bench)
    bench.ask("cats")
    query_model, asked = bench.store.model, []
    search, vectors_of, nearest = bench.searcher.search, bench.store.vectors_of, bench.store.nearest
    is_encoded, is_switched = threading.Event(), threading.Event()

    def searched(request: IndexRequest) -> IndexHits:
        if not request.near and request.only is None:
            assert is_encoded.wait(PATIENCE_SECONDS)
            bench.store.model = model_named("two")
            bench.time.now += LOOK_AGAIN_SECONDS
            is_switched.set()
        return search(request)

    def fetched(model: EmbeddingModel, numbers: Sequence[int]) -> tuple[Numbers, Matrix]:
        asked.append(model)
        return vectors_of(model, numbers)

    def listed(*arguments: Any, **named: Any) -> Neighbours:
        is_encoded.set()
        assert is_switched.wait(PATIENCE_SECONDS)
        return nearest(*arguments, **named)

    monkeypatch.setattr(bench.searcher, "search", searched)
    monkeypatch.setattr(bench.store, "vectors_of", fetched)
    monkeypatch.setattr(bench.store, "nearest", listed)

    assert titles(bench.ask("cats"))[0] == "Cats of Rome"
    assert [one.name for one in asked if one is not query_model] == ["two"]
    # those of the words once more, and those of the near ones
    assert asked.count(query_model) == 2


def test_the_words_are_not_asked_for_in_vain_where_the_model_is_known_to_be_away(bench: Bench) -> None:
    """Two searches wait in line behind one that runs: what nobody needs any more is taken out of the line."""
    few(bench)
    executor = WaitingExecutor()
    vectors = VectorSearch(bench.store, FakeLoader(bench.embedder), monotonic=bench.time.monotonic)
    bench.embedder.is_down = True
    fusion = Fusion(bench.searcher, vectors, NearWorks(bench.searcher, vectors), executor)
    query = parse_lenient("cats").query
    assert query is not None

    with pytest.raises(EmbeddingUnavailable):
        fusion.find("cats", IndexRequest(query, False, Filters(), Sort.RELEVANCE, (), 10))

    assert [one.cancelled() for one in executor.waiting] == [True]


class WaitingExecutor(Executor):
    """Nothing that is submitted ever begins."""

    def __init__(self) -> None:
        self.waiting: list[Future[Any]] = []

    def submit(self, _call: Any, /, *_arguments: Any, **_named: Any) -> Future[Any]:
        self.waiting.append(Future())
        return self.waiting[-1]


@pytest.mark.parametrize(
    ("states", "told"),
    [
        (("fresh", "fresh"), []),
        (("fresh", "behind"), ["index_behind"]),
        (("fresh", "damaged"), ["index_damaged"]),
        (("fresh", "missing"), ["index_missing"]),
        (("damaged", "fresh"), ["index_damaged"]),
    ],
)
def test_an_index_that_breaks_between_two_questions_is_told(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, states: tuple[str, str], told: list[str]
) -> None:
    few(bench)
    search, state = bench.searcher.search, iter(states)
    monkeypatch.setattr(bench.searcher, "search", lambda request: replace(search(request), state=next(state)))

    answer = bench.ask("cats")

    assert codes(answer) == told
    assert answer.degraded == bool(told)


@pytest.mark.parametrize("text", ["cats", "cats year:2000-2010", "cats NOT steel"])
@pytest.mark.parametrize("facets", [(), ("year",)])
@pytest.mark.parametrize("by_words", [3, POOL + 5, MAX_KEPT_WORKS + 5])
def test_the_total_counts_a_work_once_whichever_list_it_is_on(
    bench: Bench, by_words: int, facets: tuple[str, ...], text: str
) -> None:
    """Near ones with a word of the query may stand beyond the list of the words."""
    for count in range(by_words):
        # the longer its title, the further down the list
        is_near = count >= by_words - 2
        title = f"Cats number {count}" + " of old and far away Rome" * is_near
        bench.put(f"w{count}", title, NEAR if is_near else None, year=2001)
    bench.put("n1", "Feline behaviour", NEAR, year=2002)
    bench.put("n2", "Feline sleep", unit(1, 0.2), year=2002)
    bench.put("far", "Steel bridges", FAR, year=2002)
    bench.ready()

    answer = bench.ask(text, facets=facets)

    assert answer.total == by_words + 2
    counts = {one.value: one.count for one in answer.facets["year"]} if facets else None
    assert counts == ({"2001": by_words, "2002": 2} if facets else None)
