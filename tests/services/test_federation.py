"""A search over several sources in memory: asked, merged, ranked, kept."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from research_api.catalog.indexer import TantivyIndexer
from research_api.catalog.layout import IndexLayout
from research_api.catalog.searcher import TantivySearcher
from research_api.domain.errors import DatabaseUnavailable, Invalid
from research_api.domain.search import (
    CacheState,
    Filters,
    Mode,
    Relation,
    SearchAnswer,
    SearchRequest,
    Sort,
    SourceOutcome,
)
from research_api.domain.sources import SourceFailed, SourceQuestion
from research_api.domain.works import Author, Identifier, Record, Work, work_id_from_seed
from research_api.services.retrieval import Retriever
from research_api.services.search import Wish
from tests.catalog.fakes import FakeChangeFeed
from tests.services.federation_fakes import FakeSource, Parts, make_parts
from tests.timing import wait_until

BOTH = ("catalog", "crossref", "openalex")


def record(source: str, number: int, title: str = "Deep water", **fields: object) -> Record:
    """A record with a DOI of that number."""
    identifiers = fields.pop("identifiers", (Identifier("doi", f"10.1000/{number}"),))
    return Record(source, f"{source}-{number}", title, identifiers=identifiers, **fields)  # type: ignore[arg-type] # as much as the tests need


@dataclass
class Bench:
    """The service over a real index and two sources."""

    folder: Path
    crossref: FakeSource = field(default_factory=lambda: FakeSource("crossref"))
    openalex: FakeSource = field(default_factory=lambda: FakeSource("openalex"))

    def __post_init__(self) -> None:
        self.feed = FakeChangeFeed()
        self.layout = IndexLayout(self.folder)
        self.searcher = TantivySearcher(self.layout)
        self.parts: Parts = make_parts(
            Retriever(self.searcher, None),
            self.feed,
            {"crossref": self.crossref, "openalex": self.openalex},
            default_sources=BOTH,
        )

    def put(self, *works: Work) -> None:
        self.feed.put(*works)
        TantivyIndexer(self.layout, self.feed, host="here").apply()
        self.searcher._next_look = 0.0  # the next look is now

    def ask(self, text: str = "deep water", *, wish: Wish | None = None, **fields: object) -> SearchAnswer:
        request = SearchRequest(text, **{"mode": Mode.LEXICAL, **fields})  # type: ignore[arg-type] # as much as the tests need
        answer = self.parts.service.search(request, wish or Wish(10, "t", "key"))
        self.parts.behind.settle()
        self.parts.writing.settle()
        return answer


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path)
    bench.put()
    return bench


def outcomes(answer: SearchAnswer) -> dict[str, str]:
    return {report.name: report.outcome.value for report in answer.sources}


def failing(outcome: SourceOutcome = SourceOutcome.ERROR) -> Callable[[], None]:
    def fail() -> None:
        raise SourceFailed("Not today.", outcome)

    return fail


def titles(answer: SearchAnswer) -> list[str]:
    return [hit.work.title for hit in answer.hits]


def test_records_of_one_work_are_one_result_that_names_its_sources(bench: Bench) -> None:
    bench.crossref.records = (record("crossref", 2, "Other water"), record("crossref", 1, year=2001))
    bench.openalex.records = (record("openalex", 1, citation_count=7),)

    answer = bench.ask()

    assert outcomes(answer) == {"catalog": "empty", "crossref": "ok", "openalex": "ok"}
    one = next(hit for hit in answer.hits if hit.work.identifiers["doi"] == "10.1000/1")
    assert (one.work.year, one.work.citation_count) == (2001, 7)
    assert {(place.name, place.rank, place.id) for place in one.placed} == {
        ("crossref", 2, "crossref-1"),
        ("openalex", 1, "openalex-1"),
    }
    assert answer.total == len(answer.hits) == 2
    assert (answer.complete, answer.degraded, answer.cache) == (True, False, CacheState.MISS)


def test_what_was_found_is_stored_behind_the_answer(bench: Bench) -> None:
    bench.crossref.records = (record("crossref", 1),)

    bench.ask()

    assert [[one.record.source_id for one in batch] for batch in bench.parts.store.stored] == [["crossref-1"]]


def test_a_work_of_the_catalog_that_a_source_has_too_is_shown_once(bench: Bench) -> None:
    own = Work(work_id_from_seed("doi:10.1000/1"), "Deep water", identifiers={"doi": "10.1000/1"})
    bench.put(own)
    bench.crossref.records = (record("crossref", 1),)

    (hit,) = bench.ask().hits

    assert {(place.name, place.id) for place in hit.placed} == {
        ("catalog", own.id),
        ("crossref", "crossref-1"),
    }


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (SourceOutcome.ERROR, "error"),
        (SourceOutcome.RATE_LIMITED, "rate_limited"),
        (SourceOutcome.TIMEOUT, "timeout"),
    ],
)
def test_a_source_that_fails_is_no_source_without_results(
    bench: Bench, outcome: SourceOutcome, told: str
) -> None:
    bench.crossref.before = failing(outcome)
    bench.openalex.records = (record("openalex", 1),)

    answer = bench.ask()

    assert outcomes(answer) == {"catalog": "empty", "crossref": told, "openalex": "ok"}
    assert titles(answer) == ["Deep water"]
    assert (answer.complete, answer.degraded, answer.relation) == (False, True, Relation.AT_LEAST)


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
    assert (answer.complete, answer.cache) == (False, CacheState.MISS)


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


def test_strict_results_of_sources_prove_the_query(bench: Bench) -> None:
    bench.crossref.records = (
        record("crossref", 1, "Deep water"),
        record("crossref", 2, "Shallow water"),
        record("crossref", 3, "Water", abstract="It is deep."),
    )

    answer = bench.ask("deep water", mode=Mode.STRICT)

    assert sorted(titles(answer)) == ["Deep water", "Water"]
    assert all(hit.matches for hit in answer.hits)
    asked = bench.crossref.asked[0]
    assert isinstance(asked, SourceQuestion)
    assert asked.is_strict


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
    assert asked.filters == Filters(2000, 2010, exclude_retracted=True)


def test_words_decide_between_works_that_sources_rank_alike(bench: Bench) -> None:
    bench.crossref.records = (
        record("crossref", 1, "A survey of rivers"),
        record("crossref", 2, "Deep water"),
    )
    bench.openalex.records = (record("openalex", 2, "Deep water"), record("openalex", 3, "Lakes"))

    assert titles(bench.ask())[0] == "Deep water"


def test_an_identifier_is_looked_up_where_that_is_possible(bench: Bench) -> None:
    bench.crossref.looks_up = frozenset({"doi"})
    bench.crossref.records = (record("crossref", 1, "Unlike"),)
    bench.openalex.records = (record("openalex", 2, "10.1000 is a prefix"),)

    answer = bench.ask("doi:10.1000/1")

    assert titles(answer)[0] == "Unlike"
    assert bench.crossref.asked == [(Identifier("doi", "10.1000/1"),)]
    assert isinstance(bench.openalex.asked[0], SourceQuestion)


def test_another_order_merges_the_lists_by_what_it_sorts_by(bench: Bench) -> None:
    bench.put(*(Work(work_id_from_seed(str(n)), f"Deep water {n}", year=n) for n in (1990, 2010)))
    bench.crossref.records = tuple(
        record("crossref", n, f"Deep water {n}", year=n) for n in (1980, 2000, 2020)
    )

    newest = bench.ask(sort=Sort.NEWEST)

    assert [hit.work.year for hit in newest.hits] == [2020, 2010, 2000, 1990, 1980]
    assert {hit.score for hit in newest.hits} == {None}


def test_facets_and_total_count_what_only_sources_have(bench: Bench) -> None:
    bench.put(Work(work_id_from_seed("own"), "Deep water", year=2000, type="book"))
    bench.crossref.records = (
        record("crossref", 1, year=2000, type="journal-article"),
        record("crossref", 2, "Deep sea", year=2001, type="book"),
    )

    answer = bench.ask(facets=("year", "type", "open_access", "venue"))

    assert answer.total == 3
    assert {(one.value, one.count) for one in answer.facets["year"]} == {("2000", 2), ("2001", 1)}
    assert {(one.value, one.count) for one in answer.facets["type"]} == {("book", 2), ("journal-article", 1)}
    assert {(one.value, one.count) for one in answer.facets["open_access"]} == {("false", 3)}
    assert answer.facets["venue"] == ()


def test_the_total_is_a_lower_bound_where_a_source_has_more(bench: Bench) -> None:
    bench.crossref.records, bench.crossref.total = (record("crossref", 1),), 5_000
    bench.openalex.total = 0

    assert bench.ask().relation is Relation.AT_LEAST
    bench.parts.cache.lose()
    bench.crossref.total = 1
    assert bench.ask().relation is Relation.EQUAL


def test_pages_walk_one_list_without_gap_or_repeat(bench: Bench) -> None:
    bench.put(*(Work(work_id_from_seed(f"own {n}"), f"Deep water {n}") for n in range(12)))
    bench.crossref.records = tuple(record("crossref", n, f"Deep sea {n}") for n in range(25))

    answer = bench.ask(wish=Wish(7, "t"))
    found = [hit.work.id for hit in answer.hits]
    while answer.next_cursor:
        bench.crossref.records = ()
        request = SearchRequest("Deep WATER", Mode.LEXICAL)
        answer = bench.parts.service.next_page(answer.next_cursor, Wish(7, "t"), request=request)
        found += [hit.work.id for hit in answer.hits]

    assert len(found) == len(set(found)) == answer.total == 37
    assert outcomes(answer) == {"catalog": "ok", "crossref": "ok", "openalex": "empty"}


def test_a_cursor_of_another_question_is_refused(bench: Bench) -> None:
    bench.crossref.records = tuple(record("crossref", n) for n in range(5))
    cursor = bench.ask(wish=Wish(2, "t")).next_cursor

    with pytest.raises(Invalid):
        bench.parts.service.next_page(
            str(cursor), Wish(2, "t"), request=SearchRequest("deep sea", Mode.LEXICAL)
        )


def test_a_source_that_is_not_enabled_here_is_skipped(bench: Bench) -> None:
    answer = bench.ask(sources=("crossref", "core"))

    assert outcomes(answer) == {"crossref": "empty", "core": "skipped"}
    assert not answer.complete


def test_without_the_database_sources_answer_and_nothing_is_lost_of_them(bench: Bench) -> None:
    bench.parts.store.failure = DatabaseUnavailable("Try again.")
    bench.crossref.records = (record("crossref", 1, authors=(Author("Ada Lovelace"),)),)

    answer = bench.ask()

    assert titles(answer) == ["Deep water"]
    assert answer.hits[0].work.id == work_id_from_seed("doi:10.1000/1")


def test_meaning_is_asked_of_the_catalog_alone(tmp_path: Path, bench: Bench) -> None:
    with pytest.raises(Exception, match="makes no vectors"):
        bench.ask(mode=Mode.VECTOR)

    assert bench.crossref.asked == []
