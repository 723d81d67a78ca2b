"""OpenAlex is asked in its own language, and what it says is read whole."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from research_api.domain.calls import Reply
from research_api.domain.search import Filters, Sort, SourceOutcome
from research_api.domain.sources import Edges, SourceFailed
from research_api.domain.works import Identifier
from research_api.providers.access import Access
from research_api.providers.openalex import MAX_ORS, OpenAlexSource
from research_api.providers.replies import records_of
from research_api.records.openalex import to_record
from tests.providers.hostile import outcomes_of
from tests.providers.questions import question
from tests.providers.recordings import Recording, called, filled
from tests.providers.sending import Given, LoopbackSend
from tests.replay.faults import Fault
from tests.replay.openalex import OpenAlexReplay
from tests.replay.server import ReplayServer
from tests.replay.shelf import Shelf
from tests.replay.works import sample_works

WORKS = sample_works(300)
SHELF = Shelf(WORKS, "openalex")
EMPTY = Reply(200, {}, b'{"meta": {"count": 0}, "results": []}')


@pytest.fixture(scope="module")
def running() -> Iterator[ReplayServer]:
    with ReplayServer({"openalex": OpenAlexReplay(WORKS)}) as server:
        yield server


@pytest.fixture
def server(running: ReplayServer) -> ReplayServer:
    running.clear("openalex")
    running.forget()
    return running


@pytest.fixture
def source(server: ReplayServer) -> OpenAlexSource:
    return OpenAlexSource(Access(server.base_url("openalex")))


def sent_for(asked: Any, access: Access = Access("https://api.openalex.org")) -> dict[str, str]:  # noqa: B008 - frozen
    send = Given(EMPTY)
    OpenAlexSource(access).search(asked, send)
    return dict(send.asked[0].params) if send.asked else {}


def test_words_are_alternatives_where_openalex_ranks_and_all_wanted_where_it_sorts() -> None:
    ranked = sent_for(question('deep learning "graph networks"'))
    sorted_by_date = sent_for(question("deep learning", sort=Sort.NEWEST))

    assert ranked["search"] == '(deep OR learning OR "graph networks")'
    assert "sort" not in ranked
    assert (sorted_by_date["search"], sorted_by_date["sort"]) == ("(deep learning)", "publication_date:desc")


def test_a_strict_query_is_sent_as_it_stands_without_what_would_narrow_it() -> None:
    sent = sent_for(question("(deep OR shallow) title:learning NOT cats neuro*", is_strict=True))

    assert sent["search"] == "((deep OR shallow) learning)"


@pytest.mark.parametrize("is_strict", [True, False])
def test_no_query_has_more_or_than_openalex_takes(is_strict: bool) -> None:
    text = (" OR " if is_strict else " ").join(f"word{'x' * number}" for number in range(1, 12))

    search = sent_for(question(text, is_strict=is_strict))["search"]

    assert search.count(" OR ") == MAX_ORS
    assert "wordxxxxxxxxxxx" in search


def test_a_query_too_long_for_the_url_keeps_as_many_clauses_as_fit() -> None:
    words = [f"{'é' * 20}{number}" for number in range(150)]

    search = sent_for(question(" ".join(words), is_strict=True))["search"]

    assert 5 < len(search.split()) < 150
    assert search.split()[0] == f"{'e' * 20}0" or search.startswith("é")


def test_filters_sort_and_authors_are_said_in_openalex_words() -> None:
    filters = Filters(2010, 2012, ("journal-article", "dataset"), True, 5, True)

    sent = sent_for(question("deep author:smith", filters=filters, sort=Sort.MOST_CITED, limit=500))

    conditions = sent["filter"].split(",")
    assert conditions[0] == "from_publication_date:2010-01-01"
    assert conditions[1] == "to_publication_date:2012-12-31"
    assert {"journal-article", "article", "review", "letter", "dataset"} < set(
        conditions[2].removeprefix("type:").split("|")
    )
    assert conditions[3:] == [
        "is_oa:true",
        "cited_by_count:>4",
        "is_retracted:false",
        "raw_author_name.search:smith",
    ]
    assert (sent["sort"], sent["per_page"]) == ("cited_by_count:desc", "100")


def test_nothing_is_sent_where_nothing_can_be_said() -> None:
    send = Given(EMPTY)

    answer = OpenAlexSource(Access("https://api.openalex.org")).search(
        question("NOT cats", is_strict=True), send
    )

    assert (answer.records, answer.sent, send.asked) == ((), "", [])


def test_key_and_contact_go_out_and_are_not_told() -> None:
    send = Given(EMPTY)
    access = Access("https://api.openalex.org", api_key="secret", contact="me@example.org")

    answer = OpenAlexSource(access).search(question("deep"), send)

    params = dict(send.asked[0].params)
    assert (params["api_key"], params["mailto"]) == ("secret", "me@example.org")
    assert answer.sent == "search=deep&per_page=25"


def test_a_search_brings_the_works_with_all_that_openalex_says(
    server: ReplayServer, source: OpenAlexSource
) -> None:
    answer = source.search(question("zebrafish larvae", limit=10), LoopbackSend())

    assert len(answer.records) == 10
    assert answer.total is not None
    assert answer.total > 10
    for record in answer.records:
        work = SHELF.by("openalex", record.source_id)
        assert work is not None
        assert (record.title, record.abstract) == (work.title, work.abstract)
        assert [(one.name, one.orcid) for one in record.authors] == [
            (one.name, one.orcid) for one in work.authors
        ]
        assert (record.year, record.date, record.venue) == (work.year, work.date, work.venue)
        assert (record.type, record.retracted, record.url) == (work.type, work.retracted, work.url)
        assert record.citation_count == work.citation_count
        assert {one.scheme: one.value for one in record.identifiers} == {
            scheme: value
            for scheme in ("doi", "pmid", "pmcid", "arxiv", "openalex")
            if (value := getattr(work, scheme))
        }
        assert record.open_access.is_oa is work.is_oa
        assert record.open_access.license == work.license
        assert [one.value for one in record.references] == [
            cited.openalex for cited in SHELF.referred_to_by(work)
        ]


def test_every_filter_is_understood_by_the_real_protocol(
    server: ReplayServer, source: OpenAlexSource
) -> None:
    filters = Filters(2000, 2015, ("journal-article",), True, 1, True)

    answer = source.search(question("study samples", filters=filters), LoopbackSend())

    assert answer.records
    for record in answer.records:
        assert record.year is not None
        assert 2000 <= record.year <= 2015
        assert record.open_access.is_oa
        assert (record.citation_count or 0) >= 1
        assert not record.retracted


def test_many_identifiers_of_all_schemes_are_looked_up_in_few_requests(
    server: ReplayServer, source: OpenAlexSource
) -> None:
    dois = [Identifier("doi", work.doi) for work in SHELF.works if work.doi and not work.arxiv][:60]
    others = [
        Identifier(scheme, value)
        for scheme in ("pmid", "pmcid", "arxiv", "openalex")
        for work in SHELF.works[:60]
        if (value := getattr(work, scheme))
    ]

    records = source.look_up([*dois, *others, Identifier("doi", "10.5555/nobody")], LoopbackSend())

    found = {identifier for record in records for identifier in record.identifiers}
    assert set(dois) | set(others) <= found
    assert server.count("openalex") <= 10


def test_one_identifier_is_asked_for_by_its_free_address(
    server: ReplayServer, source: OpenAlexSource
) -> None:
    work = next(work for work in SHELF.works if work.doi)

    records = source.look_up([Identifier("doi", work.doi or "")], LoopbackSend())

    assert [record.source_id for record in records] == [work.openalex]
    assert server.asked("openalex")[0].path == f"/works/doi:10.5555%2Fsample.{work.number:06}"


def test_a_doi_that_a_filter_would_cut_is_asked_for_by_itself_and_escaped() -> None:
    send = Given(Reply(404, {}, b"<html>"), EMPTY)
    odd = [
        Identifier("doi", "10.1000/a,b"),
        Identifier("doi", "10.1000/c?d#e/../f"),
        Identifier("doi", "10.1000/g"),
    ]

    OpenAlexSource(Access("https://api.openalex.org")).look_up(odd, send)

    assert [one.url for one in send.asked] == [
        "https://api.openalex.org/works/doi:10.1000%2Fa%2Cb",
        "https://api.openalex.org/works",
    ]
    assert ("filter", "doi:10.1000/c?d#e/../f|10.1000/g") in send.asked[1].params


def test_an_unknown_work_is_no_failure(server: ReplayServer, source: OpenAlexSource) -> None:
    nobody = Identifier("doi", "10.5555/nobody")

    assert source.look_up([nobody], LoopbackSend()) == ()
    assert source.references(nobody, 10, LoopbackSend()) == Edges()


def test_citations_and_references_are_works_the_most_cited_first(
    server: ReplayServer, source: OpenAlexSource
) -> None:
    work = max((one for one in SHELF.works if one.doi), key=lambda one: len(SHELF.referring_to(one)))
    name = Identifier("doi", work.doi or "")

    citing = source.citations(name, 3, LoopbackSend())
    cited = source.references(Identifier("openalex", work.openalex), 100, LoopbackSend())

    assert len(citing.records) == 3
    assert citing.total == len(SHELF.referring_to(work))
    counts = [record.citation_count or 0 for record in citing.records]
    assert counts == sorted(counts, reverse=True)
    assert {one.source_id for one in cited.records} == {one.openalex for one in SHELF.referred_to_by(work)}


def test_long_lists_of_citations_are_paged() -> None:
    pages = [
        json.dumps({"meta": {"count": 150}, "results": [{"id": f"https://openalex.org/W{number}", "title": "T"}
                                                         for number in numbers]}).encode()
        for numbers in (range(1, 101), range(101, 201), range(201, 251))
    ]  # fmt: skip
    send = Given(*(Reply(200, {}, page) for page in pages))

    edges = OpenAlexSource(Access("http://x")).citations(Identifier("openalex", "W1"), 250, send)

    assert [dict(one.params)["page"] for one in send.asked] == ["1", "2", "3"]
    assert (len(edges.records), edges.total) == (250, 150)


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (403, b'{"error": "Rate limit exceeded"}', SourceOutcome.RATE_LIMITED),
        (429, b'{"error": "Rate limit exceeded", "message": "x"}', SourceOutcome.RATE_LIMITED),
        (429, b'{"error": "x", "reason": "broad_boolean_query"}', SourceOutcome.ERROR),
        (400, b'{"error": "Invalid query parameters error."}', SourceOutcome.ERROR),
        (404, b"<!doctype html>", SourceOutcome.ERROR),
        (503, b'{"error": "Search temporarily unavailable"}', SourceOutcome.ERROR),
        (200, b"<html>", SourceOutcome.ERROR),
        (200, b'{"meta": {}}', SourceOutcome.ERROR),
        (200, b"[]", SourceOutcome.ERROR),
    ],
)
def test_a_refusal_is_a_failure_that_says_what_kind(status: int, body: bytes, outcome: SourceOutcome) -> None:
    send = Given(Reply(status, {"retry-after": "9"}, body))

    with pytest.raises(SourceFailed) as failed:
        OpenAlexSource(Access("http://x")).search(question("deep"), send)

    assert failed.value.outcome is outcome
    assert "deep" not in failed.value.detail


@pytest.mark.parametrize(
    "fault", [Fault.SERVER_ERROR, Fault.TOO_MANY_REQUESTS_RETRY_AFTER, Fault.HTML, Fault.TRUNCATED,
              Fault.INVALID_UTF_8, Fault.BILLION_LAUGHS]
)  # fmt: skip
def test_a_broken_answer_is_a_failure_and_never_an_empty_one(
    server: ReplayServer, source: OpenAlexSource, fault: Fault
) -> None:
    server.fault("openalex", fault)

    with pytest.raises(SourceFailed):
        source.search(question("zebrafish"), LoopbackSend())


def test_json_in_another_unicode_encoding_is_read_all_the_same(
    server: ReplayServer, source: OpenAlexSource
) -> None:
    right = source.search(question("zebrafish"), LoopbackSend())
    server.fault("openalex", Fault.UTF_16_AS_UTF_8)

    assert source.search(question("zebrafish"), LoopbackSend()) == right


def works_in(recording: Recording) -> list[dict[str, Any]]:
    body: Any = recording.json
    works: list[dict[str, Any]] = body.get("results", [body])
    return works


def said(works: list[dict[str, Any]]) -> Counter[str]:
    """What the payloads hold, read without our parser."""
    counts: Counter[str] = Counter()
    for work in works:
        place, access = work.get("primary_location") or {}, work["open_access"]
        best = work.get("best_oa_location") or {}
        arxiv = any(
            "arxiv.org/abs" in str(one.get("landing_page_url")) or "arxiv.org/pdf" in str(one.get("pdf_url"))
            for one in work["locations"]
        )
        has = {
            "title": work["title"],
            "abstract": work["abstract_inverted_index"],
            "authors": work["authorships"],
            "year": work["publication_year"],
            "date": work["publication_date"],
            "venue": (place.get("source") or {}).get("display_name"),
            "type": work["type"],
            "url": place.get("landing_page_url") or work["doi"],
            "is_oa": True,
            "open_access_url": access["is_oa"] and access["oa_url"],
            "license": access["is_oa"] and best.get("license"),
            "citation_count": True,
            "retracted": work["is_retracted"],
            "references": work["referenced_works"],
            "doi": work["doi"],
            "pmid": work["ids"].get("pmid"),
            "pmcid": work["ids"].get("pmcid"),
            "arxiv": arxiv,
            "openalex": True,
        }
        counts.update(name for name, value in has.items() if value)
        counts["authors in all"] += len(work["authorships"])
        counts["orcids in all"] += sum(
            bool(one["author"].get("orcid") or one.get("raw_orcid")) for one in work["authorships"]
        )
        counts["references in all"] += len(work["referenced_works"])
    return counts


def test_no_recording_loses_anything_that_a_record_can_hold(shared_data: Path) -> None:
    works = [work for recording in called(shared_data, "openalex") for work in works_in(recording)]

    records = [to_record(work) for work in works]

    assert len(records) > 150
    assert dict(filled(records)) == dict(said(works))


def test_what_we_select_is_all_that_we_read(shared_data: Path) -> None:
    """The records of the selected fields alone are those of the whole answers."""
    selected = parse_qs(urlsplit("?select=" + sent_for(question("deep"))["select"]).query)["select"][0].split(
        ","
    )
    works = [work for recording in called(shared_data, "openalex") for work in works_in(recording)]
    cut = [{name: work[name] for name in selected if name in work} for work in works]

    changed = [
        record.source_id
        for record, other in zip(records_of(works, to_record)[0], records_of(cut, to_record)[0], strict=True)
        if record != other
    ]

    assert changed == []


def test_recorded_refusals_are_failures_or_unknown_works(shared_data: Path) -> None:
    refusals = called(shared_data, "openalex", refused=True)
    source = OpenAlexSource(Access("http://x"))

    for recording in refusals:
        with pytest.raises(SourceFailed):
            source.search(question("deep"), Given(recording.reply))
        assert source.look_up([Identifier("doi", "10.1/x")], Given(recording.reply)) == ()
    assert refusals


@pytest.mark.slow
def test_values_of_wrong_types_break_nothing(server: ReplayServer, source: OpenAlexSource) -> None:
    send = LoopbackSend()
    source.search(question("zebrafish", limit=1), send)
    payload = json.loads(send(send.sent[0]).body)

    outcomes = outcomes_of(payload, lambda given: len(source.search(question("zebrafish"), given).records))

    assert outcomes[None] > 10
    assert outcomes.total() - outcomes[None] > 1_000
