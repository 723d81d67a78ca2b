"""Which model encodes queries, when it is loaded, and who waits for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from research_api.domain.errors import DatabaseUnavailable, EmbeddingUnavailable
from research_api.domain.index import Accepted
from research_api.domain.neighbours import Reach
from research_api.domain.search import Filters
from research_api.services.model_in_use import RETRY_LOADING_SECONDS, WAIT_FOR_LOADING_SECONDS, ModelInUse
from research_api.services.vector_search import (
    BELIEVED_SECONDS,
    LOOK_AGAIN_SECONDS,
    QUIET_SECONDS,
    SLOW_SECONDS,
    WARM_UP_SECONDS,
    Encoded,
    VectorSearch,
)
from tests.services.fakes import FakeEmbedder, FakeLoader, FakeTime, FakeVectorStore, model_named, unit
from tests.timing import wait_until


class Bench:
    """A search by vectors with model "one" in use and "two" at hand."""

    def __init__(self) -> None:
        self.time = FakeTime()
        self.store = FakeVectorStore(model_named("one"))
        self.loader = FakeLoader(FakeEmbedder("one"), FakeEmbedder("two", other=unit(0, 1)))
        self.search = VectorSearch(
            self.store, self.loader, monotonic=self.time.monotonic, sleep=self.time.sleep
        )

    def refusal(self) -> str:
        """Why there is no vector."""
        with pytest.raises(EmbeddingUnavailable) as caught:
            self.search.encode("text")
        return caught.value.detail


@pytest.fixture
def bench() -> Bench:
    return Bench()


def in_thread(run: Callable[[], object]) -> threading.Thread:
    """Runs; the test fails where the thread does not end."""
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def ended(thread: threading.Thread) -> bool:
    thread.join(60)
    return not thread.is_alive()


def test_nothing_is_asked_or_loaded_before_the_first_query(bench: Bench) -> None:
    assert bench.store.asked == bench.loader.loads == []

    encoded = bench.search.encode("text")

    assert (encoded.model.name, encoded.vector.tolist(), encoded.least_similarity) == (
        "one",
        [1.0, 0.0],
        -1.0,
    )


def test_the_store_is_asked_every_two_seconds_and_a_switch_is_noticed(bench: Bench) -> None:
    bench.search.encode("text")
    bench.store.model = model_named("two", number=2)

    before = [bench.search.encode("text").model.name for _ in range(3)]
    bench.time.now += LOOK_AGAIN_SECONDS
    after = bench.search.encode("text")

    assert before == ["one"] * 3
    assert (after.model.name, after.vector.tolist()) == ("two", [0.0, 1.0])
    assert bench.store.asked.count("current_model") == 2
    assert bench.loader.loads == ["spec:one", "spec:two"]


def test_without_a_model_in_the_store_none_is_loaded(bench: Bench) -> None:
    bench.store.model = None

    assert "No work has a vector yet" in bench.refusal()
    assert bench.loader.loads == []


def test_a_failed_load_is_left_alone_for_thirty_seconds(bench: Bench) -> None:
    bench.loader.embedders.pop("spec:one")

    assert [bench.refusal() for _ in range(3)] == ["The hub is away."] * 3
    bench.time.now += RETRY_LOADING_SECONDS - 1
    bench.refusal()
    assert len(bench.loader.loads) == 1
    bench.loader.embedders["spec:one"] = FakeEmbedder("one")
    bench.time.now += 1
    assert bench.search.encode("text").model.name == "one"
    assert len(bench.loader.loads) == 2


def test_a_model_of_another_name_is_refused(bench: Bench) -> None:
    """Its bytes are others than those that made the stored vectors: the comparison would mean nothing."""
    bench.loader.embedders["spec:one"] = FakeEmbedder("one, changed")

    assert "another one" in bench.refusal()
    assert "another one" in bench.refusal()
    assert len(bench.loader.loads) == 1


def test_threads_that_come_at_once_load_it_once_and_all_get_it(bench: Bench) -> None:
    bench.loader.gate = threading.Event()
    with ThreadPoolExecutor(8) as pool:
        found = [pool.submit(bench.search.encode, f"text {number}") for number in range(8)]
        wait_until(lambda: bench.loader.loads, "a load")
        bench.loader.gate.set()

        assert {one.result(60).model.name for one in found} == {"one"}
    assert bench.loader.loads == ["spec:one"]
    assert bench.loader.threads == ["load-model"]


@pytest.mark.slow
def test_a_slow_load_holds_nobody_up(bench: Bench) -> None:
    """What a query needs beside its vector goes on, and later queries are refused at once."""
    bench.loader.gate = threading.Event()
    refusals: list[str] = []
    first = in_thread(lambda: refusals.append(bench.refusal()))
    wait_until(lambda: bench.loader.loads, "a load")

    assert ended(in_thread(bench.search.is_filling))
    bench.time.now += WAIT_FOR_LOADING_SECONDS
    assert ended(in_thread(lambda: refusals.append(bench.refusal())))
    assert refusals[0] == "The model is being loaded."
    assert ended(first)
    bench.loader.gate.set()
    wait_until(lambda: bench.search.warm_up(), "the model")
    assert bench.search.encode("text").model.name == "one"
    assert bench.loader.loads == ["spec:one"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_loader_that_breaks_in_another_way_leaves_nobody_waiting() -> None:
    class Broken(FakeLoader):
        def load(self, spec: str) -> FakeEmbedder:
            raise RuntimeError

    in_use = ModelInUse(Broken(), wait_seconds=60)

    with pytest.raises(EmbeddingUnavailable, match="cannot be loaded"):
        in_use.embedder(model_named("one"))
    for thread in threading.enumerate():
        if thread.name == "load-model":
            assert ended(thread)


def test_a_server_that_lets_a_query_wait_is_left_alone_for_a_while(bench: Bench) -> None:
    """Else every search would wait as long, and threads would soon be used up."""
    embedder = bench.loader.embedders["spec:one"]
    embedder.is_down, embedder.takes = True, lambda: bench.time.sleep(SLOW_SECONDS)

    assert bench.refusal() == "No vector today."
    assert [bench.refusal() for _ in range(3)] == ["The model did not answer in time a moment ago."] * 3
    assert len(embedder.encoded) == 1
    embedder.is_down = False
    bench.time.now += QUIET_SECONDS
    assert bench.search.encode("text").model.name == "one"


def test_one_text_that_fails_at_once_says_nothing_of_the_next(bench: Bench) -> None:
    embedder = bench.loader.embedders["spec:one"]
    embedder.is_down = True
    bench.refusal()
    embedder.is_down = False

    assert bench.search.encode("text").model.name == "one"


def test_a_slow_database_holds_up_one_thread_and_the_others_go_on_with_what_was_seen(bench: Bench) -> None:
    bench.search.encode("text")
    bench.store.gate = threading.Event()
    bench.time.now += LOOK_AGAIN_SECONDS
    slow = in_thread(bench.search.is_filling)
    wait_until(lambda: bench.store.asked.count("current_model") == 2, "a look")

    assert ended(in_thread(lambda: bench.search.encode("text")))
    assert slow.is_alive()
    bench.store.gate.set()
    assert ended(slow)
    assert bench.store.asked.count("current_model") == 2


def test_threads_that_come_before_anything_was_seen_wait_for_the_one_that_looks(bench: Bench) -> None:
    bench.store.gate = threading.Event()
    with ThreadPoolExecutor(4) as pool:
        found = [pool.submit(bench.search.current_model) for _ in range(4)]
        wait_until(lambda: bench.store.asked, "a look")
        bench.store.gate.set()

        assert {one.result(60) for one in found} == {bench.store.model}
    assert bench.store.asked.count("current_model") == 1


def test_a_database_that_is_away_is_an_error_of_its_own_and_asked_again(bench: Bench) -> None:
    bench.store.is_down = True
    for ask in (bench.search.is_filling, bench.search.current_model, lambda: bench.search.encode("text")):
        with pytest.raises(DatabaseUnavailable):
            ask()

    bench.store.is_down, bench.store.filling = False, True

    assert bench.search.is_filling()


def test_few_works_are_compared_one_by_one_and_many_by_the_graph(bench: Bench) -> None:
    encoded = Encoded(model_named("one"), unit(1, 0), -1.0)

    bench.search.nearest(encoded, Filters(), Accepted(2, (1, 2)), 5, reach=Reach(600, 5))
    bench.search.nearest(encoded, Filters(), Accepted(9_000, None), 5, reach=Reach(600, 5))
    bench.search.nearest(encoded, Filters(), None, 5, reach=Reach(600, 5))

    assert bench.store.asked == ["nearest_among", "nearest", "nearest"]


def test_warming_up_waits_for_the_database_and_for_the_first_model(bench: Bench) -> None:
    bench.store.is_down, bench.store.model = True, None
    steps = iter(
        (
            lambda: setattr(bench.store, "is_down", False),
            lambda: None,
            lambda: setattr(bench.store, "model", model_named("one")),
        )
    )
    bench.time.on_sleep = lambda: next(steps)()

    assert bench.search.warm_up()
    assert bench.loader.loads == ["spec:one"]
    bench.search.encode("text")
    assert bench.loader.loads == ["spec:one"]


def test_warming_up_ends_where_there_is_never_a_model(bench: Bench) -> None:
    bench.store.model = None

    assert not bench.search.warm_up()
    assert WARM_UP_SECONDS <= bench.time.now - 100 < WARM_UP_SECONDS + 2 * LOOK_AGAIN_SECONDS


def test_warming_up_tries_a_failed_load_again(bench: Bench) -> None:
    embedder = bench.loader.embedders.pop("spec:one")
    bench.time.on_sleep = lambda: bench.loader.embedders.update({"spec:one": embedder})

    assert bench.search.warm_up()
    assert bench.time.now - 100 >= RETRY_LOADING_SECONDS


def test_a_process_that_rested_for_long_waits_for_what_is_true_now(bench: Bench) -> None:
    """It may have rested through a change of model, and the vectors that it knew may be gone."""
    bench.search.encode("text")
    bench.time.now += LOOK_AGAIN_SECONDS + BELIEVED_SECONDS
    bench.store.model = model_named("two", number=2)
    bench.store.gate = threading.Event()
    found: list[str] = []
    threads = [
        in_thread(lambda: found.append(bench.search.current_model().name))  # type: ignore[union-attr] # there is one
        for _ in range(2)
    ]
    bench.store.gate.set()

    assert all(ended(thread) for thread in threads)
    assert found == ["two", "two"]
