"""PubMed is asked in its own language, search and records in two calls."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs

import pytest

from research_api.domain.calls import Reply
from research_api.domain.search import Filters, Sort
from research_api.domain.sources import SourceFailed
from research_api.domain.works import Identifier, Record
from research_api.providers.access import Access
from research_api.providers.pubmed import BASE_URL, PubmedSource
from tests.providers.questions import question
from tests.providers.sending import Given, LoopbackSend
from tests.replay.faults import Fault
from tests.replay.protocol import Asked
from tests.replay.pubmed import PubmedReplay
from tests.replay.server import ReplayServer
from tests.replay.shelf import Shelf
from tests.replay.works import SampleWork, sample_works

WORKS = sample_works(600)
SHELF = Shelf(WORKS, "pubmed")
NOTHING = Reply(200, {}, b'{"esearchresult": {"count": "0", "idlist": []}}')


@pytest.fixture(scope="module")
def running() -> Iterator[ReplayServer]:
    with ReplayServer({"pubmed": PubmedReplay(WORKS)}) as server:
        yield server


@pytest.fixture
def server(running: ReplayServer) -> ReplayServer:
    running.clear("pubmed")
    running.forget()
    return running


@pytest.fixture
def source(server: ReplayServer) -> PubmedSource:
    return PubmedSource(Access(server.base_url("pubmed")))


@pytest.mark.parametrize(
    ("text", "is_strict", "sent"),
    [
        ("deep nets", False, "(deep[tiab] OR nets[tiab])"),
        ('"deep nets" author:lovelace', False, '("deep nets"[tiab] AND lovelace[au])'),
        ("title:deep (a OR neur*) NOT cats", True, "(deep[ti] AND (a[tiab] OR neur*[tiab]))"),
        ("deep b*", True, "deep[tiab]"),
        ("deep venue:lancet", True, "deep[tiab]"),
        ("deep year:2019-", True, "(deep[tiab] AND 2019:3000[dp])"),
    ],
)
def test_a_query_is_said_in_pubmeds_tags(text: str, is_strict: bool, sent: str) -> None:
    send = Given(NOTHING)

    answer = PubmedSource(Access(BASE_URL)).search(question(text, is_strict=is_strict), send)

    assert answer.sent == sent
    assert dict(send.asked[0].params)["term"] == sent


@pytest.mark.parametrize(
    ("filters", "sent"),
    [
        (Filters(year_from=2019), "deep[tiab] AND 2019:3000[dp]"),
        (Filters(year_to=2020, open_access=True), "deep[tiab] AND 1000:2020[dp] AND free full text[sb]"),
        (Filters(open_access=False), "deep[tiab]"),
        (Filters(types=("posted-content",)), "deep[tiab] AND preprint[pt]"),
        (Filters(types=("journal-article",)), "(deep[tiab]) NOT (preprint[pt])"),
        (Filters(types=("posted-content", "book"), exclude_retracted=True),
         "(deep[tiab]) NOT (retracted publication[pt])"),
    ],
)  # fmt: skip
def test_filters_are_said_as_far_as_pubmed_knows_them(filters: Filters, sent: str) -> None:
    answer = PubmedSource(Access(BASE_URL)).search(question("deep", filters=filters), Given(NOTHING))

    assert answer.sent == sent


def test_who_calls_is_told_and_the_key_is_not_in_what_was_sent() -> None:
    send = Given(NOTHING)
    access = Access(BASE_URL, api_key="k3y", contact="me@example.org")

    answer = PubmedSource(access).search(question("deep", sort=Sort.NEWEST, limit=1_000), send)

    (asked,) = send.asked
    assert (asked.method, asked.url) == ("GET", "https://eutils.ncbi.nlm.nih.gov/entrez/eutils/esearch.fcgi")
    assert dict(asked.params) == {
        "db": "pubmed",
        "term": "deep[tiab]",
        "retmode": "json",
        "retmax": "200",
        "sort": "pub_date",
        "tool": "research_api",
        "email": "me@example.org",
        "api_key": "k3y",
    }
    assert "k3y" not in answer.sent


def test_a_long_query_goes_by_post_and_nothing_of_it_stands_in_the_address() -> None:
    send = Given(NOTHING)
    text = " ".join(f"word{number}" for number in range(100))

    answer = PubmedSource(Access(BASE_URL, api_key="k3y")).search(question(text), send)

    (asked,) = send.asked
    assert (asked.method, asked.params) == ("POST", ())
    form = parse_qs((asked.body or b"").decode())
    assert (form["term"], form["api_key"]) == ([answer.sent], ["k3y"])
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_nothing_is_asked_where_nothing_can_be_said_and_no_records_where_none_are_found() -> None:
    silent, empty = Given(NOTHING), Given(NOTHING)
    source = PubmedSource(Access(BASE_URL))

    unsaid = source.search(question("NOT cats", is_strict=True), silent)
    unfound = source.search(question("cats"), empty)

    assert (unsaid.sent, silent.asked) == ("", [])
    assert (unfound.records, unfound.total, len(empty.asked)) == ((), 0, 1)


def test_a_search_brings_the_records_with_all_that_pubmed_says(
    server: ReplayServer, source: PubmedSource
) -> None:
    answer = source.search(question("study samples", limit=30), LoopbackSend())

    assert len(answer.records) == 30
    texts = [f"{work.title} {work.abstract}".lower() for work in SHELF.works]
    assert answer.total == sum("study" in text or "samples" in text for text in texts)
    assert [asked.path for asked in server.asked("pubmed")] == ["/esearch.fcgi", "/efetch.fcgi"]
    for record in answer.records:
        work = SHELF.by("pmid", record.source_id)
        assert work is not None
        assert_same(record, work)


def assert_same(record: Record, work: SampleWork) -> None:
    cited = [SHELF.every[number] for number in work.references]
    assert (record.title, record.abstract) == (work.title, work.abstract)
    assert [(one.given, one.family, one.orcid) for one in record.authors] == [
        (one.given, one.family, one.orcid) for one in work.authors
    ]
    assert (record.year, record.date, record.venue) == (work.year, work.date, work.venue)
    assert (record.type, record.retracted) == ("journal-article", work.retracted)
    assert {one.scheme: one.value for one in record.identifiers} == {
        scheme: value for scheme in ("doi", "pmid", "pmcid") if (value := getattr(work, scheme))
    }
    assert [one.value for one in record.references] == [
        one.pmid or one.doi for one in cited if one.pmid or one.doi
    ]


def test_records_stand_in_the_order_of_the_search_whatever_the_order_of_the_fetch() -> None:
    article = (
        "<PubmedArticle><MedlineCitation><PMID>{0}</PMID><Article><ArticleTitle>T{0}</ArticleTitle></Article>"
        "</MedlineCitation></PubmedArticle>"
    )
    body = f"<PubmedArticleSet>{''.join(article.format(pmid) for pmid in (1, 2, 3))}</PubmedArticleSet>"
    found = json.dumps({"esearchresult": {"count": "9", "idlist": ["3", "1", "2"]}}).encode()

    answer = PubmedSource(Access(BASE_URL)).search(
        question("deep"), Given(Reply(200, {}, found), Reply(200, {}, body.encode()))
    )

    assert [record.source_id for record in answer.records] == ["3", "1", "2"]
    assert answer.total == 9


def test_a_strict_search_with_filters_brings_what_passes_them(source: PubmedSource) -> None:
    asked = question(
        'study title:"case" NOT zzz',
        is_strict=True,
        filters=Filters(2000, 2015, exclude_retracted=True),
        sort=Sort.NEWEST,
        limit=100,
    )

    answer = source.search(asked, LoopbackSend())

    wanted = [
        work for work in SHELF.works
        if 2000 <= work.year <= 2015 and not work.retracted
        and re.search(r"\bstudy\b", f"{work.title} {work.abstract}".lower())
    ]  # fmt: skip
    assert {record.source_id for record in answer.records} == {work.pmid for work in wanted}
    dates = [record.date or "" for record in answer.records]
    assert len(dates) > 10
    assert dates == sorted(dates, reverse=True)


def test_names_of_all_kinds_are_looked_up_in_two_calls(server: ReplayServer, source: PubmedSource) -> None:
    works = SHELF.works[:40]
    names = [Identifier("pmid", work.pmid or "") for work in works[:20]]
    names += [Identifier("doi", work.doi) for work in works[20:30] if work.doi]
    names += [Identifier("pmcid", work.pmcid) for work in works[30:] if work.pmcid]
    names += [Identifier("pmid", "1"), Identifier("doi", "10.5555/nobody")]

    records = source.look_up(names, LoopbackSend())

    found = {identifier for record in records for identifier in record.identifiers}
    assert {name for name in names if name not in found} == set(names[-2:])
    assert {record.source_id for record in records} <= {work.pmid for work in works}
    assert server.count("pubmed") == 2


def test_many_ids_go_by_post(server: ReplayServer, source: PubmedSource) -> None:
    names = [Identifier("pmid", work.pmid or "") for work in SHELF.works[:120]]

    records = source.look_up(names, LoopbackSend())

    assert len(records) == 120
    assert [(asked.method, dict(asked.params)) for asked in server.asked("pubmed")] == [("POST", {})]


def test_a_record_that_nobody_asked_for_is_left_out() -> None:
    body = (
        b"<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>5</PMID><Article><ArticleTitle>T</ArticleTitle>"
        b"</Article></MedlineCitation></PubmedArticle></PubmedArticleSet>"
    )

    assert (
        PubmedSource(Access(BASE_URL)).look_up([Identifier("pmid", "6")], Given(Reply(200, {}, body))) == ()
    )


def test_citations_and_references_are_names(source: PubmedSource) -> None:
    work = max(SHELF.works, key=lambda one: len(SHELF.referring_to(one)) * bool(SHELF.referred_to_by(one)))
    name = Identifier("pmid", work.pmid or "")

    citing = source.citations(name, 2, LoopbackSend())
    cited = source.references(name, 100, LoopbackSend())

    assert citing.total == len(SHELF.referring_to(work))
    assert len(citing.identifiers) == 2
    assert {one.value for one in cited.identifiers} == {one.pmid for one in SHELF.referred_to_by(work)}
    assert (citing.records, source.follows) == ((), {"pmid"})
    assert source.references(Identifier("pmid", "1"), 9, LoopbackSend()).total == 0


@pytest.mark.parametrize(
    ("path", "params", "status"),
    [
        ("/esearch.fcgi", {"db": ["pubmed"], "retmode": ["json"]}, 200),
        ("/esearch.fcgi", {"db": ["pubmed"], "retmode": ["json"], "term": ["(a[tiab] OR"]}, 200),
        (
            "/esearch.fcgi",
            {"db": ["pubmed"], "retmode": ["json"], "term": ["a[tiab]"], "retmax": ["10001"]},
            200,
        ),
        ("/efetch.fcgi", {"db": ["pubmed"]}, 400),
        ("/efetch.fcgi", {"db": ["pubmed"], "id": ["1," * 5_000]}, 414),
        ("/elink.fcgi", {"dbfrom": ["pubmed"], "id": ["1"], "linkname": ["pubmed_nothing"]}, 200),
    ],
)
def test_the_replay_refuses_what_ncbi_refuses(path: str, params: dict[str, list[str]], status: int) -> None:
    answer = PubmedReplay(WORKS).answer(Asked("GET", path, params))

    assert answer.status == status
    assert status != 200 or b"ERROR" in answer.body


@pytest.mark.parametrize(
    "fault",
    [Fault.SERVER_ERROR, Fault.HTML, Fault.TRUNCATED, Fault.INVALID_UTF_8,
     Fault.BILLION_LAUGHS, Fault.TOO_MANY_REQUESTS_RETRY_AFTER, Fault.ENDLESS_REDIRECTS],
)  # fmt: skip
@pytest.mark.parametrize("step", ["search", "fetch", "link"])
def test_what_goes_wrong_on_the_way_is_a_failure(
    server: ReplayServer, source: PubmedSource, fault: Fault, step: str
) -> None:
    server.fault("pubmed", fault)
    name = Identifier("pmid", SHELF.works[0].pmid or "")

    asks: dict[str, Callable[[], object]] = {
        "search": lambda: source.search(question("study"), LoopbackSend()),
        "fetch": lambda: source.look_up([name], LoopbackSend()),
        "link": lambda: source.citations(name, 5, LoopbackSend()),
    }

    with pytest.raises(SourceFailed):
        asks[step]()
