"""Works of the catalog, and of the sources where the catalog does not have them."""

from __future__ import annotations

import threading

import pytest

from research_api.domain.errors import DatabaseUnavailable, Invalid, NotFound, SourcesUnavailable
from research_api.domain.search import SourceOutcome
from research_api.domain.works import Identifier, OpenAccess
from research_api.services.works import BatchAnswer
from tests.services.asking_fakes import Desk, doi, failing, id_of, record, work
from tests.services.federation_fakes import FakeSource
from tests.timing import wait_until

DOI = frozenset({"doi"})


@pytest.fixture
def desk() -> Desk:
    return Desk(
        {
            "crossref": FakeSource("crossref", looks_up=DOI),
            "openalex": FakeSource("openalex", looks_up=frozenset({"doi", "pmid"})),
            "unpaywall": FakeSource("unpaywall", looks_up=DOI),
        }
    )


def asked(desk: Desk) -> dict[str, int]:
    return {name: len(source.asked) for name, source in desk.sources.items() if source.asked}


def outcomes(answer: BatchAnswer) -> dict[str, tuple[str, int]]:
    return {report.name: (report.outcome.value, report.count) for report in answer.sources}


def test_a_work_of_the_catalog_is_given_without_asking_anybody(desk: Desk) -> None:
    desk.feed.put(work(1))

    assert desk.works.get("doi:10.1000/1", 1.0) == work(1)
    assert desk.works.batch(["10.1000/1", id_of(1)], 1.0) == BatchAnswer((work(1), work(1)), ())
    assert asked(desk) == {}


def test_what_the_catalog_does_not_have_is_merged_from_all_sources_and_stored(desk: Desk) -> None:
    desk.sources["crossref"].records = (record("crossref", 1, year=2001),)
    desk.sources["openalex"].records = (record("openalex", 1, citation_count=7),)
    desk.sources["unpaywall"].records = (
        record("unpaywall", 1, open_access=OpenAccess(True, "https://a.org")),
    )

    found = desk.works.get("doi:10.1000/1", 5.0)

    assert (found.id, found.year, found.citation_count) == (id_of(1), 2001, 7)
    assert found.open_access.url == "https://a.org"
    assert sorted(desk.stored()) == ["crossref-1", "openalex-1", "unpaywall-1"]


def test_only_sources_that_take_the_scheme_are_asked(desk: Desk) -> None:
    with pytest.raises(NotFound):
        desk.works.get("pmid:7", 5.0)

    assert asked(desk) == {"openalex": 1}


@pytest.mark.parametrize("reference", [id_of(9), "local:mine:7", "s2:CorpusId:7"])
def test_names_that_no_source_takes_are_unknown_at_once(desk: Desk, reference: str) -> None:
    with pytest.raises(NotFound):
        desk.works.get(reference, 5.0)

    assert asked(desk) == {}


@pytest.mark.parametrize(
    "reference", ["https://doi.org/10.1000/1", "http://127.0.0.1:9401/10.1000/1", "nonsense"]
)
def test_a_url_is_refused_and_starts_no_look_up(desk: Desk, reference: str) -> None:
    with pytest.raises(Invalid):
        desk.works.get(reference, 5.0)
    with pytest.raises(Invalid):
        desk.works.batch(["10.1000/1", reference], 5.0)

    assert asked(desk) == {}


@pytest.mark.parametrize("outcome", [SourceOutcome.ERROR, SourceOutcome.RATE_LIMITED, SourceOutcome.TIMEOUT])
def test_a_source_that_fails_is_never_taken_for_one_without_the_work(
    desk: Desk, outcome: SourceOutcome
) -> None:
    desk.sources["crossref"].before = failing(outcome)

    with pytest.raises(SourcesUnavailable) as raised:
        desk.works.get("doi:10.1000/1", 5.0)

    assert "did not answer: crossref. Try again" in raised.value.detail


def test_a_work_that_one_source_has_is_given_though_another_fails(desk: Desk) -> None:
    desk.sources["crossref"].before = failing()
    desk.sources["openalex"].records = (record("openalex", 1),)

    assert desk.works.get("doi:10.1000/1", 5.0).id == id_of(1)


def test_without_the_source_of_free_copies_an_unknown_work_is_still_unknown(desk: Desk) -> None:
    """It knows no work that Crossref does not know, and refuses callers for reasons of its own."""
    desk.sources["unpaywall"].before = failing()

    with pytest.raises(NotFound):
        desk.works.get("doi:10.1000/1", 5.0)


def test_a_late_source_is_named_and_what_it_brings_is_stored(desk: Desk) -> None:
    gate = threading.Event()
    desk.sources["crossref"].before = lambda: bool(gate.wait(30)) or None
    desk.sources["crossref"].records = (record("crossref", 1),)

    with pytest.raises(SourcesUnavailable, match="crossref"):
        desk.works.get("doi:10.1000/1", 0.2)
    gate.set()

    wait_until(desk.store.wrote.is_set, "the late record in the catalog")
    assert desk.stored() == ["crossref-1"]


def test_another_work_than_the_one_asked_for_is_never_given_nor_stored(desk: Desk) -> None:
    desk.sources["crossref"].is_careless = True
    desk.sources["crossref"].records = (record("crossref", 2),)

    with pytest.raises(NotFound):
        desk.works.get("doi:10.1000/1", 5.0)

    assert desk.stored() == []


def test_where_records_of_one_name_are_two_works_the_answer_is_the_one_that_will_own_it(desk: Desk) -> None:
    """The first record claims a name, in the order of the sources' names, here as in the store."""
    pmid = Identifier("pmid", "7")
    desk.sources["crossref"].looks_up = frozenset({"pmid"})
    desk.sources["crossref"].records = (record("crossref", 1, "Deep", identifiers=(doi(1), pmid)),)
    desk.sources["openalex"].records = (record("openalex", 2, "Shallow", identifiers=(doi(2), pmid)),)

    assert desk.works.get("pmid:7", 5.0).title == "Deep"


def test_without_the_database_nothing_is_said_about_a_work(desk: Desk) -> None:
    def fail(_: object) -> None:
        raise DatabaseUnavailable("The database does not answer.")

    desk.store.ids_of = fail  # type: ignore[assignment, method-assign] # the catalog is away

    with pytest.raises(DatabaseUnavailable):
        desk.works.get("doi:10.1000/1", 5.0)


def test_records_that_cannot_be_compared_are_named_as_a_new_catalog_would(desk: Desk) -> None:
    desk.store.failure = DatabaseUnavailable("The database does not answer.")
    desk.sources["crossref"].records = (record("crossref", 1),)

    assert desk.works.get("doi:10.1000/1", 5.0).id == id_of(1)


def test_a_batch_asks_each_source_once_for_all_that_it_takes(desk: Desk) -> None:
    desk.feed.put(work(3))
    desk.sources["crossref"].records = (record("crossref", 1),)
    desk.sources["openalex"].records = (
        record("openalex", 1),
        record("openalex", 5, "Other water", identifiers=(Identifier("pmid", "5"),)),
    )

    answer = desk.works.batch(
        ["10.1000/1", "10.1000/3", "10.1000/4", "pmid:5", "doi:10.1000/1", id_of(8)], 5.0
    )

    assert [one.title for one in answer.results] == ["Deep water", "Work 3", "Other water", "Deep water"]
    assert answer.missing == ("10.1000/4", id_of(8))
    assert outcomes(answer) == {"crossref": ("ok", 1), "openalex": ("ok", 2), "unpaywall": ("empty", 0)}
    assert answer.complete
    assert desk.sources["crossref"].asked == [(doi(1), doi(4))]
    assert desk.sources["openalex"].asked == [(doi(1), doi(4), Identifier("pmid", "5"))]


def test_a_batch_with_a_failed_source_is_incomplete(desk: Desk) -> None:
    desk.sources["crossref"].before = failing(SourceOutcome.RATE_LIMITED)
    desk.sources["openalex"].records = (record("openalex", 1),)

    answer = desk.works.batch(["10.1000/1", "10.1000/2"], 5.0)

    assert [one.id for one in answer.results] == [id_of(1)]
    assert answer.missing == ("10.1000/2",)
    assert outcomes(answer)["crossref"] == ("rate_limited", 0)
    assert not answer.complete


def test_what_only_the_catalog_may_know_is_asked_of_the_catalog_alone(desk: Desk) -> None:
    with pytest.raises(NotFound):
        desk.works.known("doi:10.1000/1")

    assert asked(desk) == {}


def test_without_any_source_the_catalog_answers() -> None:
    desk = Desk({})
    desk.feed.put(work(1))

    assert desk.works.get("10.1000/1", 5.0) == work(1)
    with pytest.raises(NotFound):
        desk.works.get("10.1000/2", 5.0)
    assert desk.works.batch(["10.1000/2"], 5.0) == BatchAnswer((), ("10.1000/2",))
