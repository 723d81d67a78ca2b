"""OpenCitations: who refers to whom, and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from research_api.domain.calls import Reply
from research_api.domain.search import SourceOutcome
from research_api.domain.sources import Edges, SourceFailed
from research_api.domain.works import Identifier
from research_api.providers.access import Access
from research_api.providers.opencitations import BASE_URL, OpenCitations
from tests.providers.hostile import outcomes_of
from tests.providers.questions import question
from tests.providers.recordings import called
from tests.providers.sending import Given, LoopbackSend
from tests.replay.faults import RETRY_AFTER_SECONDS, Fault
from tests.replay.opencitations import OpenCitationsReplay
from tests.replay.protocol import Asked
from tests.replay.server import ReplayServer
from tests.replay.works import sample_works

WORKS = sample_works(300)
HELD = [work for work in WORKS if "opencitations" in work.held_by]
CITING = max(
    HELD, key=lambda work: sum("opencitations" in WORKS[number].held_by for number in work.references)
)
CITED_BY = {work.number: [one for one in HELD if work.number in one.references] for work in HELD}
CITED = max(HELD, key=lambda work: len(CITED_BY[work.number]))
ANYONE = Identifier("doi", "10.5555/anyone")


@pytest.fixture(scope="module")
def server() -> Iterator[ReplayServer]:
    with ReplayServer({"opencitations": OpenCitationsReplay(WORKS)}) as running:
        yield running


@pytest.fixture
def source(server: ReplayServer) -> OpenCitations:
    server.forget()
    server.clear("opencitations")
    return OpenCitations(Access(server.base_url("opencitations")))


def test_references_are_the_names_of_what_the_work_refers_to(source: OpenCitations) -> None:
    cited = [WORKS[number] for number in CITING.references]
    wanted = [Identifier("doi", one.doi or "") for one in cited if "opencitations" in one.held_by]

    edges = source.references(Identifier("doi", CITING.doi or ""), 100, LoopbackSend())

    assert len(wanted) > 2
    assert edges == Edges(identifiers=tuple(wanted), total=len(wanted))


@pytest.mark.parametrize("scheme", ["doi", "pmid"])
def test_citations_are_found_under_each_name_of_a_work(source: OpenCitations, scheme: str) -> None:
    work = max((one for one in HELD if getattr(one, scheme)), key=lambda one: len(CITED_BY[one.number]))

    edges = source.citations(Identifier(scheme, getattr(work, scheme)), 100, LoopbackSend())

    assert len(CITED_BY[work.number]) > 1
    assert [one.value for one in edges.identifiers] == [one.doi for one in CITED_BY[work.number]]


def test_no_more_than_the_limit_come_but_all_are_counted(source: OpenCitations) -> None:
    edges = source.citations(Identifier("doi", CITED.doi or ""), 2, LoopbackSend())

    assert len(edges.identifiers) == 2
    assert edges.total == len(CITED_BY[CITED.number]) > 2


def test_an_unknown_work_has_no_edges(source: OpenCitations) -> None:
    assert source.citations(ANYONE, 10, LoopbackSend()) == Edges(total=0)


def test_it_cannot_search_and_looks_nothing_up(server: ReplayServer, source: OpenCitations) -> None:
    with pytest.raises(SourceFailed):
        source.search(question("learning"), LoopbackSend())

    assert source.look_up([ANYONE], LoopbackSend()) == ()
    assert source.looks_up == frozenset()
    assert source.follows == {"doi", "pmid"}
    assert server.asked("opencitations") == []


def test_no_part_of_a_doi_leads_out_of_its_place(server: ReplayServer, source: OpenCitations) -> None:
    source.references(Identifier("doi", "10.5555/../x?y=1#z"), 10, LoopbackSend())

    assert server.asked("opencitations")[-1].path == "/references/doi:10.5555%2F..%2Fx%3Fy%3D1%23z"


def test_the_token_goes_into_a_header(server: ReplayServer, source: OpenCitations) -> None:
    OpenCitations(Access(server.base_url("opencitations"), api_key="a token")).citations(
        ANYONE, 10, LoopbackSend()
    )

    asked = server.asked("opencitations")[-1]
    assert asked.headers["authorization"] == "a token"
    assert asked.params == {}


@pytest.mark.parametrize(
    ("end", "read"),
    [
        ("omid:br/06 doi:10.5555/A pmid:12", Identifier("doi", "10.5555/a")),
        ("omid:br/06 pmid:12 doi:10.5555/a doi:10.5555/b", Identifier("doi", "10.5555/a")),
        ("omid:br/06 pmid:12", Identifier("pmid", "12")),
        ("10.1002/(sici)1097-4571(198909)40:5<342::aid-asi8>3.0.co;2-9", None),
        ("coci => 10.5555/a; doci => 10.5555/a", Identifier("doi", "10.5555/a")),
    ],
)
def test_each_end_is_told_by_its_strongest_name(end: str, read: Identifier | None) -> None:
    """None: the whole text is the name."""
    reply = Reply(200, {}, json.dumps([{"citing": "10.5555/x", "cited": end}]).encode())

    edges = OpenCitations(Access(BASE_URL)).references(ANYONE, 10, Given(reply))

    assert edges == Edges(identifiers=(read or Identifier("doi", end),), total=1)


def test_ends_without_a_name_are_counted_and_left_out() -> None:
    rows = [{"cited": "omid:br/1"}, {"cited": "omid:br/2 doi:10.5555/a"}, {"cited": "doi:10.5555/a"}]

    edges = OpenCitations(Access(BASE_URL)).references(
        ANYONE, 10, Given(Reply(200, {}, json.dumps(rows).encode()))
    )

    assert edges == Edges(identifiers=(Identifier("doi", "10.5555/a"),), total=2)


def test_every_recorded_edge_is_read(shared_data: Path) -> None:
    pages = called(shared_data, "opencitations")
    source = OpenCitations(Access(BASE_URL))

    for page in pages:
        is_forward = "/references/" in page.url
        end = "cited" if is_forward else "citing"
        told = re.findall(rf'"{end}": "([^"]+)"', page.body.decode())
        ask = source.references if is_forward else source.citations
        edges = ask(ANYONE, 1_000, Given(page.reply))
        assert len(told) > 10
        assert [one.value for one in edges.identifiers] == [one.lower() for one in told]
        assert edges.total == len(told)
    assert len(pages) == 4


@pytest.mark.parametrize(
    ("fault", "outcome", "status", "after"),
    [
        (Fault.TOO_MANY_REQUESTS_RETRY_AFTER, SourceOutcome.RATE_LIMITED, 429, RETRY_AFTER_SECONDS),
        (Fault.SERVER_ERROR, SourceOutcome.ERROR, 500, None),
        (Fault.HTML, SourceOutcome.ERROR, 200, None),
        (Fault.TRUNCATED, SourceOutcome.ERROR, 200, None),
    ],
)
def test_faults_are_failures_of_the_source(
    server: ReplayServer,
    source: OpenCitations,
    fault: Fault,
    outcome: SourceOutcome,
    status: int,
    after: float | None,
) -> None:
    server.fault("opencitations", fault)

    with pytest.raises(SourceFailed) as failed:
        source.citations(Identifier("doi", CITED.doi or ""), 10, LoopbackSend())

    assert (failed.value.outcome, failed.value.status) == (outcome, status)
    assert failed.value.retry_after_seconds == after


def test_a_path_of_no_operation_is_a_failure_and_not_an_unknown_work(server: ReplayServer) -> None:
    lost = OpenCitations(Access(f"{server.base_url('opencitations')}/api"))

    with pytest.raises(SourceFailed) as failed:
        lost.citations(ANYONE, 10, LoopbackSend())

    assert failed.value.status == 404


ANSWERED = OpenCitationsReplay(WORKS).answer(Asked("GET", f"/citations/doi:{CITED.doi}")).body


def test_hostile_payloads_raise_nothing_but_failures_of_the_source() -> None:
    source = OpenCitations(Access(BASE_URL))

    outcomes = outcomes_of(
        json.loads(ANSWERED), lambda send: len(source.citations(ANYONE, 10, send).identifiers)
    )

    assert outcomes[None] > 10
    assert outcomes.total() - outcomes[None] > 100
