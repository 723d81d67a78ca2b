"""Answers of several sources that are kept, shared while they are made, renewed, and passed by."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from research_api.domain.search import (
    CacheState,
    Filters,
    Mode,
    SearchAnswer,
    Sort,
)
from research_api.domain.sources import SourceQuestion
from research_api.services.search import Wish
from tests.services.answer_fakes import FakeCacheVisit
from tests.services.federation_bench import Bench, failing, outcomes, record, titles
from tests.timing import wait_until


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path)
    bench.put()
    return bench


def test_an_incomplete_answer_is_never_kept_and_the_next_one_asks_only_who_failed(bench: Bench) -> None:
    bench.crossref.before = failing()
    bench.openalex.records = (record("openalex", 1),)
    first = bench.ask()
    bench.crossref.before = lambda: None

    second = bench.ask()

    assert (first.cache, second.cache) == (CacheState.MISS, CacheState.MISS)
    assert second.complete
    assert (len(bench.crossref.asked), len(bench.openalex.asked)) == (2, 1)


def test_a_complete_answer_is_kept_and_asks_nobody_again(bench: Bench) -> None:
    bench.crossref.records = (record("crossref", 1), record("crossref", 2, "Deep sea"))
    first = bench.ask()
    bench.parts.cache.pass_time(60)

    second = bench.ask("  DEEP   Water ")

    assert (second.cache, second.age_seconds) == (CacheState.HIT, 60)
    assert [hit.work for hit in second.hits] == [hit.work for hit in first.hits]
    assert second.sources == first.sources
    assert second.text == "  DEEP   Water "
    assert len(bench.crossref.asked) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"text": "deep water deep"},
        {"mode": Mode.STRICT},
        {"sort": Sort.NEWEST},
        {"filters": Filters(year_from=2000)},
        {"sources": ("crossref",)},
        {"facets": ("year",)},
    ],
)
def test_what_asks_something_else_is_not_answered_from_the_same_entry(
    bench: Bench, other: dict[str, object]
) -> None:
    bench.ask()

    assert bench.ask(**other).cache is CacheState.MISS  # type: ignore[arg-type] # a text or a field


def test_an_old_answer_is_given_as_stale_and_renewed_behind_it(bench: Bench) -> None:
    bench.ask()
    bench.parts.cache.pass_time(16 * 60)
    bench.crossref.records = (record("crossref", 1),)

    stale = bench.ask()

    assert (stale.cache, stale.age_seconds, stale.degraded, stale.hits) == (CacheState.STALE, 960, True, ())
    wait_until(lambda: bench.ask().cache is CacheState.HIT, "the renewed answer")
    assert titles(bench.ask()) == ["Deep water"]
    assert len(bench.crossref.asked) == 2


def test_an_old_answer_stays_where_its_renewal_fails(bench: Bench) -> None:
    bench.crossref.records = (record("crossref", 1),)
    bench.ask()
    bench.parts.cache.pass_time(16 * 60)
    bench.crossref.before = failing()

    for _ in range(3):
        answer = bench.ask()
        assert (answer.cache, titles(answer)) == (CacheState.STALE, ["Deep water"])
        wait_until(lambda: not bench.parts.cache.flying, "the end of the renewal")
        bench.parts.behind.settle()


def test_a_source_that_fails_stands_in_with_its_older_answer(bench: Bench) -> None:
    bench.crossref.records = (record("crossref", 1),)
    bench.openalex.before = failing()
    bench.ask()
    bench.parts.cache.pass_time(20 * 60)
    bench.crossref.before = failing()

    answer = bench.ask()

    assert outcomes(answer) == {"catalog": "empty", "crossref": "stale", "openalex": "error"}
    assert titles(answer) == ["Deep water"]
    assert "stale_sources" in {warning.code for warning in answer.warnings}
    assert (answer.complete, answer.cache, answer.age_seconds) == (False, CacheState.STALE, 20 * 60)


def test_fresh_passes_the_cache_by_once_a_minute_for_each_key(bench: Bench) -> None:
    bench.ask()
    fresh = Wish(10, "t", "key", is_fresh=True)

    first, second = bench.ask(wish=fresh), bench.ask(wish=fresh)
    other = bench.ask(wish=Wish(10, "t", "other key", is_fresh=True))
    bench.parts.cache.pass_time(61)
    later = bench.ask(wish=fresh)

    assert [one.cache for one in (first, second, other, later)] == ["miss", "hit", "miss", "miss"]
    assert [{w.code for w in one.warnings} for one in (first, second)] == [set(), {"fresh_refused"}]
    assert len(bench.crossref.asked) == 4


def test_without_a_cache_every_question_asks_the_sources(bench: Bench) -> None:
    bench.parts.cache.is_broken = True
    bench.crossref.records = (record("crossref", 1),)

    answers = [bench.ask(), bench.ask()]

    assert [(one.cache, titles(one)) for one in answers] == [(CacheState.MISS, ["Deep water"])] * 2
    assert len(bench.crossref.asked) == 2


def test_equal_questions_in_flight_are_asked_once(bench: Bench) -> None:
    gate = threading.Event()
    bench.crossref.before = lambda: bool(gate.wait(30)) or None
    bench.crossref.records = (record("crossref", 1),)
    answers: list[SearchAnswer] = []
    threads = [threading.Thread(target=lambda: answers.append(bench.ask())) for _ in range(10)]

    for thread in threads:
        thread.start()
    wait_until(lambda: len(bench.crossref.asked) == 1, "the one who asks")
    gate.set()
    for thread in threads:
        thread.join(30)

    assert [titles(one) for one in answers] == [["Deep water"]] * 10
    assert (len(bench.crossref.asked), len(bench.openalex.asked)) == (1, 1)


def test_what_missed_the_deadline_is_there_for_the_next_question(bench: Bench) -> None:
    gate = threading.Event()
    bench.crossref.before = lambda: bool(gate.wait(30)) or None
    bench.crossref.records = (record("crossref", 1),)

    first = bench.ask(wish=Wish(10, "t", deadline_seconds=0.2))
    gate.set()
    wait_until(bench.parts.store.wrote.is_set, "the late records in the catalog")
    second = bench.ask()

    assert outcomes(first)["crossref"] == "timeout"
    assert outcomes(second)["crossref"] == "ok"
    assert titles(second) == ["Deep water"]
    assert len(bench.crossref.asked) == 1


def test_filters_and_clauses_hold_for_what_sources_give(bench: Bench) -> None:
    bench.crossref.records = (
        record("crossref", 1, "Deep water", year=2001),
        record("crossref", 2, "Deep ice", year=2001),
        record("crossref", 3, "Deep water", year=1990),
        record("crossref", 4, "Deep water", year=2001, retracted=True),
    )

    answer = bench.ask("deep water NOT ice year:2000-2010", filters=Filters(exclude_retracted=True))

    assert [hit.work.identifiers["doi"] for hit in answer.hits] == ["10.1000/1"]
    asked = bench.crossref.asked[0]
    assert isinstance(asked, SourceQuestion)
    assert asked.filters == Filters(2000, 2010)


def test_an_answer_is_as_old_as_the_oldest_of_its_parts(bench: Bench) -> None:
    """A source's own answer of 14 minutes ago must not be called fresh for 15 minutes more."""
    bench.openalex.before = failing()
    bench.ask()
    bench.parts.cache.pass_time(14 * 60)
    bench.openalex.before = lambda: None
    whole = bench.ask()
    bench.parts.cache.pass_time(30)

    young = bench.ask()
    bench.parts.cache.pass_time(60)
    old = bench.ask()

    assert (whole.cache, whole.complete) == (CacheState.MISS, True)
    assert (young.cache, young.age_seconds) == (CacheState.HIT, 14 * 60 + 30)
    assert old.cache is CacheState.STALE


def test_a_source_counts_while_the_database_is_slow_and_nothing_of_it_is_kept(bench: Bench) -> None:
    gate = threading.Event()
    bench.parts.store.before_look = lambda: bool(gate.wait(30)) or None
    bench.crossref.records = (record("crossref", 1),)
    hurry = Wish(10, "t", "key", deadline_seconds=0.4)

    answer = bench.ask(wish=hurry)
    gate.set()
    again = bench.ask()

    assert outcomes(answer) == {"catalog": "empty", "crossref": "ok", "openalex": "empty"}
    assert titles(answer) == ["Deep water"]
    assert "not_compared" in {one.code for one in answer.warnings}
    assert (answer.degraded, again.cache, again.degraded) == (True, CacheState.MISS, False)


def test_kept_answers_are_not_compared_where_the_database_is_slow(bench: Bench) -> None:
    bench.crossref.records = (record("crossref", 1),)
    bench.openalex.before = failing()
    bench.ask()
    gate = threading.Event()
    bench.parts.store.before_look = lambda: bool(gate.wait(30)) or None

    answer = bench.ask(wish=Wish(10, "t", "key", deadline_seconds=0.4))
    gate.set()

    assert titles(answer) == ["Deep water"]
    assert "not_compared" in {one.code for one in answer.warnings}
    assert len(bench.crossref.asked) == 1


def test_other_processes_are_told_every_answer(bench: Bench) -> None:
    bench.crossref.records = (record("crossref", 1),)
    bench.ask()
    bench.crossref.before = failing()
    bench.ask("other words")

    wait_until(lambda: len(bench.parts.cache.told) == 2, "both")
    assert all(b"Deep water" in body or b"error" in body for body in bench.parts.cache.told)


def test_other_processes_are_told_where_too_much_waits(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.parts.behind, "submit", lambda _: False)

    bench.ask()

    assert len(bench.parts.cache.told) == 1


def lists_of(bench: Bench) -> list[str]:
    return [key for key in bench.parts.cache.kept if key.startswith("list-")]


def test_a_kept_answer_can_be_paged_through_and_its_list_is_kept_once(bench: Bench) -> None:
    bench.crossref.records = tuple(record("crossref", number, f"Deep water {number}") for number in range(5))
    small = Wish(2, "t", "key")

    pages = [bench.ask(wish=small), bench.ask(wish=small)]
    cursor = pages[1].next_cursor
    assert cursor is not None
    after = bench.parts.service.next_page(cursor, small, request=None)

    assert [one.cache for one in pages] == [CacheState.MISS, CacheState.HIT]
    assert len(lists_of(bench)) == 1
    assert len({*titles(pages[1]), *titles(after)}) == 4


def test_an_answer_without_its_list_is_none(bench: Bench) -> None:
    bench.ask()
    for key in lists_of(bench):
        del bench.parts.cache._entries[key]

    assert bench.ask().cache is CacheState.MISS


def test_an_answer_whose_list_ends_before_its_cursor_is_none(bench: Bench) -> None:
    bench.ask()

    bench.parts.cache.pass_time(23.6 * 3600)

    assert bench.ask().cache is CacheState.MISS


def test_a_list_that_cannot_be_kept_is_put_for_paging_at_least(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.crossref.records = tuple(record("crossref", number, f"Deep water {number}") for number in range(5))
    put = FakeCacheVisit.put
    monkeypatch.setattr(
        FakeCacheVisit, "put", lambda visit, bodies, seconds: len(bodies) == 1 and put(visit, bodies, seconds)
    )

    first = bench.ask(wish=Wish(2, "t", "key"))

    assert first.next_cursor is not None
    assert bench.ask(wish=Wish(2, "t", "key")).cache is CacheState.MISS
