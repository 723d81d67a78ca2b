"""arXiv is asked in its own language, and its feeds are read whole."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from research_api.domain.calls import Reply
from research_api.domain.search import Filters, Sort
from research_api.domain.sources import Edges, SourceFailed
from research_api.domain.works import Identifier, Record
from research_api.providers.access import Access
from research_api.providers.arxiv import BASE_URL, ArxivSource
from tests.providers.questions import question
from tests.providers.sending import Given, LoopbackSend
from tests.replay.arxiv import ArxivReplay
from tests.replay.faults import Fault
from tests.replay.protocol import Asked
from tests.replay.server import ReplayServer
from tests.replay.shelf import Shelf
from tests.replay.works import SampleWork, sample_works

WORKS = sample_works(300)
SHELF = Shelf(WORKS, "arxiv")
EMPTY = Reply(200, {}, b'<feed xmlns="http://www.w3.org/2005/Atom"/>')


@pytest.fixture(scope="module")
def running() -> Iterator[ReplayServer]:
    with ReplayServer({"arxiv": ArxivReplay(WORKS)}) as server:
        yield server


@pytest.fixture
def server(running: ReplayServer) -> ReplayServer:
    running.clear("arxiv")
    running.forget()
    return running


@pytest.fixture
def source(server: ReplayServer) -> ArxivSource:
    return ArxivSource(Access(server.base_url("arxiv")))


@pytest.mark.parametrize(
    ("text", "is_strict", "sent"),
    [
        ("deep nets", False, "(all:deep OR all:nets)"),
        ('"deep nets" author:lovelace', False, '(all:"deep nets" AND au:lovelace)'),
        ("title:deep (a OR b) NOT cats", True, "(ti:deep AND (all:a OR all:b))"),
        ("deep learn* venue:science", True, "(all:deep AND jr:science)"),
        ("deep year:2019-", True, "(all:deep AND submittedDate:[201901010000 TO 210012312359])"),
    ],
)
def test_a_query_is_said_in_arxivs_prefixes(text: str, is_strict: bool, sent: str) -> None:
    send = Given(EMPTY)

    answer = ArxivSource(Access(BASE_URL)).search(question(text, is_strict=is_strict), send)

    assert answer.sent == sent
    assert dict(send.asked[0].params)["search_query"] == sent


def test_years_order_and_number_are_asked_for() -> None:
    send = Given(EMPTY)
    filters = Filters(year_from=2019, year_to=2020)

    ArxivSource(Access(BASE_URL)).search(
        question("deep", filters=filters, sort=Sort.NEWEST, limit=5_000), send
    )

    (asked,) = send.asked
    assert (asked.method, asked.url) == ("GET", "https://export.arxiv.org/api/query")
    assert dict(asked.params) == {
        "search_query": "all:deep AND submittedDate:[201901010000 TO 202012312359]",
        "start": "0",
        "max_results": "2000",
        "sortBy": "submittedDate",
        "sortOrder": "descending",
    }


@pytest.mark.parametrize(
    ("text", "filters"),
    [
        ("NOT cats", Filters()),
        ("deep", Filters(types=("journal-article",))),
        ("deep", Filters(open_access=False)),
    ],
)
def test_nothing_is_asked_where_no_paper_could_pass(text: str, filters: Filters) -> None:
    send = Given(EMPTY)

    answer = ArxivSource(Access(BASE_URL)).search(question(text, filters=filters, is_strict=True), send)

    assert (answer.records, answer.sent, send.asked) == ((), "", [])


def test_a_search_brings_the_papers_with_all_that_arxiv_says(source: ArxivSource) -> None:
    answer = source.search(question("study samples", limit=20), LoopbackSend())

    assert len(answer.records) == 20
    texts = [f"{work.title} {work.abstract}".lower() for work in SHELF.works]
    assert answer.total == sum("study" in text or "samples" in text for text in texts)
    for record in answer.records:
        work = SHELF.by("arxiv", record.source_id)
        assert work is not None
        assert_same(record, work)


def assert_same(record: Record, work: SampleWork) -> None:
    published = SHELF.every[work.preprint_of or 0] if work.number % 3 == 0 else None
    assert (record.title, record.abstract) == (work.title, work.abstract)
    assert [author.name for author in record.authors] == [author.name for author in work.authors]
    assert (record.year, record.date, record.type) == (work.year, work.date, "posted-content")
    assert record.venue == (published.venue if published else None)
    assert (record.url, record.open_access.url, record.open_access.is_oa) == (work.url, work.url, True)
    names = {"arxiv": work.arxiv} | ({"doi": published.doi} if published else {})
    assert {one.scheme: one.value for one in record.identifiers} == names


def test_a_strict_search_for_years_brings_what_holds_the_words(source: ArxivSource) -> None:
    work = SHELF.works[3]
    words = re.findall(r"[a-z]{5,}", work.title.lower())[:2]
    asked = question(" ".join(words), is_strict=True, filters=Filters(work.year, work.year), limit=100)

    answer = source.search(asked, LoopbackSend())

    assert work.arxiv in [record.source_id for record in answer.records]
    assert {record.year for record in answer.records} == {work.year}
    texts = [f"{record.title} {record.abstract}".lower() for record in answer.records]
    assert all(word in text for text in texts for word in words)


def test_a_long_query_goes_by_post(server: ReplayServer, source: ArxivSource) -> None:
    text = " ".join(["study", *(f"word{'x' * 30}{number}" for number in range(150))])

    answer = source.search(question(text, limit=5), LoopbackSend())

    (asked,) = server.asked("arxiv")
    assert (asked.method, asked.path, dict(asked.params)) == ("POST", "/query", {})
    assert len(answer.records) == 5


def test_the_newest_come_first(source: ArxivSource) -> None:
    answer = source.search(question("study", sort=Sort.NEWEST, limit=30), LoopbackSend())

    dates = [record.date or "" for record in answer.records]
    assert len(set(dates)) > 5
    assert dates == sorted(dates, reverse=True)


def test_a_batch_of_ids_is_one_call_that_asks_for_all_of_them(
    server: ReplayServer, source: ArxivSource
) -> None:
    ids = [Identifier("arxiv", work.arxiv or "") for work in SHELF.works[:40]]

    records = source.look_up([*ids, Identifier("arxiv", "0704.0001")], LoopbackSend())

    assert {record.source_id for record in records} == {one.value for one in ids}
    assert server.count("arxiv") == 1


def test_ids_that_arxiv_cannot_have_given_do_not_spoil_a_batch() -> None:
    send = Given(EMPTY)
    values = ("1234.5678", "9913.00001", "abc/0101001", "math.gt/0309136", "hep-th/9901001", "2101.00001")

    ArxivSource(Access(BASE_URL)).look_up([Identifier("arxiv", value) for value in values], send)

    assert dict(send.asked[0].params) == {
        "id_list": "math/0309136,hep-th/9901001,2101.00001",
        "max_results": "3",
    }


def test_nothing_is_asked_for_no_ids() -> None:
    send = Given(EMPTY)

    assert ArxivSource(Access(BASE_URL)).look_up([Identifier("arxiv", "1234.5678")], send) == ()
    assert send.asked == []


def test_arxiv_knows_no_citations(source: ArxivSource) -> None:
    name = Identifier("arxiv", "2101.00001")

    assert source.follows == frozenset()
    assert source.references(name, 5, Given(EMPTY)) == source.citations(name, 5, Given(EMPTY)) == Edges()


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"max_results": ["30001"], "search_query": ["all:x"]}, b"30,000"),
        ({"start": ["-1"]}, b"start"),
        ({"id_list": ["abc"]}, b"incorrect id format for abc"),
        ({"search_query": ["all:x AND ("]}, b"cannot parse"),
        ({"search_query": ["words without a prefix"]}, b"cannot parse"),
    ],
)
def test_the_replay_refuses_what_arxiv_refuses(params: dict[str, list[str]], message: bytes) -> None:
    answer = ArxivReplay(WORKS).answer(Asked("GET", "/query", params))

    assert answer.status == 400
    assert message in answer.body


@pytest.mark.parametrize(
    "fault",
    [Fault.SERVER_ERROR, Fault.HTML, Fault.TRUNCATED, Fault.INVALID_UTF_8, Fault.UTF_16_AS_UTF_8,
     Fault.BILLION_LAUGHS, Fault.TOO_MANY_REQUESTS_RETRY_AFTER, Fault.ENDLESS_REDIRECTS],
)  # fmt: skip
def test_what_goes_wrong_on_the_way_is_a_failure(
    server: ReplayServer, source: ArxivSource, fault: Fault
) -> None:
    server.fault("arxiv", fault)

    with pytest.raises(SourceFailed):
        source.search(question("deep study"), LoopbackSend())
