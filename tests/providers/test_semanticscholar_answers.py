"""Semantic Scholar: refusals, and answers that nobody expects."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from research_api.domain.calls import Reply
from research_api.domain.search import SourceOutcome
from research_api.domain.sources import Edges, SourceFailed
from research_api.domain.works import Identifier
from research_api.providers.access import Access
from research_api.providers.semanticscholar import BASE_URL, SemanticScholar
from tests.providers.hostile import outcomes_of
from tests.providers.questions import question
from tests.providers.sending import Given, LoopbackSend
from tests.replay.faults import RETRY_AFTER_SECONDS, Fault
from tests.replay.protocol import Asked
from tests.replay.semanticscholar import REFUSED_KEY, SemanticScholarReplay
from tests.replay.server import ReplayServer
from tests.replay.works import sample_works

WORKS = sample_works(300)
HELD = [work for work in WORKS if "semanticscholar" in work.held_by]
ANYONE = Identifier("pmid", "1")
ONE = Identifier("s2", HELD[8].s2)

Ask = Callable[[SemanticScholar, Given], int]


@pytest.fixture(scope="module")
def server() -> Iterator[ReplayServer]:
    with ReplayServer({"semanticscholar": SemanticScholarReplay(WORKS)}) as running:
        yield running


@pytest.fixture
def source(server: ReplayServer) -> SemanticScholar:
    server.clear("semanticscholar")
    return SemanticScholar(Access(server.base_url("semanticscholar")))


def test_a_404_in_html_is_a_failure() -> None:
    with pytest.raises(SourceFailed):
        SemanticScholar(Access(BASE_URL)).citations(
            ANYONE, 10, Given(Reply(404, {}, b"<html>Not found</html>"))
        )


def test_references_that_a_publisher_withholds_are_none() -> None:
    reply = Reply(200, {}, b'{"data": null, "citingPaperInfo": {}}')

    assert SemanticScholar(Access(BASE_URL)).references(ANYONE, 10, Given(reply)) == Edges(total=0)


@pytest.mark.parametrize(
    ("fault", "outcome", "status", "after"),
    [
        (Fault.TOO_MANY_REQUESTS, SourceOutcome.RATE_LIMITED, 429, None),
        (Fault.TOO_MANY_REQUESTS_RETRY_AFTER, SourceOutcome.RATE_LIMITED, 429, RETRY_AFTER_SECONDS),
        (Fault.SERVER_ERROR, SourceOutcome.ERROR, 500, None),
        (Fault.HTML, SourceOutcome.ERROR, 200, None),
        (Fault.TRUNCATED, SourceOutcome.ERROR, 200, None),
        (Fault.INVALID_UTF_8, SourceOutcome.ERROR, 200, None),
    ],
)
def test_faults_are_failures_of_the_source(
    server: ReplayServer,
    source: SemanticScholar,
    fault: Fault,
    outcome: SourceOutcome,
    status: int,
    after: float | None,
) -> None:
    server.fault("semanticscholar", fault)
    identifier = Identifier("s2", HELD[0].s2)
    asks = [
        lambda: source.search(question("learning"), LoopbackSend()),
        lambda: source.look_up([identifier], LoopbackSend()),
        lambda: source.citations(identifier, 10, LoopbackSend()),
    ]

    for ask in asks:
        with pytest.raises(SourceFailed) as failed:
            ask()
        assert (failed.value.outcome, failed.value.status) == (outcome, status)
        assert failed.value.retry_after_seconds == after


def test_a_refused_key_is_a_failure(server: ReplayServer) -> None:
    refused = SemanticScholar(Access(server.base_url("semanticscholar"), api_key=REFUSED_KEY))

    with pytest.raises(SourceFailed) as failed:
        refused.search(question("learning"), LoopbackSend())

    assert failed.value.status == 403
    assert REFUSED_KEY not in str(failed.value)


@pytest.mark.parametrize(
    "body",
    [b'{"message": "Internal"}', b"[]", b'{"total": 1, "data": {}}', b"null", b'"text"', b"[" * 100_000],
)
def test_a_body_of_another_shape_is_a_failure(body: bytes) -> None:
    with pytest.raises(SourceFailed):
        SemanticScholar(Access(BASE_URL)).search(question("learning"), Given(Reply(200, {}, body)))


def _example(method: str, path: str, fields: str, body: bytes = b"") -> bytes:
    asked = Asked(
        method,
        path,
        {"query": ["learning"], "fields": [fields]} if not body else {"fields": [fields]},
        {},
        body,
    )
    return SemanticScholarReplay(WORKS).answer(asked).body


FULL = "externalIds,url,title,abstract,venue,publicationVenue,journal,year,publicationDate,publicationTypes"
NESTED = (
    f"{FULL},citationCount,isOpenAccess,openAccessPdf,authors.name,authors.externalIds,references.externalIds"
)
SEARCHED = json.loads(_example("GET", "/paper/search", NESTED))
SEARCHED["data"] = SEARCHED["data"][:2]
BATCHED = _example(
    "POST", "/paper/batch", NESTED, json.dumps({"ids": [work.s2 for work in HELD[8:10]]}).encode()
)
CITED = json.dumps({"offset": 0, "data": [{"citingPaper": paper} for paper in SEARCHED["data"]]}).encode()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "ask"),
    [
        (json.dumps(SEARCHED), lambda source, send: len(source.search(question("learning"), send).records)),
        (BATCHED, lambda source, send: len(source.look_up([ONE], send))),
        (CITED, lambda source, send: len(source.citations(ONE, 10, send).records)),
    ],
    ids=["search", "look-up", "citations"],
)
def test_hostile_payloads_raise_nothing_but_failures_of_the_source(body: str | bytes, ask: Ask) -> None:
    outcomes = outcomes_of(json.loads(body), partial(ask, SemanticScholar(Access(BASE_URL))))

    assert outcomes[None] > 10
    assert outcomes.total() - outcomes[None] > 1_000
