"""Europe PMC is asked in its own language, and citations are filled by a second call."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import pytest

from research_api.domain.calls import Reply
from research_api.domain.search import Filters, Sort
from research_api.domain.sources import Edges, SourceFailed
from research_api.domain.works import Identifier, Record
from research_api.providers.access import Access
from research_api.providers.europepmc import BASE_URL, EuropePmcSource
from tests.providers.questions import question
from tests.providers.sending import Given, LoopbackSend
from tests.replay.europepmc import EuropePmcReplay
from tests.replay.faults import Fault
from tests.replay.protocol import Asked
from tests.replay.server import ReplayServer
from tests.replay.shelf import Shelf
from tests.replay.works import SampleWork, sample_works

WORKS = sample_works(600)
SHELF = Shelf(WORKS, "europepmc")
NOTHING = Reply(200, {}, b'{"hitCount": 0, "resultList": {"result": []}}')
FREE = "(OPEN_ACCESS:y OR HAS_FREE_FULLTEXT:y OR LICENSE:cc)"


@pytest.fixture(scope="module")
def running() -> Iterator[ReplayServer]:
    with ReplayServer({"europepmc": EuropePmcReplay(WORKS)}) as server:
        yield server


@pytest.fixture
def server(running: ReplayServer) -> ReplayServer:
    running.clear("europepmc")
    running.forget()
    return running


@pytest.fixture
def source(server: ReplayServer) -> EuropePmcSource:
    return EuropePmcSource(Access(server.base_url("europepmc")))


@pytest.mark.parametrize(
    ("text", "is_strict", "sent"),
    [
        ("deep nets", False, "(TITLE_ABS:deep OR TITLE_ABS:nets)"),
        ('"deep nets" author:lovelace', False, '(TITLE_ABS:"deep nets" AND AUTH:lovelace)'),
        ("title:deep (a OR b*) NOT cats", True, "(TITLE:deep AND (TITLE_ABS:a OR TITLE_ABS:b*))"),
        ("deep venue:lancet", True, "(TITLE_ABS:deep AND JOURNAL:lancet)"),
        ("deep year:2019-", True, "(TITLE_ABS:deep AND FIRST_PDATE:[2019-01-01 TO 3000-12-31])"),
    ],
)
def test_a_query_is_said_in_europe_pmcs_fields(text: str, is_strict: bool, sent: str) -> None:
    send = Given(NOTHING)

    answer = EuropePmcSource(Access(BASE_URL)).search(question(text, is_strict=is_strict), send)

    assert answer.sent == sent
    assert dict(send.asked[0].params)["query"] == sent


@pytest.mark.parametrize(
    ("filters", "sent"),
    [
        (Filters(year_to=2020), "TITLE_ABS:deep AND FIRST_PDATE:[1000-01-01 TO 2020-12-31]"),
        (Filters(open_access=True), f"TITLE_ABS:deep AND {FREE}"),
        (Filters(open_access=False), "TITLE_ABS:deep"),
        (Filters(types=("posted-content", "standard")), "TITLE_ABS:deep AND (SRC:PPR OR PUB_TYPE:preprint)"),
        (Filters(types=("posted-content", "book")), "TITLE_ABS:deep"),
        (Filters(types=("journal-article",), exclude_retracted=True),
         '(TITLE_ABS:deep) NOT PUB_TYPE:"retracted publication" NOT SRC:PPR'),
    ],
)  # fmt: skip
def test_filters_are_said_as_far_as_europe_pmc_knows_them(filters: Filters, sent: str) -> None:
    answer = EuropePmcSource(Access(BASE_URL)).search(question("deep", filters=filters), Given(NOTHING))

    assert answer.sent == sent


@pytest.mark.parametrize(
    ("sort", "said"),
    [(Sort.RELEVANCE, None), (Sort.NEWEST, "FIRST_PDATE_D desc"), (Sort.MOST_CITED, "CITED desc")],
)
def test_number_order_and_who_calls_are_said(sort: Sort, said: str | None) -> None:
    send = Given(NOTHING)
    source = EuropePmcSource(Access(BASE_URL, contact="me@example.org"))

    source.search(question("deep", sort=sort, limit=5_000), send)

    (asked,) = send.asked
    assert (asked.method, asked.url) == ("GET", f"{BASE_URL}/search")
    assert dict(asked.params) == {
        "query": "TITLE_ABS:deep",
        "resultType": "core",
        "format": "json",
        "pageSize": "1000",
        "email": "me@example.org",
    } | ({"sort": said} if said else {})


@pytest.mark.parametrize(("text", "types"), [("NOT cats", ()), ("cats", ("standard", "grant"))])
def test_nothing_is_asked_where_nothing_could_pass(text: str, types: tuple[str, ...]) -> None:
    send = Given(NOTHING)

    answer = EuropePmcSource(Access(BASE_URL)).search(
        question(text, is_strict=True, filters=Filters(types=types)), send
    )

    assert (answer.records, answer.sent, send.asked) == ((), "", [])


def test_a_search_brings_the_records_with_all_that_europe_pmc_says(source: EuropePmcSource) -> None:
    answer = source.search(question("study samples", limit=30), LoopbackSend())

    texts = [f"{work.title} {work.abstract}".lower() for work in SHELF.works]
    assert answer.total == sum("study" in text or "samples" in text for text in texts)
    assert len(answer.records) == 30
    for record in answer.records:
        work = SHELF.by("pmid", record.source_id.removeprefix("MED:"))
        assert work is not None
        assert_same(record, work)


def assert_same(record: Record, work: SampleWork) -> None:
    abstract = (record.abstract or "").replace("Background: ", "").replace("Results: ", "")
    assert (record.title, abstract or None) == (work.title, work.abstract)
    assert [(one.given, one.family, one.orcid) for one in record.authors] == [
        (one.given, one.family, one.orcid) for one in work.authors
    ]
    assert (record.year, record.date, record.venue) == (work.year, work.date, work.venue)
    assert (record.type, record.retracted) == ("journal-article", work.retracted)
    assert record.citation_count == work.citation_count
    assert {one.scheme: one.value for one in record.identifiers} == {
        scheme: value for scheme in ("doi", "pmid", "pmcid") if (value := getattr(work, scheme))
    }
    access = record.open_access
    assert (access.is_oa, access.license) == (True if work.is_oa else None, work.license)
    assert access.url == (work.url if work.is_oa else None)


def test_a_strict_search_with_filters_brings_what_passes_them(source: EuropePmcSource) -> None:
    filters = Filters(2000, 2015, ("journal-article",), True, exclude_retracted=True)
    asked = question(
        'study title:"case" venue:letters', is_strict=True, filters=filters, sort=Sort.MOST_CITED, limit=100
    )

    answer = source.search(asked, LoopbackSend())

    wanted = [
        work for work in SHELF.works
        if 2000 <= work.year <= 2015 and work.is_oa and not work.retracted and "Letters" in work.venue
        and re.search(r"\bstudy\b", f"{work.title} {work.abstract}".lower())
    ]  # fmt: skip
    assert wanted
    assert {record.source_id for record in answer.records} == {f"MED:{work.pmid}" for work in wanted}
    counts = [record.citation_count or 0 for record in answer.records]
    assert counts == sorted(counts, reverse=True)


def test_a_long_query_is_posted_to_its_own_address(server: ReplayServer, source: EuropePmcSource) -> None:
    text = " ".join(["study", *(f"word{'x' * 30}{number}" for number in range(100))])

    answer = source.search(question(text, limit=5), LoopbackSend())

    (asked,) = server.asked("europepmc")
    assert (asked.method, asked.path, dict(asked.params)) == ("POST", "/searchPOST", {})
    assert len(answer.records) == 5


def test_names_of_all_kinds_are_looked_up_together(server: ReplayServer, source: EuropePmcSource) -> None:
    works = SHELF.works[:40]
    names = [Identifier("pmid", work.pmid or "") for work in works[:15]]
    names += [Identifier("doi", work.doi) for work in works[15:30] if work.doi]
    names += [Identifier("pmcid", work.pmcid) for work in works[30:] if work.pmcid]
    names += [Identifier("pmid", "1"), Identifier("doi", "10.5555/nobody")]

    records = source.look_up(names, LoopbackSend())

    found = {identifier for record in records for identifier in record.identifiers}
    assert {name for name in names if name not in found} == set(names[-2:])
    assert server.count("europepmc") == 1


def test_a_doi_with_signs_of_the_language_is_quoted_and_others_works_are_left_out() -> None:
    body = {"hitCount": 1, "resultList": {"result": [{"id": "5", "source": "MED", "title": "T"}]}}
    send = Given(Reply(200, {}, json.dumps(body).encode()))
    odd = Identifier("doi", '10.1000/a"b\\c(d)')

    assert EuropePmcSource(Access(BASE_URL)).look_up([odd, Identifier("pmid", "6")], send) == ()
    assert dict(send.asked[0].params)["query"] == 'DOI:"10.1000/a\\"b\\\\c(d)" OR (EXT_ID:6 AND SRC:MED)'


def test_citations_are_whole_records_in_the_order_of_the_list(
    server: ReplayServer, source: EuropePmcSource
) -> None:
    work = max(SHELF.works, key=lambda one: len(SHELF.referring_to(one)))

    citing = source.citations(Identifier("pmid", work.pmid or ""), 3, LoopbackSend())

    ends = SHELF.referring_to(work)
    assert [record.source_id for record in citing.records] == [f"MED:{end.pmid}" for end in ends[:3]]
    assert [record.abstract is None for record in citing.records] == [
        end.abstract is None for end in ends[:3]
    ]
    assert (citing.identifiers, citing.total) == ((), len(ends))
    assert [asked.path for asked in server.asked("europepmc")] == [f"/MED/{work.pmid}/citations", "/search"]


def test_references_that_europe_pmc_does_not_have_keep_their_doi(source: EuropePmcSource) -> None:
    work = max((one for one in SHELF.works if one.pmcid), key=lambda one: len(one.references))
    cited = [SHELF.every[number] for number in work.references]

    edges = source.references(Identifier("pmcid", work.pmcid or ""), 100, LoopbackSend())

    held = [one for one in cited if "europepmc" in one.held_by]
    assert [record.source_id for record in edges.records] == [f"MED:{one.pmid}" for one in held]
    others = [one.doi for one in cited if one not in held and one.doi]
    assert [one.value for one in edges.identifiers] == others
    assert held
    assert others
    assert edges.total == len(cited)


def test_an_unknown_work_has_no_citations(source: EuropePmcSource) -> None:
    name = Identifier("pmid", "1")

    assert source.follows == {"pmid", "pmcid"}
    assert source.citations(name, 5, LoopbackSend()) == Edges(total=0)


@pytest.mark.parametrize(
    ("method", "path", "params", "status"),
    [
        ("GET", "/search", {"format": ["json"]}, 200),
        ("GET", "/search", {"format": ["json"], "query": ["TITLE:(a"]}, 200),
        ("GET", "/search", {"format": ["json"], "query": ["TITLE:a"], "pageSize": ["1001"]}, 200),
        ("GET", "/search", {"format": ["json"], "query": ["TITLE:a"], "sort": ["date"]}, 200),
        ("POST", "/search", {"format": ["json"], "query": ["TITLE:a"]}, 404),
        ("GET", "/XYZ/1/citations", {"format": ["json"]}, 404),
    ],
)
def test_the_replay_refuses_what_europe_pmc_refuses(
    method: str, path: str, params: dict[str, list[str]], status: int
) -> None:
    answer = EuropePmcReplay(WORKS).answer(Asked(method, path, params))

    assert answer.status == status
    assert status != 200 or b"errMsg" in answer.body


@pytest.mark.parametrize(
    "fault",
    [Fault.SERVER_ERROR, Fault.HTML, Fault.TRUNCATED, Fault.INVALID_UTF_8, Fault.BILLION_LAUGHS,
     Fault.TOO_MANY_REQUESTS_RETRY_AFTER, Fault.ENDLESS_REDIRECTS],
)  # fmt: skip
@pytest.mark.parametrize("step", ["search", "look_up", "citations"])
def test_what_goes_wrong_on_the_way_is_a_failure(
    server: ReplayServer, source: EuropePmcSource, fault: Fault, step: str
) -> None:
    server.fault("europepmc", fault)
    name = Identifier("pmid", SHELF.works[0].pmid or "")
    asks: dict[str, Callable[[], object]] = {
        "search": lambda: source.search(question("study"), LoopbackSend()),
        "look_up": lambda: source.look_up([name], LoopbackSend()),
        "citations": lambda: source.citations(name, 5, LoopbackSend()),
    }

    with pytest.raises(SourceFailed):
        asks[step]()
