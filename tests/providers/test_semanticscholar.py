"""Semantic Scholar: what it is asked, and what is read of its papers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest

from research_api.domain.search import Filters, Sort
from research_api.domain.sources import Edges
from research_api.domain.works import Identifier, Record
from research_api.providers.access import Access
from research_api.providers.semanticscholar import SemanticScholar
from tests.providers.questions import question
from tests.providers.sending import LoopbackSend
from tests.replay.protocol import Asked
from tests.replay.semanticscholar import SemanticScholarReplay
from tests.replay.server import ReplayServer
from tests.replay.works import SampleWork, sample_works

WORKS = sample_works(300)
HELD = [work for work in WORKS if "semanticscholar" in work.held_by]
BY_ID = {work.s2: work for work in WORKS}
NAMES = {"doi": "doi", "pmid": "pmid", "pmcid": "pmcid", "arxiv": "arxiv", "s2": "s2"}


@pytest.fixture(scope="module")
def server() -> Iterator[ReplayServer]:
    with ReplayServer({"semanticscholar": SemanticScholarReplay(WORKS)}) as running:
        yield running


@pytest.fixture
def source(server: ReplayServer) -> SemanticScholar:
    server.forget()
    server.clear("semanticscholar")
    return SemanticScholar(Access(server.base_url("semanticscholar")))


def last(server: ReplayServer) -> Asked:
    return server.asked("semanticscholar")[-1]


def one_of(**wanted: object) -> SampleWork:
    """The first work that has all these (True: anything but None)."""
    return next(
        work
        for work in HELD
        if all(getattr(work, name) is not None if value is True else getattr(work, name) == value
               for name, value in wanted.items())
    )  # fmt: skip


def check(record: Record, work: SampleWork) -> None:
    """The record says all that the work is, as far as this API can say it."""
    named = {(one.scheme, one.value) for one in record.identifiers}
    told = {scheme: getattr(work, scheme) for scheme in NAMES}

    assert (record.source, record.source_id) == ("semanticscholar", work.s2)
    assert named == {(scheme, value) for scheme, value in told.items() if value} | {
        ("s2", f"CorpusId:{work.corpus_id}")
    }
    assert (record.title, record.abstract) == (work.title, work.abstract)
    assert (record.year, record.date, record.type) == (work.year, work.date, work.type)
    assert record.venue == ("arXiv.org" if work.arxiv else work.venue)
    assert record.citation_count == work.citation_count
    assert record.url == f"https://www.semanticscholar.org/paper/{work.s2}"
    access = record.open_access
    assert access.is_oa is work.is_oa
    assert (access.url, access.license) == ((work.url, work.license) if work.is_oa else (None, None))
    assert [author.name for author in record.authors] == [author.name for author in work.authors]


def orcids(record: Record) -> list[str | None]:
    return [author.orcid for author in record.authors]


def test_a_search_reads_every_field_of_its_papers(source: SemanticScholar) -> None:
    answer = source.search(question("learning networks of samples", limit=100), LoopbackSend())

    assert len(answer.records) == 100
    assert answer.rejected == 0
    for record in answer.records:
        check(record, BY_ID[record.source_id])
        assert orcids(record) == [author.orcid for author in BY_ID[record.source_id].authors]


def test_a_search_says_what_was_sent_and_how_much_there_is(
    server: ReplayServer, source: SemanticScholar
) -> None:
    answer = source.search(question('"graph networks" learning', limit=3), LoopbackSend())

    asked = last(server)
    assert asked.param("query") == "graph networks learning"
    assert asked.param("limit") == "3"
    assert parse_qs(answer.sent, keep_blank_values=True) == asked.params
    assert len(answer.records) == 3
    assert answer.total is not None
    assert answer.total > 3


def test_no_more_than_a_hundred_are_asked_for(server: ReplayServer, source: SemanticScholar) -> None:
    source.search(question("learning", limit=1_000), LoopbackSend())

    assert last(server).param("limit") == "100"


def test_words_with_a_hyphen_are_asked_without_it(server: ReplayServer, source: SemanticScholar) -> None:
    """That search finds nothing for them, says its page."""
    assert source.search(question("low-rank"), LoopbackSend()).records
    assert last(server).param("query") == "low rank"


@pytest.mark.parametrize(
    ("wanted", "param", "sent"),
    [
        (Filters(year_from=2010, year_to=2015), "year", "2010-2015"),
        (Filters(year_from=2010, year_to=2010), "year", "2010"),
        (Filters(year_from=2010), "year", "2010-"),
        (Filters(year_to=2015), "year", "-2015"),
        (
            Filters(types=("proceedings-article", "book-chapter")),
            "publicationTypes",
            "Conference,BookSection",
        ),
        (Filters(types=("dissertation", "book")), "publicationTypes", ""),
        (Filters(open_access=True), "openAccessPdf", ""),
        (Filters(min_citations=5), "minCitationCount", "5"),
    ],
)
@pytest.mark.parametrize("sort", list(Sort))
def test_filters_are_sent(
    server: ReplayServer, source: SemanticScholar, wanted: Filters, param: str, sent: str, sort: Sort
) -> None:
    answer = source.search(question("learning", sort=sort, filters=wanted), LoopbackSend())

    assert last(server).param(param) == sent
    assert "openAccessPdf" in last(server).params or not wanted.open_access
    years = [record.year or 0 for record in answer.records]
    assert all((wanted.year_from or 0) <= year <= (wanted.year_to or 9_999) for year in years)
    assert all(record.open_access.is_oa for record in answer.records) or not wanted.open_access
    assert all((record.citation_count or 0) >= (wanted.min_citations or 0) for record in answer.records)


@pytest.mark.parametrize(("sort", "field"), [(Sort.NEWEST, "date"), (Sort.MOST_CITED, "citation_count")])
def test_a_sorted_search_asks_for_all_words_in_that_order(
    source: SemanticScholar, sort: Sort, field: str
) -> None:
    answer = source.search(question("learning networks", sort=sort, limit=5), LoopbackSend())

    texts = {work.s2: f"{work.title} {work.abstract}".casefold() for work in HELD}
    fitting = [BY_ID[key] for key, text in texts.items() if "learning" in text and "networks" in text]
    first = sorted((getattr(work, field) for work in fitting), reverse=True)[:5]
    assert len(first) == 5
    assert [getattr(record, field) for record in answer.records] == first
    for record in answer.records:
        check(record, BY_ID[record.source_id])


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("learning (graph OR coral) year:2010", "(learning + (graph | coral))"),
        ('"graph networks" learn*', '("graph networks" + learn*)'),
        ("title:learning author:abara", "learning"),
        ("learning NOT graph", "learning"),
    ],
)
def test_a_sorted_search_speaks_the_language_of_the_bulk_search(
    server: ReplayServer, source: SemanticScholar, text: str, sent: str
) -> None:
    source.search(question(text, sort=Sort.NEWEST), LoopbackSend())

    assert last(server).param("query") == sent


@pytest.mark.parametrize(("text", "sort"), [("author:abara", Sort.RELEVANCE), ("author:abara", Sort.NEWEST)])
def test_without_a_word_to_send_nothing_is_asked(
    server: ReplayServer, source: SemanticScholar, text: str, sort: Sort
) -> None:
    answer = source.search(question(text, sort=sort), LoopbackSend())

    assert (answer.records, answer.sent) == ((), "")
    assert server.asked("semanticscholar") == []


def test_a_search_that_finds_nothing_is_empty(source: SemanticScholar) -> None:
    answer = source.search(question("xyzzy"), LoopbackSend())

    assert (answer.records, answer.total) == ((), 0)


@pytest.mark.parametrize("scheme", sorted(NAMES))
def test_a_work_is_found_under_each_of_its_names(source: SemanticScholar, scheme: str) -> None:
    work = one_of(**{scheme: True})

    (record,) = source.look_up([Identifier(scheme, getattr(work, scheme))], LoopbackSend())

    check(record, work)
    assert orcids(record) == [author.orcid for author in work.authors]


def test_a_corpus_id_is_a_name_too(source: SemanticScholar) -> None:
    work = HELD[0]

    (record,) = source.look_up([Identifier("s2", f"CorpusId:{work.corpus_id}")], LoopbackSend())

    assert record.source_id == work.s2


def test_a_look_up_brings_the_references(source: SemanticScholar) -> None:
    works = [work for work in HELD if len(work.references) > 3][:20]

    found = source.look_up([Identifier("s2", work.s2) for work in works], LoopbackSend())

    assert len(found) == 20
    for record in found:
        cited = [WORKS[number] for number in BY_ID[record.source_id].references]
        told = [one for one in cited if "semanticscholar" in one.held_by]
        assert record.references == tuple(
            Identifier("doi", one.doi)
            if one.doi
            else Identifier("pmid", one.pmid)
            if one.pmid
            else Identifier("s2", one.s2)
            for one in told
        )


def test_many_are_looked_up_a_hundred_in_a_call(server: ReplayServer, source: SemanticScholar) -> None:
    wanted = [Identifier("s2", work.s2) for work in HELD[:230]]

    found = source.look_up(wanted, LoopbackSend())

    assert {record.source_id for record in found} == {one.value for one in wanted}
    assert [len(json.loads(asked.body)["ids"]) for asked in server.asked("semanticscholar")] == [100, 100, 30]


def test_unknown_works_are_left_out_also_where_all_are_unknown(source: SemanticScholar) -> None:
    known, unknown = Identifier("s2", HELD[0].s2), Identifier("doi", "10.5555/nobody.knows")

    assert [one.source_id for one in source.look_up([unknown, known], LoopbackSend())] == [HELD[0].s2]
    assert source.look_up([unknown], LoopbackSend()) == ()


def test_references_are_records_and_names_of_works_that_it_does_not_have(source: SemanticScholar) -> None:
    work = next(
        work
        for work in HELD
        if work.doi
        and any("semanticscholar" not in WORKS[n].held_by and WORKS[n].doi for n in work.references)
    )
    cited = [WORKS[number] for number in work.references]

    edges = source.references(Identifier("doi", work.doi or ""), 100, LoopbackSend())

    held = [one for one in cited if "semanticscholar" in one.held_by]
    assert [record.source_id for record in edges.records] == [one.s2 for one in held]
    assert {one.value for one in edges.identifiers} >= {
        one.doi for one in cited if "semanticscholar" not in one.held_by and one.doi
    }
    assert edges.total == len(cited)
    for record in edges.records:
        check(record, BY_ID[record.source_id])


def test_citations_stop_at_the_limit_and_then_do_not_say_how_many_there_are(source: SemanticScholar) -> None:
    citing = {work.number: [one for one in HELD if work.number in one.references] for work in HELD}
    work = max(HELD, key=lambda work: len(citing[work.number]))

    some = source.citations(Identifier("s2", work.s2), 2, LoopbackSend())
    every = source.citations(Identifier("s2", work.s2), 5_000, LoopbackSend())

    assert (len(some.records), some.total) == (2, None)
    assert {record.source_id for record in every.records} == {one.s2 for one in citing[work.number]}
    assert every.total == len(citing[work.number]) > 2


def test_an_unknown_work_has_no_edges(source: SemanticScholar) -> None:
    assert source.references(Identifier("doi", "10.5555/nobody.knows"), 10, LoopbackSend()) == Edges()


def test_no_part_of_a_doi_leads_out_of_its_place(server: ReplayServer, source: SemanticScholar) -> None:
    source.citations(Identifier("doi", "10.5555/../../author?x=1#y"), 10, LoopbackSend())

    assert last(server).path == "/paper/DOI:10.5555%2F..%2F..%2Fauthor%3Fx%3D1%23y/citations"


def test_the_key_goes_into_a_header_and_nowhere_else(server: ReplayServer) -> None:
    keyed = SemanticScholar(Access(server.base_url("semanticscholar"), api_key="a key"))

    answer = keyed.search(question("learning"), LoopbackSend())

    assert last(server).headers["x-api-key"] == "a key"
    assert "key" not in last(server).params
    assert "a+key" not in answer.sent
