"""What works refer to and what refers to them, of the catalog and of sources in memory."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from research_api.domain.edges import Referring
from research_api.domain.errors import Invalid, NotFound, SourcesUnavailable
from research_api.domain.search import Relation, SourceOutcome
from research_api.domain.sources import Edges
from research_api.domain.works import Identifier
from research_api.services.edges import EdgesAnswer, EdgeWish
from tests.services.asking_fakes import Desk, doi, failing, id_of, record, work
from tests.services.federation_fakes import FakeSource
from tests.timing import wait_until

DOI = frozenset({"doi"})
WISH = EdgeWish(limit=25, seconds=5.0)


@pytest.fixture
def desk() -> Desk:
    """The catalog has work 1; one source gives records, another one names alone, a third follows nothing."""
    desk = Desk(
        {
            "openalex": FakeSource("openalex", looks_up=DOI, follows=frozenset({"doi", "openalex"})),
            "opencitations": FakeSource("opencitations", follows=DOI, edges=Edges(total=0)),
            "doaj": FakeSource("doaj", looks_up=DOI),
        }
    )
    desk.feed.put(work(1))
    return desk


def ids(answer: EdgesAnswer) -> list[str]:
    return [one.id for one in answer.results]


def outcomes(answer: EdgesAnswer) -> dict[str, tuple[str, int]]:
    return {report.name: (report.outcome.value, report.count) for report in answer.sources}


def test_who_cannot_know_citations_is_not_asked_and_says_nothing_of_them(desk: Desk) -> None:
    desk.sources["openalex"].knows_citations = False

    answer = desk.edges.citations("10.1000/1", WISH)
    named = desk.edges.citations("10.1000/1", replace(WISH, sources=("openalex", "opencitations")))

    assert "openalex" not in outcomes(answer)
    assert outcomes(named) == {"openalex": ("skipped", 0), "opencitations": ("empty", 0)}
    assert not named.complete
    assert desk.sources["openalex"].asked == []


def test_references_of_the_catalog_and_of_sources_are_one_list(desk: Desk) -> None:
    desk.feed.put(work(2), work(4, year=1990))
    desk.references.names[id_of(1)] = [doi(2), doi(3)]
    desk.sources["openalex"].edges = Edges(
        records=(record("openalex", 3), record("openalex", 5, "Ice")), total=2
    )
    desk.sources["opencitations"].edges = Edges(identifiers=(doi(3), doi(4), doi(6)), total=3)

    answer = desk.edges.references("10.1000/1", WISH)

    assert ids(answer) == [id_of(3), id_of(4), *sorted([id_of(2), id_of(5)])]
    assert answer.unresolved == (doi(6),)
    assert (answer.total, answer.relation) == (5, Relation.EQUAL)
    assert outcomes(answer) == {"catalog": ("ok", 2), "openalex": ("ok", 2), "opencitations": ("ok", 3)}
    assert (answer.work.id, answer.complete, answer.degraded, answer.warnings) == (id_of(1), True, False, ())
    assert desk.stored() == ["openalex-3", "openalex-5"]


def test_citations_of_the_catalog_and_of_sources_are_one_list(desk: Desk) -> None:
    desk.feed.put(work(2, citation_count=3), work(3, citation_count=9))
    desk.references.citing[id_of(1)] = Referring((id_of(3), id_of(2)), 2)
    desk.sources["openalex"].edges = Edges(records=(record("openalex", 7, citation_count=5),), total=400)

    answer = desk.edges.citations("10.1000/1", WISH)

    assert ids(answer) == [id_of(3), id_of(7), id_of(2)]
    assert (answer.total, answer.relation) == (400, Relation.AT_LEAST)
    assert desk.references.asked == [(id_of(1), (doi(1),))]


def test_more_sources_go_before_more_citations_and_those_before_the_year(desk: Desk) -> None:
    desk.sources["openalex"].edges = Edges(
        records=(
            record("openalex", 2, "A", year=2001),
            record("openalex", 3, "B", year=2009),
            record("openalex", 4, "C", citation_count=8),
            record("openalex", 5, "D", year=1950),
        )
    )
    desk.sources["opencitations"].edges = Edges(identifiers=(doi(5),))

    answer = desk.edges.citations("10.1000/1", WISH)

    assert [one.title for one in answer.results] == ["D", "C", "B", "A"]


def test_two_names_of_one_work_are_one_reference(desk: Desk) -> None:
    """Crossref refers by DOI, OpenAlex by its own number, and the catalog has what both said."""
    desk.feed.put(work(2, identifiers={"doi": "10.1000/2", "openalex": "W2"}))
    desk.references.names[id_of(1)] = [doi(2), Identifier("openalex", "W2")]
    desk.sources["openalex"].edges = Edges(identifiers=(doi(2),))

    answer = desk.edges.references("10.1000/1", WISH)

    assert (ids(answer), answer.total, answer.relation) == ([id_of(2)], 1, Relation.AT_LEAST)


def test_a_work_is_never_at_the_other_end_of_itself(desk: Desk) -> None:
    desk.references.names[id_of(1)] = [doi(1)]
    desk.sources["openalex"].edges = Edges(identifiers=(doi(1), doi(2)))

    answer = desk.edges.references("10.1000/1", WISH)

    assert (answer.results, answer.unresolved) == ((), (doi(2),))


@pytest.mark.parametrize("outcome", [SourceOutcome.ERROR, SourceOutcome.RATE_LIMITED, SourceOutcome.TIMEOUT])
def test_a_source_that_fails_is_a_report(desk: Desk, outcome: SourceOutcome) -> None:
    desk.references.names[id_of(1)] = [doi(2)]
    desk.sources["openalex"].before = failing(outcome)

    answer = desk.edges.references("10.1000/1", WISH)

    assert outcomes(answer)["openalex"] == (outcome.value, 0)
    assert answer.unresolved == (doi(2),)
    assert (answer.complete, answer.degraded, answer.relation) == (False, True, Relation.AT_LEAST)


def test_what_comes_late_is_stored(desk: Desk) -> None:
    gate = threading.Event()
    desk.sources["openalex"].before = lambda: bool(gate.wait(30)) or None
    desk.sources["openalex"].edges = Edges(records=(record("openalex", 2),))

    answer = desk.edges.references("10.1000/1", EdgeWish(25, 0.2))
    gate.set()

    assert outcomes(answer)["openalex"] == ("timeout", 0)
    wait_until(desk.store.wrote.is_set, "the late record in the catalog")
    assert desk.stored() == ["openalex-2"]


def test_a_source_is_asked_by_the_strongest_name_that_it_takes(desk: Desk) -> None:
    desk.feed.put(work(2, identifiers={"pmid": "2", "openalex": "W2"}))

    answer = desk.edges.citations(id_of(2), WISH)

    assert desk.sources["openalex"].asked == [(Identifier("openalex", "W2"),)]
    assert desk.sources["opencitations"].asked == []
    assert list(outcomes(answer)) == ["catalog", "openalex"]


def test_a_work_whose_names_no_source_takes_is_told_of(desk: Desk) -> None:
    desk.feed.put(work(2, identifiers={"local": "mine:2"}))

    answer = desk.edges.citations(id_of(2), WISH)

    assert [one.code for one in answer.warnings] == ["no_identifier"]
    assert (answer.complete, answer.degraded) == (True, True)


def test_only_the_named_are_asked_and_who_cannot_answer_is_skipped(desk: Desk) -> None:
    desk.references.names[id_of(1)] = [doi(2)]

    answer = desk.edges.references("10.1000/1", EdgeWish(25, 5.0, ("doaj", "opencitations", "core")))

    assert outcomes(answer) == {"doaj": ("skipped", 0), "opencitations": ("empty", 0), "core": ("skipped", 0)}
    assert (answer.unresolved, answer.complete) == ((), False)
    assert desk.sources["openalex"].asked == []


def test_a_work_that_is_new_to_the_catalog_is_looked_up_first(desk: Desk) -> None:
    """Its own records are stored behind the answer, which has what they refer to all the same."""
    desk.sources["openalex"].records = (record("openalex", 9, references=(doi(1), doi(2))),)

    references = desk.edges.references("10.1000/9", WISH)
    desk.edges.citations("10.1000/9", WISH)

    assert (references.work.id, ids(references), references.unresolved) == (id_of(9), [id_of(1)], (doi(2),))
    assert outcomes(references)["catalog"] == ("ok", 2)
    assert desk.references.asked[0] == (id_of(9), (doi(9), doi(9)))


def test_a_work_that_nobody_has_is_an_error_as_in_a_look_up(desk: Desk) -> None:
    with pytest.raises(NotFound):
        desk.edges.references("10.1000/9", WISH)
    with pytest.raises(Invalid):
        desk.edges.citations("https://doi.org/10.1000/9", WISH)
    desk.sources["openalex"].before = failing()
    with pytest.raises(SourcesUnavailable):
        desk.edges.citations("10.1000/9", WISH)


def test_the_limit_cuts_works_and_names_and_not_the_total(desk: Desk) -> None:
    numbers = range(2, 42)
    desk.sources["openalex"].edges = Edges(
        records=tuple(record("openalex", n, f"About {n}") for n in numbers), total=40
    )
    desk.references.names[id_of(1)] = [doi(n) for n in range(100, 150)]

    answer = desk.edges.references("10.1000/1", EdgeWish(10, 5.0))

    assert (len(answer.results), len(answer.unresolved)) == (10, 10)
    assert (answer.total, answer.relation) == (90, Relation.EQUAL)


def test_the_catalog_alone_answers_without_any_source() -> None:
    desk = Desk({})
    desk.feed.put(work(1), work(2))
    desk.references.names[id_of(1)] = [doi(2)]
    desk.references.citing[id_of(1)] = Referring((id_of(2),), 1)

    references, citations = desk.edges.references(id_of(1), WISH), desk.edges.citations(id_of(1), WISH)

    assert ids(references) == ids(citations) == [id_of(2)]
    assert outcomes(references) == outcomes(citations) == {"catalog": ("ok", 1)}
    assert (references.degraded, references.relation) == (False, Relation.EQUAL)
