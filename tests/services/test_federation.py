"""A search over several sources in memory: asked, merged, ranked."""

from __future__ import annotations

from pathlib import Path

import pytest

from research_api.domain.errors import DatabaseUnavailable, Invalid
from research_api.domain.search import (
    CacheState,
    Filters,
    Mode,
    Relation,
    SearchRequest,
    Sort,
    SourceOutcome,
)
from research_api.domain.sources import SourceQuestion
from research_api.domain.works import Author, Identifier, Work, work_id_from_seed
from research_api.services.search import Wish
from tests.services.federation_bench import Bench, failing, outcomes, record, titles


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path)
    bench.put()
    return bench


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

    answer = bench.ask()

    assert [[one.record.source_id for one in batch] for batch in bench.parts.store.stored] == [["crossref-1"]]
    [hit] = answer.hits
    assert bench.parts.store.told == [{("crossref", "crossref-1"): hit.work.id}]


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


def test_a_work_is_left_out_where_one_source_alone_says_that_it_was_retracted(bench: Bench) -> None:
    bench.crossref.records = (record("crossref", 1),)
    bench.openalex.records = (record("openalex", 1, retracted=True),)

    assert bench.ask(filters=Filters(exclude_retracted=True)).hits == ()
