"""Unpaywall: what it is asked, what is read of its answers, and what comes of bad ones."""

from __future__ import annotations

import json

import pytest

from research_api.domain.calls import Reply
from research_api.domain.search import SourceOutcome
from research_api.domain.sources import Edges, Source, SourceFailed
from research_api.domain.works import Identifier, OpenAccess, Record
from research_api.providers import unpaywall
from research_api.providers.access import Access
from research_api.providers.unpaywall import MAX_LOOK_UPS, UnpaywallSource
from research_api.records.errors import Rejected
from research_api.records.unpaywall import to_record
from tests.providers.hostile import outcomes_of
from tests.providers.questions import question
from tests.providers.sending import BASE_URL, Given, Replaying
from tests.replay.protocol import Asked
from tests.replay.unpaywall import UnpaywallReplay, doi_object
from tests.replay.works import SampleWork, sample_works

WORKS = sample_works(400)
HELD = [work for work in WORKS if "unpaywall" in work.held_by]
SOURCE: Source = UnpaywallSource(Access(BASE_URL, contact="library@example.org"))
JSON = {"content-type": "application/json"}


@pytest.fixture
def replay() -> Replaying:
    return Replaying(UnpaywallReplay(WORKS))


def doi(work: SampleWork) -> Identifier:
    return Identifier("doi", work.doi or "")


def told(body: object, status: int = 200) -> Given:
    return Given(Reply(status, JSON, json.dumps(body).encode()))


def looked_up(replay: Replaying, works: list[SampleWork]) -> dict[str, Record]:
    records: dict[str, Record] = {}
    for start in range(0, len(works), MAX_LOOK_UPS):
        found = SOURCE.look_up([doi(work) for work in works[start : start + MAX_LOOK_UPS]], replay)
        records |= {record.source_id: record for record in found}
    return records


def test_it_needs_no_key_and_only_looks_up_dois() -> None:
    assert (unpaywall.NAME, unpaywall.NEEDS_KEY, unpaywall.VERIFIED) == ("unpaywall", False, False)
    assert unpaywall.BASE_URL == "https://api.unpaywall.org/v2"
    assert (SOURCE.name, SOURCE.looks_up, SOURCE.follows) == ("unpaywall", frozenset({"doi"}), frozenset())


def test_it_cannot_be_searched(replay: Replaying) -> None:
    with pytest.raises(SourceFailed) as failure:
        SOURCE.search(question("case"), replay)

    assert failure.value.outcome is SourceOutcome.ERROR
    assert replay.asked == []


def test_without_an_address_nothing_is_sent(replay: Replaying) -> None:
    with pytest.raises(SourceFailed, match="e-mail address"):
        UnpaywallSource(Access(BASE_URL, contact=" ")).look_up([doi(HELD[0])], replay)

    assert replay.asked == []


def test_what_is_said_of_a_work_is_read(replay: Replaying) -> None:
    records = looked_up(replay, HELD)

    assert len(records) == len(HELD)
    for work in HELD:
        record = records[work.doi or ""]
        orcids = [None if work.number % 3 == 0 else author.orcid for author in work.authors]
        assert record.title.removeprefix("RETRACTED: ") == work.title
        assert record.retracted is work.retracted
        assert (record.year, record.date, record.venue, record.type) == (
            work.year,
            work.date,
            work.venue,
            work.type,
        )
        assert [author.name for author in record.authors] == [author.name for author in work.authors]
        assert [author.orcid for author in record.authors] == orcids
        assert record.identifiers == (doi(work),)
        assert record.url == f"https://doi.org/{work.doi}"
        assert record.open_access.is_oa is work.is_oa
        assert record.open_access.license == work.license


def test_the_file_is_preferred_to_the_page(replay: Replaying) -> None:
    works = [next(work for work in HELD if work.is_oa and work.number % 4 == rest) for rest in (0, 1)]

    records = looked_up(replay, works)

    addresses = [records[work.doi or ""].open_access.url for work in works]
    assert addresses == [
        f"https://repository.example.org/{works[0].number}",
        f"https://repository.example.org/{works[1].number}.pdf",
    ]


def test_each_doi_is_asked_for_once_and_at_most_twenty_five_are(replay: Replaying) -> None:
    identifiers = [doi(work) for work in [*HELD[:30], *HELD[:30]]]

    assert len(SOURCE.look_up(identifiers, replay)) == MAX_LOOK_UPS == 25
    assert len(replay.asked) == 25
    assert {asked.param("email") for asked in replay.asked} == {"library@example.org"}
    assert {asked.path.count("/") for asked in replay.asked} == {1}


def test_signs_of_a_doi_are_no_part_of_the_address(replay: Replaying) -> None:
    assert SOURCE.look_up([Identifier("doi", "10.5555/a?b#c/../d%2f")], replay) == ()
    assert replay.asked[0].path == "/10.5555%2Fa%3Fb%23c%2F..%2Fd%252f"


@pytest.mark.parametrize("name", ["10.5555/nobody", "10.5555/gone.1"])
def test_a_doi_that_it_does_not_know_is_nothing_found(replay: Replaying, name: str) -> None:
    assert [
        record.source_id for record in SOURCE.look_up([Identifier("doi", name), doi(HELD[0])], replay)
    ] == [HELD[0].doi]


def test_a_404_in_html_is_nothing_found() -> None:
    assert SOURCE.look_up([doi(HELD[0])], Given(Reply(404, {}, b"<html>404</html>"))) == ()


def test_an_address_that_it_does_not_take_is_a_failure(replay: Replaying) -> None:
    made_up = UnpaywallSource(Access(BASE_URL, contact="someone@example.com"))

    with pytest.raises(SourceFailed, match="e-mail address") as failure:
        made_up.look_up([doi(HELD[0])], replay)

    assert failure.value.status == 422
    assert "someone" not in failure.value.detail


@pytest.mark.parametrize(
    ("path", "email", "status"),
    [("/10.5555/nobody", "a@b.org", 404), ("/10.5555/gone.2", "a@b.org", 410), (f"/{HELD[0].doi}", "", 422)],
)
def test_the_replay_refuses_what_unpaywall_refuses(path: str, email: str, status: int) -> None:
    answer = UnpaywallReplay(WORKS).answer(Asked("GET", path, {"email": [email]}))

    assert (answer.status, json.loads(answer.body)["HTTP_status_code"]) == (status, status)


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (Reply(429, {"retry-after": "7"}, b"{}"), SourceOutcome.RATE_LIMITED),
        (Reply(500, JSON, b"{}"), SourceOutcome.ERROR),
        (Reply(200, JSON, b"<html></html>"), SourceOutcome.ERROR),
        (Reply(200, JSON, b"[]"), SourceOutcome.ERROR),
    ],
)
def test_a_refusal_is_no_empty_answer(reply: Reply, outcome: SourceOutcome) -> None:
    with pytest.raises(SourceFailed) as failure:
        SOURCE.look_up([doi(HELD[0])], Given(reply))

    assert failure.value.outcome is outcome


def test_an_answer_about_another_work_is_not_taken() -> None:
    assert SOURCE.look_up([Identifier("doi", "10.5555/other")], told(doi_object(HELD[0]))) == ()


def test_it_knows_no_citations(replay: Replaying) -> None:
    assert SOURCE.references(doi(HELD[0]), 5, replay) == SOURCE.citations(doi(HELD[0]), 5, replay) == Edges()
    assert replay.asked == []


def test_wrong_types_in_any_field_never_raise_anything_but_a_failure() -> None:
    work = next(each for each in HELD if each.is_oa and each.number % 3)

    outcomes = outcomes_of(doi_object(work), lambda send: len(SOURCE.look_up([doi(work)], send)))

    assert set(outcomes) == {None, 0, 1}


def test_without_a_best_copy_another_one_is_taken() -> None:
    locations = [{"url": "ftp://example.org/a"}, {"url": "https://example.org/a", "license": "CC-BY"}]
    payload: dict[str, object] = {"doi": "10.5555/a", "title": "T", "is_oa": True, "oa_locations": locations}

    assert to_record(payload).open_access == OpenAccess(True, "https://example.org/a", "cc-by")
    assert to_record({**payload, "oa_locations": None}).open_access == OpenAccess(True)
    assert to_record({**payload, "is_oa": False}).open_access == OpenAccess(False)
    assert to_record({**payload, "is_oa": None}).open_access == OpenAccess()


def test_a_work_needs_a_doi_and_a_title() -> None:
    with pytest.raises(Rejected):
        to_record({"doi": "10.5555/a", "title": None})
    with pytest.raises(Rejected):
        to_record({"title": "T"})
