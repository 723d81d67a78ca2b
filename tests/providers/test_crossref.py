"""Crossref is asked in its own language, and what it says is read whole."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from research_api.domain.calls import Reply
from research_api.domain.search import Filters, Sort, SourceOutcome
from research_api.domain.sources import Edges, SourceFailed
from research_api.domain.works import Identifier
from research_api.providers.access import Access
from research_api.providers.crossref import CrossrefSource
from research_api.providers.replies import records_of
from research_api.records.crossref import to_record
from research_api.records.errors import Rejected
from research_api.records.fields import orcid_of
from tests.providers.hostile import outcomes_of
from tests.providers.questions import question
from tests.providers.recordings import Recording, called, filled
from tests.providers.sending import Given, LoopbackSend
from tests.replay.crossref import CrossrefReplay
from tests.replay.faults import Fault
from tests.replay.server import ReplayServer
from tests.replay.shelf import Shelf
from tests.replay.works import sample_works

WORKS = sample_works(300)
SHELF = Shelf(WORKS, "crossref")
EMPTY = Reply(200, {}, b'{"message": {"total-results": 0, "items": []}}')


@pytest.fixture(scope="module")
def running() -> Iterator[ReplayServer]:
    with ReplayServer({"crossref": CrossrefReplay(WORKS)}) as server:
        yield server


@pytest.fixture
def server(running: ReplayServer) -> ReplayServer:
    running.clear("crossref")
    running.forget()
    return running


@pytest.fixture
def source(server: ReplayServer) -> CrossrefSource:
    return CrossrefSource(Access(server.base_url("crossref")))


def sent_for(asked: Any) -> dict[str, str]:
    send = Given(EMPTY)
    CrossrefSource(Access("https://api.crossref.org")).search(asked, send)
    return dict(send.asked[0].params) if send.asked else {}


def test_words_authors_and_venues_go_into_parameters_of_their_own() -> None:
    sent = sent_for(
        question('deep "graph networks" deep author:"ada smith" venue:letters NOT cats', is_strict=True)
    )

    assert sent["query"] == "deep graph networks"
    assert sent["query.author"] == "ada smith"
    assert sent["query.container-title"] == "letters"


def test_an_author_who_is_one_of_several_choices_restricts_nothing() -> None:
    sent = sent_for(question("deep OR author:smith", is_strict=True))

    assert sent["query"] == "deep"
    assert "query.author" not in sent


def test_filters_and_sort_are_said_in_crossref_words() -> None:
    filters = Filters(2010, 2012, ("journal-article", "dataset"), open_access=True, min_citations=5)

    sent = sent_for(question("deep", filters=filters, sort=Sort.MOST_CITED, limit=5_000))

    assert sent["filter"] == "from-pub-date:2010,until-pub-date:2012,type:journal-article,type:dataset"
    assert (sent["sort"], sent["order"], sent["rows"]) == ("is-referenced-by-count", "desc", "1000")


def test_nothing_is_sent_where_nothing_can_be_said() -> None:
    send = Given(EMPTY)

    answer = CrossrefSource(Access("https://api.crossref.org")).search(
        question("NOT cats", is_strict=True), send
    )

    assert (answer.records, answer.sent, send.asked) == ((), "", [])


def test_a_query_too_long_for_the_url_is_cut_at_a_word() -> None:
    words = [f"word{number}" for number in range(700)]

    sent = sent_for(question(" ".join(words)))["query"].split()

    assert 100 < len(sent) < 700
    assert sent == words[: len(sent)]


def test_key_and_contact_go_out_and_are_not_told() -> None:
    send = Given(EMPTY)
    access = Access("https://api.crossref.org", api_key="secret", contact="me@example.org")

    answer = CrossrefSource(access).search(question("deep"), send)

    assert ("mailto", "me@example.org") in send.asked[0].params
    assert send.asked[0].headers == {"Crossref-Plus-API-Token": "Bearer secret"}
    assert answer.sent == "query=deep&rows=25"


def test_a_search_brings_the_works_with_all_that_crossref_says(
    server: ReplayServer, source: CrossrefSource
) -> None:
    answer = source.search(question("zebrafish larvae", limit=20), LoopbackSend())

    assert len(answer.records) == 20
    assert answer.total is not None
    assert answer.total > 20
    for record in answer.records:
        work = SHELF.by("doi", record.source_id)
        assert work is not None
        assert (record.title, record.abstract) == (work.title, work.abstract)
        assert [(one.name, one.orcid) for one in record.authors] == [
            (one.name, one.orcid) for one in work.authors
        ]
        assert (record.year, record.date, record.venue) == (work.year, work.date, work.venue)
        assert (record.type, record.retracted, record.url) == (work.type, work.retracted, work.url)
        assert record.citation_count == work.citation_count
        assert record.open_access.license == work.license
        cited = [SHELF.every[number].doi for number in work.references]
        assert [one.value for one in record.references] == [doi for doi in cited if doi]


def test_every_filter_is_understood_by_the_real_protocol(
    server: ReplayServer, source: CrossrefSource
) -> None:
    filters = Filters(2000, 2015, ("journal-article", "dataset"))

    answer = source.search(question("study samples", filters=filters, sort=Sort.NEWEST), LoopbackSend())

    years = [record.year for record in answer.records]
    assert len(years) == 25
    assert years == sorted(years, reverse=True)
    assert {year for year in years if year is None or not 2000 <= year <= 2015} == set()
    assert {record.type for record in answer.records} == {"journal-article"}


def test_many_dois_are_looked_up_forty_at_a_time(server: ReplayServer, source: CrossrefSource) -> None:
    dois = [Identifier("doi", work.doi) for work in SHELF.works[:100] if work.doi]

    records = source.look_up([*dois, *dois, Identifier("doi", "10.5555/nobody")], LoopbackSend())

    assert {identifier for record in records for identifier in record.identifiers} == set(dois)
    assert server.count("crossref") == 3


def test_a_doi_that_a_filter_would_cut_is_asked_for_by_itself_and_escaped() -> None:
    send = Given(Reply(404, {}, b"Resource not found."), EMPTY)
    odd = [Identifier("doi", "10.1000/a,b"), Identifier("doi", "10.1000/(c)?d#e")]

    CrossrefSource(Access("https://api.crossref.org")).look_up(odd, send)

    assert [one.url for one in send.asked] == [
        "https://api.crossref.org/works/10.1000%2Fa%2Cb",
        "https://api.crossref.org/works",
    ]
    assert ("filter", "doi:10.1000/(c)?d#e") in send.asked[1].params


def test_an_unknown_work_is_no_failure(server: ReplayServer, source: CrossrefSource) -> None:
    nobody = Identifier("doi", "10.5555/nobody")

    assert source.look_up([nobody], LoopbackSend()) == ()
    assert source.references(nobody, 10, LoopbackSend()) == Edges()


def test_references_are_names_and_their_total_counts_those_without_a_doi(
    server: ReplayServer, source: CrossrefSource
) -> None:
    work = max(SHELF.works, key=lambda one: sum(SHELF.every[number].doi is None for number in one.references))
    dois = [doi for number in work.references if (doi := SHELF.every[number].doi)]

    edges = source.references(Identifier("doi", work.doi or ""), 2, LoopbackSend())

    assert edges.identifiers == tuple(Identifier("doi", doi) for doi in dois[:2])
    assert edges.total == len(work.references) > len(dois)


def test_crossref_is_not_asked_for_citations() -> None:
    send = Given(EMPTY)

    assert CrossrefSource(Access("http://x")).citations(Identifier("doi", "10.1/x"), 10, send) == Edges()
    assert send.asked == []


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (429, b"Too many requests", SourceOutcome.RATE_LIMITED),
        (400, b'{"status": "failed", "message": [{"type": "integer-not-valid"}]}', SourceOutcome.ERROR),
        (404, b"Resource not found.", SourceOutcome.ERROR),
        (504, b"<html><head><title>504", SourceOutcome.ERROR),
        (200, b"<html>", SourceOutcome.ERROR),
        (200, b'{"message": []}', SourceOutcome.ERROR),
        (200, b'{"message": {}}', SourceOutcome.ERROR),
    ],
)
def test_a_refusal_is_a_failure_that_says_what_kind(status: int, body: bytes, outcome: SourceOutcome) -> None:
    with pytest.raises(SourceFailed) as failed:
        CrossrefSource(Access("http://x")).search(question("deep"), Given(Reply(status, {}, body)))

    assert failed.value.outcome is outcome


@pytest.mark.parametrize(
    "fault", [Fault.SERVER_ERROR, Fault.TOO_MANY_REQUESTS, Fault.HTML, Fault.TRUNCATED, Fault.INVALID_UTF_8]
)
def test_a_broken_answer_is_a_failure_and_never_an_empty_one(
    server: ReplayServer, source: CrossrefSource, fault: Fault
) -> None:
    server.fault("crossref", fault)

    with pytest.raises(SourceFailed):
        source.search(question("zebrafish"), LoopbackSend())


def works_in(recording: Recording) -> list[dict[str, Any]]:
    body: Any = recording.json
    works: list[dict[str, Any]] = body["message"].get("items", [body["message"]])
    return works


def _earliest_exact(item: dict[str, Any], *names: str) -> bool:
    return any(
        (item.get(name) or {}).get("date-parts", [[None]])[0][:1] not in ([], [None]) for name in names
    )


DATES = (
    "published-print", "published-online", "published-other", "published", "issued", "posted", "approved",
)  # fmt: skip


# two recorded works have nothing but the heading
NO_ABSTRACTS = {"", "Abstract"}


def said(items: list[dict[str, Any]]) -> Counter[str]:
    """What the payloads hold, read without our parser."""
    counts: Counter[str] = Counter()
    for item in items:
        people = [
            one for one in item.get("author", []) if one.get("family") or one.get("name") or one.get("given")
        ]
        free = [
            one
            for one in item.get("license", [])
            if "creativecommons.org/" in one["URL"].lower() and not one["delay-in-days"]
        ]
        cited = {re.sub(r"\s", "", one["DOI"].lower()) for one in item.get("reference", []) if "DOI" in one}
        is_dated = _earliest_exact(item, *DATES)
        has = {
            "title": True,
            "abstract": re.sub("<[^>]*>", "", item.get("abstract", "")).strip() not in NO_ABSTRACTS,
            "authors": people,
            "year": is_dated,
            "date": is_dated,
            "venue": any(one.strip() for one in item.get("container-title", [])),
            "type": item.get("type"),
            "url": item.get("URL"),
            "is_oa": free,
            "open_access_url": free,
            "license": free,
            "citation_count": "is-referenced-by-count" in item,
            "retracted": any(
                one["type"] in {"retraction", "withdrawal"} for one in item.get("updated-by", [])
            ),
            "references": cited,
            "doi": True,
        }
        counts.update(name for name, value in has.items() if value)
        counts["authors in all"] += len(people)
        counts["orcids in all"] += sum(orcid_of(one.get("ORCID")) is not None for one in people)
        counts["references in all"] += len(cited)
    return counts


def test_no_recording_loses_anything_that_a_record_can_hold(shared_data: Path) -> None:
    items = [item for recording in called(shared_data, "crossref") for item in works_in(recording)]
    records, taken, without_title = [], [], 0
    for item in items:
        try:
            records.append(to_record(item))
            taken.append(item)
        except Rejected:
            titles = [*item.get("title", []), *item.get("original-title", [])]
            without_title += not any(title.strip() for title in titles)

    assert len(records) > 1_500
    assert len(items) - len(records) == without_title
    assert dict(filled(records)) == dict(said(taken))


def test_recorded_refusals_are_failures_or_unknown_works(shared_data: Path) -> None:
    refusals = called(shared_data, "crossref", refused=True)
    source = CrossrefSource(Access("http://x"))

    assert {recording.status for recording in refusals} >= {400, 404, 500, 504}
    for recording in refusals:
        with pytest.raises(SourceFailed) as failed:
            source.search(question("deep"), Given(recording.reply))
        assert failed.value.status == recording.status


@pytest.mark.slow
def test_what_we_select_is_all_that_we_read(shared_data: Path) -> None:
    """But `published-other`, which Crossref lets nobody select."""
    selected = [*sent_for(question("deep"))["select"].split(","), "published-other"]
    items = [item for recording in called(shared_data, "crossref") for item in works_in(recording)]
    cut = [{name: item[name] for name in selected if name in item} for item in items]
    changed = [
        record.source_id
        for record, other in zip(records_of(items, to_record)[0], records_of(cut, to_record)[0], strict=True)
        if record != other
    ]

    assert changed == []
    assert sum("published-other" in item for item in items) < len(items) / 100


def test_values_of_wrong_types_break_nothing(server: ReplayServer, source: CrossrefSource) -> None:
    send = LoopbackSend()
    source.search(question("zebrafish", limit=1), send)
    payload = json.loads(send(send.sent[0]).body)

    outcomes = outcomes_of(payload, lambda given: len(source.search(question("zebrafish"), given).records))

    assert outcomes[None] > 10
    assert outcomes.total() - outcomes[None] > 1_000
