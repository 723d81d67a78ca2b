"""CORE: what it is asked, and what is read of its works. No recording of version 3 is at hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from research_api.domain.calls import Reply
from research_api.domain.search import Filters, Sort, SourceOutcome
from research_api.domain.sources import Edges, SourceFailed
from research_api.domain.works import Author, Identifier, OpenAccess, Record
from research_api.providers import core
from research_api.providers.access import Access
from research_api.providers.core import BASE_URL, Core
from tests.providers.hostile import outcomes_of
from tests.providers.questions import question
from tests.providers.sending import Given, LoopbackSend
from tests.replay.core import REFUSED_KEY, CoreReplay
from tests.replay.faults import RETRY_AFTER_SECONDS, Fault
from tests.replay.protocol import Asked
from tests.replay.server import ReplayServer
from tests.replay.works import SampleWork, sample_works

WORKS = sample_works(300)
HELD = [work for work in WORKS if "core" in work.held_by]
BY_ID = {str(work.core): work for work in WORKS}


@pytest.fixture(scope="module")
def server() -> Iterator[ReplayServer]:
    with ReplayServer({"core": CoreReplay(WORKS)}) as running:
        yield running


@pytest.fixture
def source(server: ReplayServer) -> Core:
    server.forget()
    server.clear("core")
    return Core(Access(server.base_url("core"), api_key="a key"))


def sent(server: ReplayServer) -> dict[str, Any]:
    """The body of the last request."""
    body: dict[str, Any] = json.loads(server.asked("core")[-1].body)
    return body


def check(record: Record, work: SampleWork) -> None:
    """The record says all that the work is, as far as this API can say it."""
    told = {scheme: getattr(work, scheme) for scheme in ("doi", "pmid", "arxiv")}

    assert (record.source, record.source_id) == ("core", str(work.core))
    assert {(one.scheme, one.value) for one in record.identifiers} == {
        pair for pair in told.items() if pair[1]
    }
    assert (record.title, record.abstract) == (work.title, work.abstract)
    assert (record.year, record.date) == (work.year, work.date)
    is_article = work.type == "journal-article"
    assert (record.type, record.venue) == (("journal-article", work.venue) if is_article else (None, None))
    assert record.citation_count == (work.citation_count or None)
    assert record.url == f"https://core.ac.uk/works/{work.core}"
    assert record.open_access == (OpenAccess(True, work.url, work.license) if work.is_oa else OpenAccess())
    people = [(author.name, author.given, author.family) for author in record.authors]
    assert people == list(
        dict.fromkeys((author.name, author.given, author.family) for author in work.authors)
    )


def test_it_is_not_verified_and_wants_a_key() -> None:
    assert (core.VERIFIED, core.NEEDS_KEY) == (False, True)


def test_a_search_reads_every_field_of_its_works(source: Core) -> None:
    answer = source.search(question("we study samples", limit=100), LoopbackSend())

    assert len(answer.records) == 100
    assert answer.rejected == 0
    assert answer.total is not None
    assert answer.total >= 100
    for record in answer.records:
        check(record, BY_ID[record.source_id])


def test_a_search_sends_what_it_says_and_leaves_the_full_texts_out(
    server: ReplayServer, source: Core
) -> None:
    answer = source.search(question("coral reefs", limit=3), LoopbackSend())

    asked = server.asked("core")[-1]
    assert (asked.method, asked.path, asked.params) == ("POST", "/search/works", {})
    assert asked.headers["authorization"] == "Bearer a key"
    assert answer.sent.encode() == asked.body
    assert sent(server) == {"q": "(coral OR reefs)", "limit": 3, "exclude": ["fullText"]}
    assert len(answer.records) == 3


@pytest.mark.parametrize(
    ("asked", "query"),
    [
        (question("coral title:reefs year:2010-2015"),
         "(coral AND title:reefs AND (yearPublished>=2010 AND yearPublished<=2015))"),
        (question('"coral reefs" learn*', is_strict=True), '("coral reefs" AND learn*)'),
        (question("coral author:abara NOT lake", is_strict=True), "coral"),
        (question("coral", filters=Filters(year_from=2010, year_to=2015)),
         "coral AND yearPublished>=2010 AND yearPublished<=2015"),
        (question("coral year:2010-2015", filters=Filters(year_from=2010, year_to=2015)),
         "(coral AND (yearPublished>=2010 AND yearPublished<=2015))"),
        (question("coral", filters=Filters(year_to=2015)), "coral AND yearPublished<=2015"),
        (question("coral", filters=Filters(types=("dissertation",))), 'coral AND (documentType:"thesis")'),
        (question("coral", filters=Filters(types=("dissertation", "book"))), "coral"),
        (question("coral", filters=Filters(min_citations=5)), "coral AND citationCount>=5"),
    ],
)  # fmt: skip
def test_the_query_is_said_in_its_language(
    server: ReplayServer, source: Core, asked: Any, query: str
) -> None:
    source.search(asked, LoopbackSend())

    assert sent(server)["q"] == query


def test_filters_hold_of_what_comes(source: Core) -> None:
    filters = Filters(year_from=2005, year_to=2010, min_citations=2)

    answer = source.search(question("we study", filters=filters), LoopbackSend())

    assert answer.records
    for record in answer.records:
        assert 2005 <= (record.year or 0) <= 2010
        assert (record.citation_count or 0) >= 2


def test_the_newest_come_first_where_that_is_asked(server: ReplayServer, source: Core) -> None:
    answer = source.search(question("we study", sort=Sort.NEWEST), LoopbackSend())

    dates = [record.date for record in answer.records]
    assert len(set(dates)) > 10
    assert dates == sorted(dates, key=str, reverse=True)


def test_no_more_than_a_hundred_are_asked_for(server: ReplayServer, source: Core) -> None:
    source.search(question("we", limit=1_000), LoopbackSend())

    assert sent(server)["limit"] == 100


def test_where_nothing_can_be_said_nothing_is_asked(server: ReplayServer, source: Core) -> None:
    answer = source.search(question("author:abara"), LoopbackSend())

    assert (answer.records, answer.sent) == ((), "")
    assert server.asked("core") == []


def test_works_are_looked_up_by_doi(server: ReplayServer, source: Core) -> None:
    held = [work for work in HELD if work.doi][:60]
    wanted = [Identifier("doi", work.doi or "") for work in held]

    found = source.look_up([*wanted, Identifier("doi", "10.5555/nobody.knows")], LoopbackSend())

    assert {record.source_id for record in found} == {str(work.core) for work in held}
    assert len(server.asked("core")) == 2
    for record in found:
        check(record, BY_ID[record.source_id])


def test_what_a_look_up_finds_beside_the_works_is_left_out() -> None:
    body = {"totalHits": 1, "results": [{"id": 1, "title": "Another", "doi": "10.5555/b"}]}

    found = Core(Access(BASE_URL)).look_up(
        [Identifier("doi", "10.5555/a")], Given(Reply(200, {}, json.dumps(body).encode()))
    )

    assert found == ()


def test_quotation_marks_in_an_identifier_end_nothing(server: ReplayServer, source: Core) -> None:
    assert source.look_up([Identifier("doi", '10.5555/a" or title:"x')], LoopbackSend()) == ()
    assert sent(server)["q"] == r'doi:"10.5555/a\" or title:\"x"'


def test_it_follows_no_citations(server: ReplayServer, source: Core) -> None:
    assert source.references(Identifier("doi", "10.5555/a"), 10, LoopbackSend()) == Edges()
    assert source.citations(Identifier("doi", "10.5555/a"), 10, LoopbackSend()) == Edges()
    assert source.follows == frozenset()
    assert server.asked("core") == []


def test_a_work_with_all_that_the_schema_has_is_read() -> None:
    work = {
        "id": 7, "title": "A <i>Thesis</i> &amp; more", "authors": [{"name": "Doe, Jane"}, {"name": "The XY Group"},
        {"name": "Doe, Jane"}, {"name": "Roe, Jim, Jr."}], "documentType": "thesis", "doi": None, "pubmedId": 12,
        "identifiers": [{"type": "DOI", "identifier": "10.5555/X"}, {"type": "ARXIV_ID", "identifier": "1010.1833v2"},
        {"type": "OAI_ID", "identifier": "oai:x:1"}], "publishedDate": "2015-09-22T01:00:00", "yearPublished": None,
        "license": "https://creativecommons.org/licenses/by-nc/4.0/", "sourceFulltextUrls": ["https://example.org/7"],
        "downloadUrl": "", "references": [{"doi": "10.5555/r", "title": "R"}, {"doi": None}], "citationCount": 0,
    }  # fmt: skip
    body = json.dumps({"totalHits": 1, "results": [work]}).encode()

    (record,) = Core(Access(BASE_URL)).search(question("any"), Given(Reply(200, {}, body))).records

    assert record.title == "A Thesis & more"
    assert record.authors == (
        Author("Jane Doe", "Jane", "Doe"),
        Author("The XY Group"),
        Author("Roe, Jim, Jr."),
    )
    assert (record.type, record.year, record.date, record.citation_count) == (
        "dissertation",
        2015,
        "2015-09-22",
        0,
    )
    assert {(one.scheme, one.value) for one in record.identifiers} == {
        ("pmid", "12"), ("doi", "10.5555/x"), ("arxiv", "1010.1833"),
    }  # fmt: skip
    assert record.open_access == OpenAccess(True, "https://example.org/7", "cc-by-nc")
    assert record.references == (Identifier("doi", "10.5555/r"),)


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
    server: ReplayServer, source: Core, fault: Fault, outcome: SourceOutcome, status: int, after: float | None
) -> None:
    server.fault("core", fault)

    with pytest.raises(SourceFailed) as failed:
        source.search(question("coral"), LoopbackSend())

    assert (failed.value.outcome, failed.value.status) == (outcome, status)
    assert failed.value.retry_after_seconds == after


@pytest.mark.parametrize(
    ("told", "seconds"),
    [("30", 30), ("2020-01-01T00:00:00+0000", 0), ("2999-01-01T00:00:00+0000", 86_400), ("soon", None)],
)
def test_its_own_header_says_when_to_ask_again(told: str, seconds: float | None) -> None:
    reply = Reply(429, {"x-ratelimit-retry-after": told}, b"")

    with pytest.raises(SourceFailed) as failed:
        Core(Access(BASE_URL)).search(question("coral"), Given(reply))

    assert failed.value.retry_after_seconds == seconds


def test_a_refused_key_is_a_failure(server: ReplayServer) -> None:
    with pytest.raises(SourceFailed) as failed:
        Core(Access(server.base_url("core"), api_key=REFUSED_KEY)).search(question("coral"), LoopbackSend())

    assert failed.value.status == 401
    assert REFUSED_KEY not in str(failed.value)


ANSWERED = (
    CoreReplay(WORKS).answer(Asked("POST", "/search/works", body=b'{"q": "we study", "limit": 3}')).body
)


@pytest.mark.slow
@pytest.mark.parametrize(
    "ask",
    [
        lambda send: len(Core(Access(BASE_URL)).search(question("coral"), send).records),
        lambda send: len(Core(Access(BASE_URL)).look_up([Identifier("doi", "10.5555/a")], send)),
    ],
    ids=["search", "look-up"],
)
def test_hostile_payloads_raise_nothing_but_failures_of_the_source(ask: Callable[[Given], int]) -> None:
    outcomes = outcomes_of(json.loads(ANSWERED), ask)

    assert outcomes[None] > 10
    assert outcomes.total() - outcomes[None] > 1_000
