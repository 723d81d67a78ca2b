"""Equal questions that are asked at once, and how each keeps its own deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from research_api.domain.search import Mode, SearchAnswer, SearchRequest
from research_api.domain.works import Work, work_id_from_seed
from research_api.services.search import Wish
from tests.services.federation_bench import Bench, outcomes, record, titles
from tests.timing import wait_until

SHORT_SECONDS, LONG_SECONDS = 0.5, 20.0
OWN = Work(work_id_from_seed("doi:10.1000/9"), "Deep water at home", identifiers={"doi": "10.1000/9"})


@pytest.fixture
def gate() -> threading.Event:
    return threading.Event()


@pytest.fixture
def bench(tmp_path: Path, gate: threading.Event) -> Bench:
    """The catalog and one source answer at once, the other source when the gate opens."""
    bench = Bench(tmp_path)
    bench.put(OWN)
    bench.openalex.records = (record("openalex", 1),)
    bench.crossref.before = lambda: bool(gate.wait(60)) or None
    return bench


@pytest.fixture
def pool(gate: threading.Event) -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(12) as pool:
        yield pool
        gate.set()


def asked(pool: ThreadPoolExecutor, bench: Bench, seconds: float) -> Future[SearchAnswer]:
    """The answer to the same question as always, with its own deadline."""
    request = SearchRequest("deep water", mode=Mode.LEXICAL)
    wish = Wish(10, "t", "key", deadline_seconds=seconds)
    return pool.submit(bench.parts.service.search, request, wish)


def test_who_gives_less_time_is_not_kept_waiting(bench: Bench, pool: ThreadPoolExecutor) -> None:
    """An answer with nothing in it went out: the time for asking had gone by in waiting for the other."""
    patient = asked(pool, bench, LONG_SECONDS)
    wait_until(lambda: bench.crossref.asked, "the other asks")

    hasty = asked(pool, bench, SHORT_SECONDS).result()

    assert not patient.done()
    assert outcomes(hasty) == {"catalog": "ok", "crossref": "timeout", "openalex": "ok"}
    assert sorted(titles(hasty)) == ["Deep water", "Deep water at home"]


def test_who_gives_more_time_does_not_get_the_other_s_short_answer(
    bench: Bench, pool: ThreadPoolExecutor, gate: threading.Event
) -> None:
    bench.crossref.records = (record("crossref", 2, "Deep water again"),)
    hasty = asked(pool, bench, SHORT_SECONDS)
    wait_until(lambda: bench.crossref.asked, "the other asks")

    patient = asked(pool, bench, LONG_SECONDS)
    assert outcomes(hasty.result())["crossref"] == "timeout"
    gate.set()

    assert outcomes(patient.result()) == {"catalog": "ok", "crossref": "ok", "openalex": "ok"}


def test_a_source_that_hangs_is_asked_once_for_all_who_wait(bench: Bench, pool: ThreadPoolExecutor) -> None:
    """Those who joined first reach their deadline just before the one who asks has merged his answer."""
    answers = [one.result() for one in [asked(pool, bench, SHORT_SECONDS) for _ in range(12)]]

    assert [outcomes(one) for one in answers] == [
        {"catalog": "ok", "crossref": "timeout", "openalex": "ok"}
    ] * 12
    assert (len(bench.crossref.asked), len(bench.openalex.asked)) == (1, 1)


@pytest.mark.slow
def test_who_waited_for_one_that_died_answers_with_what_is_at_hand(
    bench: Bench, pool: ThreadPoolExecutor
) -> None:
    first = asked(pool, bench, SHORT_SECONDS)
    wait_until(lambda: bench.parts.cache.flying, "the flight")
    (flight_key,) = bench.parts.cache.flying
    first.result()
    wait_until(lambda: not bench.parts.cache.flying, "its end")
    bench.parts.behind.settle()
    bench.parts.cache.board(flight_key, 1_000)  # by somebody who never lands
    begin = time.monotonic()

    answer = asked(pool, bench, SHORT_SECONDS).result()

    assert time.monotonic() - begin < SHORT_SECONDS + 0.5
    assert outcomes(answer) == {"catalog": "ok", "crossref": "timeout", "openalex": "ok"}
    assert (answer.complete, answer.degraded) == (False, True)
    assert len(bench.crossref.asked) == 1


def test_of_those_who_waited_in_vain_one_asks(
    bench: Bench, pool: ThreadPoolExecutor, gate: threading.Event
) -> None:
    """Whose answer is too large for Redis gives up, with time left to all others."""
    first = asked(pool, bench, LONG_SECONDS)
    wait_until(lambda: bench.parts.cache.flying, "the flight")
    (flight_key,) = bench.parts.cache.flying
    gate.set()
    first.result()
    bench.parts.behind.settle()
    bench.parts.cache.lose()
    gate.clear()
    flight = bench.parts.cache.board(flight_key, 1_000)
    others = [asked(pool, bench, LONG_SECONDS) for _ in range(8)]
    time.sleep(0.2)

    flight.give_up()
    wait_until(lambda: len(bench.crossref.asked) > 1, "somebody asks")
    gate.set()

    assert all(one.result().complete for one in others)
    assert len(bench.crossref.asked) == 2
