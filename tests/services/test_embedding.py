"""The embedding service over fakes: its pace, its manners, and what it does when something fails."""

from __future__ import annotations

import threading

import pytest

from research_api.domain.errors import Conflict, EmbeddingUnavailable, Invalid
from research_api.domain.vectors import ModelRole
from research_api.services.embedding import (
    LOOK_SECONDS,
    MAX_BATCH,
    RETRY_SECONDS,
    CpuShare,
    EmbeddingService,
)
from tests.services.embedding_fakes import FakeEmbedder, FakeLoader, FakeModels, FakeStore, FakeTime


class Made:
    """A service and all that it works with."""

    def __init__(self, *, share: float = 1.0, spec: str | None = "fake", **embedder: object) -> None:
        self.time = FakeTime()
        self.embedder = FakeEmbedder(self.time, **embedder)  # type: ignore[arg-type] # fields by name
        self.loader = FakeLoader(self.embedder)
        self.models = FakeModels()
        self.store = FakeStore(self.time, self.models)
        self.service = EmbeddingService(
            self.models,
            self.store,
            self.loader,
            spec,
            share=CpuShare(share, cores=2, cpu_seconds=self.time.cpu_seconds),
            sleep=self.time.sleep,
            monotonic=self.time.monotonic,
        )

    def run(self, seconds: float = 1e6) -> int:
        return self.service.run(seconds, lambda: False)


@pytest.fixture
def made() -> Made:
    return Made()


def test_it_works_until_nothing_is_left_and_then_ends(made: Made) -> None:
    made.store.put(*map(str, range(40)))
    made.store.sweeps_left = 3

    assert made.run() == 40
    assert made.store.stored == [str(number) for number in reversed(range(40))]
    assert made.time.rests == []


def test_it_ends_after_its_time_and_goes_on_later(made: Made) -> None:
    made.store.put(*map(str, range(200)))

    first = made.run(5)

    assert 20 < first < 70
    assert made.run() == 200 - first


@pytest.mark.parametrize(("share", "used"), [(0.25, 0.5), (0.1, 0.2), (0.05, 0.1), (1.0, 1.0)])
def test_it_takes_its_share_of_all_cores_and_no_more(share: float, used: float) -> None:
    """Of two cores a quarter is half of one."""
    made = Made(share=share)
    made.store.put(*map(str, range(300)))
    begin = made.time.wall

    made.run()

    assert made.time.cpu / (made.time.wall - begin) == pytest.approx(used, rel=0.02)


def test_it_stops_after_a_batch_when_the_index_has_changes(made: Made) -> None:
    made.store.put(*map(str, range(100)))

    assert made.service.run(1e6, lambda: True) == len(made.embedder.asked[0])
    assert len(made.embedder.asked) == 1


def test_a_rest_ends_when_the_index_has_changes() -> None:
    """Else changes would wait for as long as a small share has to rest."""
    made = Made(share=0.01)
    made.store.put(*map(str, range(100)))

    made.service.run(1e6, lambda: len(made.time.rests) >= 2)

    assert made.time.rests == [LOOK_SECONDS] * 2


@pytest.mark.parametrize(
    ("seconds_each", "sizes"),
    [(0.01, [1, 2, 4, 8, MAX_BATCH, MAX_BATCH]), (0.5, [1, 2, 2, 2]), (3.0, [1, 1, 1])],
)
def test_a_batch_takes_about_a_second_and_grows_step_by_step(seconds_each: float, sizes: list[int]) -> None:
    """The index waits for it. One quick text after slow ones once meant sixteen slow ones, 15 s."""
    made = Made(seconds_each=seconds_each)
    made.store.put(*map(str, range(60)))

    made.run()

    assert [len(texts) for texts in made.embedder.asked][: len(sizes)] == sizes


def test_a_model_that_cannot_be_loaded_is_left_alone_for_a_while(made: Made) -> None:
    made.loader.is_missing = True
    made.store.put("one")

    made.run()
    made.run()
    meanwhile = made.loader.loads
    made.loader.is_missing = False
    made.time.wall += RETRY_SECONDS

    assert meanwhile == 1
    assert made.run() == 1


def test_the_index_does_not_wait_for_a_model_that_is_being_fetched(made: Made) -> None:
    made.loader.gate = threading.Event()
    made.store.put("one")

    assert made.service.run(1e6, lambda: True) == 0
    # nor beyond the time that it was given
    assert made.service.run(0, lambda: False) == 0
    made.loader.gate.set()

    assert made.run() == 1
    assert made.loader.loads == 1


def test_a_loader_that_breaks_is_a_model_that_cannot_be_had(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the worker would wait for ever for a thread that has ended."""
    reported: list[object] = []
    monkeypatch.setattr("threading.excepthook", reported.append)
    made.loader.breaks = True

    assert made.run() == 0
    assert len(reported) == 1
    with pytest.raises(EmbeddingUnavailable):
        made.service.finish(1.0, lambda _: None)


def test_a_model_that_is_down_fails_no_text(made: Made) -> None:
    made.embedder.is_down = True
    made.store.put(*map(str, range(40)))

    made.run()
    asked = len(made.embedder.asked)
    made.run()
    asked_meanwhile = len(made.embedder.asked) - asked
    made.embedder.is_down = False
    made.time.wall += RETRY_SECONDS

    assert (asked, asked_meanwhile) == (2, 0)
    assert made.store.failures == {}
    assert made.run() == 40


def test_one_bad_text_costs_no_other_its_vector() -> None:
    made = Made(poison=frozenset({"bad"}))
    made.store.put(*map(str, range(20)), "bad")

    made.run()

    assert sorted(made.store.stored) == sorted(map(str, range(20)))
    assert made.store.failures == {"bad": 1}


def test_a_batch_of_nothing_but_bad_texts_is_their_fault() -> None:
    """The newest works may all be bad: a model that still reads a plain text goes on with the others."""
    bad = {f"bad {number}" for number in range(20)}
    made = Made(poison=frozenset(bad))
    made.store.put("good", *bad)

    assert made.run() == 1
    assert set(made.store.failures) == bad


def test_what_is_no_vector_counts_as_a_model_that_is_down() -> None:
    made = Made(is_broken=True)
    made.store.put("one")

    assert made.run() == 0
    assert (made.store.stored, made.store.failures) == ([], {})


def test_registering_is_tried_again_where_writers_were_in_the_way(made: Made) -> None:
    made.models.is_busy = True
    made.store.put("one")

    while_busy = made.run()
    made.models.is_busy = False

    assert (while_busy, made.run()) == (0, 1)
    assert (made.loader.loads, len(made.models.registered)) == (1, 1)


def test_a_next_model_becomes_current_and_the_former_one_is_dropped(made: Made) -> None:
    made.models.register("older", "older", 4)
    made.store.put("one")

    made.run()

    filled = made.models.filled()
    assert filled is not None
    assert (filled.name, filled.role) == (made.embedder.name, ModelRole.CURRENT)
    assert made.models.dropped == 1


def test_it_stands_by_while_a_later_process_fills_another_model(made: Made) -> None:
    """And is back as soon as that one's operator wants the same model again, without registering itself."""
    made.store.put("one")
    made.run()
    made.models.register("newer", "newer", 4)
    made.store.put("two")

    while_another = made.run()
    made.models.register(made.embedder.name, "fake", 4)

    assert while_another == 0
    assert made.run() == 1
    assert made.models.registered == [made.embedder.name, "newer", made.embedder.name]


def test_a_batch_whose_model_was_superseded_is_given_back(made: Made) -> None:
    made.store.put("one")

    def supersede() -> bool:
        made.models.register("newer", "newer", 4)
        made.store.put("two")
        return False

    made.service.run(1e6, supersede)

    assert made.store.stored == ["one"]
    assert made.store.claim(10, 1)[0].title == "two"


def test_nothing_is_done_where_no_vectors_are_wanted() -> None:
    made = Made(spec=None)

    assert made.run() == 0
    assert not made.service.is_on
    assert (made.loader.loads, made.models.registered) == (0, [])
    with pytest.raises(Invalid, match="EMBEDDING_MODEL"):
        made.service.finish(1.0, lambda _: None)


def test_finishing_waits_for_what_others_have_claimed() -> None:
    made = Made(poison=frozenset({"bad"}))
    made.store.put("bad", *map(str, range(30)))
    others = made.store.claim(5, 30)
    seen: list[int] = []

    done = made.service.finish(0.5, seen.append)

    assert done == sum(seen) == 30
    assert len(others) == 5
    assert made.store.failures == {"bad": 3}
    assert set(made.store.waiting) == {"bad"}


def test_finishing_tells_why_it_cannot(made: Made) -> None:
    made.loader.is_missing = True
    with pytest.raises(EmbeddingUnavailable, match="not there"):
        made.service.finish(1.0, lambda _: None)

    other = Made()
    other.run()
    other.models.register("newer", "newer", 4)
    with pytest.raises(Conflict, match="newer"):
        other.service.finish(1.0, lambda _: None)
