"""DOAJ: what it is asked, what is read of its answers, and what comes of bad ones."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from research_api.domain.calls import Reply
from research_api.domain.search import Filters, Sort, SourceOutcome
from research_api.domain.sources import Source, SourceFailed
from research_api.domain.works import Identifier, Record
from research_api.providers import doaj
from research_api.providers.access import Access
from research_api.providers.doaj import DoajSource
from research_api.records.doaj import to_record
from research_api.records.errors import Rejected
from tests.providers.hostile import outcomes_of
from tests.providers.questions import question
from tests.providers.recordings import Recording, called
from tests.providers.sending import BASE_URL, Given, Replaying
from tests.replay.doaj import DoajReplay, article
from tests.replay.protocol import Asked
from tests.replay.works import SampleWork, sample_works

WORKS = sample_works(400)
HELD = [work for work in WORKS if "doaj" in work.held_by]
SOURCE: Source = DoajSource(Access(BASE_URL))
JSON = {"content-type": "application/json"}


@pytest.fixture
def replay() -> Replaying:
    return Replaying(DoajReplay(WORKS))


def told(body: object, status: int = 200) -> Given:
    return Given(Reply(status, JSON, json.dumps(body).encode()))


def works_of(records: tuple[Record, ...]) -> list[SampleWork]:
    return [WORKS[int(record.source_id, 16)] for record in records]


def test_it_is_reached_without_a_key_and_looks_up_dois() -> None:
    assert (doaj.NAME, doaj.NEEDS_KEY, doaj.VERIFIED) == ("doaj", False, True)
    assert doaj.BASE_URL == "https://doaj.org/api/v4"
    assert (SOURCE.name, SOURCE.looks_up, SOURCE.follows) == ("doaj", frozenset({"doi"}), frozenset())


def test_a_search_reads_every_article_it_gets(replay: Replaying) -> None:
    answer = SOURCE.search(question("learning OR imaging"), replay)

    wanted = [
        work
        for work in HELD
        if re.search(r"learning|imaging", f"{work.title} {work.abstract}", re.IGNORECASE)
    ]
    assert answer.sent == "(learning OR imaging)"
    assert answer.total == len(wanted) > 25
    assert len(answer.records) == 25
    assert answer.rejected == 0


def test_what_is_said_of_an_article_is_read(replay: Replaying) -> None:
    records = SOURCE.search(question("case", limit=100), replay).records

    for record, work in zip(records, works_of(records), strict=True):
        assert record.title.removeprefix("RETRACTED ARTICLE: ") == work.title
        assert record.retracted is work.retracted
        assert record.abstract == work.abstract
        assert (record.year, record.date, record.venue) == (work.year, work.date[:7], work.venue)
        assert [(each.name, each.orcid) for each in record.authors] == [
            (a.name, a.orcid) for a in work.authors
        ]
        assert record.identifiers == ((Identifier("doi", work.doi),) if work.doi else ())
        assert (record.url, record.type, record.citation_count) == (work.url, "journal-article", None)
        assert (record.open_access.is_oa, record.open_access.url) == (True, work.url)
        assert record.open_access.license == work.license
    assert {work.retracted for work in works_of(records)} == {True, False}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("graph networks", "(graph AND networks)"),
        (
            'title:"lake sediments" author:grunwald',
            '(bibjson.title:"lake sediments" AND bibjson.author.name:grunwald)',
        ),
        ("venue:letters learn* sparse", "(bibjson.journal.title:letters AND sparse)"),
        ("sparse year:2010-2012", "(sparse AND bibjson.year:[2010 TO 2012])"),
        ("sparse year:2010-", "(sparse AND bibjson.year:[2010 TO 9999])"),
        ("NOT sparse", "*"),
    ],
)
def test_a_strict_query_is_said_in_its_language_without_wildcards(
    replay: Replaying, text: str, said: str
) -> None:
    answer = SOURCE.search(question(text, is_strict=True), replay)

    assert answer.sent == said
    assert unquote(replay.asked[0].path) == "/search/articles/" + said


def test_years_are_a_range_with_both_ends(replay: Replaying) -> None:
    answer = SOURCE.search(question("case", filters=Filters(year_from=2018), limit=100), replay)

    assert answer.sent == "case AND bibjson.year:[2018 TO 9999]"
    assert {work.number for work in works_of(answer.records)} == {
        work.number for work in HELD if work.year >= 2018
    }
    assert SOURCE.search(question("case", filters=Filters(year_to=1990)), replay).total == 0


@pytest.mark.parametrize("filters", [Filters(open_access=False), Filters(types=("dataset",))])
def test_what_it_cannot_have_is_not_asked_for(replay: Replaying, filters: Filters) -> None:
    answer = SOURCE.search(question("case", filters=filters), replay)

    assert (answer.records, answer.sent, answer.total) == ((), "", 0)
    assert replay.asked == []


def test_filters_that_articles_can_pass_are_no_part_of_the_query(replay: Replaying) -> None:
    filters = Filters(
        open_access=True, types=("dataset", "journal-article"), min_citations=3, exclude_retracted=True
    )

    assert SOURCE.search(question("case", filters=filters), replay).sent == "case"


def test_the_newest_are_those_that_came_in_last(replay: Replaying) -> None:
    answer = SOURCE.search(question("case", sort=Sort.NEWEST), replay)

    numbers = [work.number for work in works_of(answer.records)]
    assert replay.asked[0].param("sort") == "created_date:desc"
    assert numbers == sorted(numbers, reverse=True)
    SOURCE.search(question("case", sort=Sort.MOST_CITED), replay)
    assert "sort" not in replay.asked[1].params


def test_no_page_is_larger_than_it_gives(replay: Replaying) -> None:
    SOURCE.search(question("case", limit=1_000), replay)
    SOURCE.search(question("case", limit=7), replay)

    assert [asked.param("pageSize") for asked in replay.asked] == ["100", "7"]


def test_dois_are_looked_up_in_batches_whatever_case_they_are_kept_in(replay: Replaying) -> None:
    wanted = [work for work in HELD if work.doi][:45]
    unknown = [Identifier("doi", "10.5555/nobody"), Identifier("doi", '10.5555/a"*?~:(b)\\')]

    records = SOURCE.look_up([*(Identifier("doi", work.doi or "") for work in wanted), *unknown], replay)

    assert {work.number for work in works_of(records)} == {work.number for work in wanted}
    assert len(replay.asked) == 3
    assert max(len(asked.path) for asked in replay.asked) < 4_000


def test_a_doi_that_is_the_start_of_another_does_not_find_it() -> None:
    given = told({"results": [article(next(work for work in HELD if work.doi))]})

    assert SOURCE.look_up([Identifier("doi", "10.5555/sample")], given) == ()
    assert unquote(given.asked[0].url).endswith('bibjson.identifier.id:("10.5555/sample")')


def test_citations_are_not_asked_for(replay: Replaying) -> None:
    identifier = Identifier("doi", "10.5555/sample.000001")

    assert SOURCE.references(identifier, 10, replay) == SOURCE.citations(identifier, 10, replay)
    assert replay.asked == []


@pytest.mark.parametrize(
    ("path", "params", "status"),
    [
        ("/search/articles/lear%2A", {}, 400),
        ("/search/articles/learn%3Fng", {}, 400),
        ("/search/articles/learning~1", {}, 400),
        ("/search/articles/bibjson.year:%5B2010%20TO%20*%5D", {}, 400),
        ("/search/articles/(learning", {}, 400),
        ("/search/articles/learning", {"page": ["x"]}, 400),
        ("/search/articles/learning", {"sort": ["bibjson.year:desc"]}, 400),
        ("/search/articles/learning", {"sort": ["title:down"]}, 400),
        ("/search/articles/learning", {"page": ["11"], "pageSize": ["100"]}, 400),
        ("/articles", {}, 404),
    ],
)
def test_the_replay_refuses_what_doaj_refuses(path: str, params: dict[str, list[str]], status: int) -> None:
    answer = DoajReplay(WORKS).answer(Asked("GET", path, params))

    assert answer.status == status
    assert set(json.loads(answer.body)) == {"status", "error"}


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (Reply(400, JSON, b'{"status": "bad_request", "error": "no"}'), SourceOutcome.ERROR),
        (Reply(404, {"content-type": "text/html"}, b"<html>404</html>"), SourceOutcome.ERROR),
        (Reply(429, {"retry-after": "7"}, b""), SourceOutcome.RATE_LIMITED),
        (Reply(200, JSON, b"<html></html>"), SourceOutcome.ERROR),
        (Reply(200, JSON, b"[]"), SourceOutcome.ERROR),
        (Reply(200, JSON, b"{}"), SourceOutcome.ERROR),
        (Reply(200, JSON, b'{"results": {}}'), SourceOutcome.ERROR),
    ],
)
def test_a_refusal_is_no_empty_answer(reply: Reply, outcome: SourceOutcome) -> None:
    with pytest.raises(SourceFailed) as failure:
        SOURCE.search(question("case"), Given(reply))
    with pytest.raises(SourceFailed):
        SOURCE.look_up([Identifier("doi", "10.5555/a")], Given(reply))

    assert failure.value.outcome is outcome
    assert failure.value.retry_after_seconds == (7 if reply.status == 429 else None)


def test_articles_without_id_or_title_are_counted_as_rejected() -> None:
    good = article(HELD[0])
    answer = SOURCE.search(
        question("case"), told({"results": [good, {**good, "id": ""}, {"id": "a"}, 7, good]})
    )

    assert (len(answer.records), answer.rejected, answer.total) == (1, 3, None)


@pytest.mark.parametrize(
    ("month", "date"),
    [
        ("July", "2020-07"),
        ("Sept.", "2020-09"),
        ("4", "2020-04"),
        ("04", "2020-04"),
        ("0", "2020"),
        ("13", "2020"),
        (7, "2020"),
    ],
)
def test_months_are_written_in_many_ways(month: object, date: str) -> None:
    payload: dict[str, object] = {"id": "a", "bibjson": {"title": "T", "year": "2020", "month": month}}

    assert to_record(payload).date == date


def test_a_file_is_where_the_text_is_and_the_page_is_where_it_is_shown() -> None:
    links = [
        {"type": "fulltext", "url": "ftp://example.org/a", "content_type": "PDF"},
        {"type": "fulltext", "url": "https://example.org/a", "content_type": "html"},
        {"type": "fulltext", "url": "https://example.org/a.pdf", "content_type": "pdf"},
    ]
    record = to_record({"id": "a", "bibjson": {"title": "T", "link": links}})

    assert (record.url, record.open_access.url) == ("https://example.org/a", "https://example.org/a.pdf")
    assert to_record({"id": "a", "bibjson": {"title": "T"}}).url == "https://doaj.org/article/a"


def test_wrong_types_in_any_field_never_raise_anything_but_a_failure() -> None:
    whole = {"total": 1, "results": [article(next(work for work in HELD if work.doi and work.license))]}

    outcomes = outcomes_of(whole, lambda send: len(SOURCE.search(question("case"), send).records))

    assert set(outcomes) == {None, 0, 1}


def articles_of(one: Recording) -> list[dict[str, Any]]:
    body = json.loads(one.body)
    articles: list[dict[str, Any]] = body.get("results", [body])
    return articles


def test_nothing_is_lost_of_the_recorded_articles(shared_data: Path) -> None:
    raws = [raw for one in called(shared_data, "doaj") for raw in articles_of(one)]

    for raw in raws:
        record = to_record(raw)
        said = raw["bibjson"]
        journal = said["journal"]
        dois = [each["id"].lower() for each in said["identifier"] if each["type"] == "doi"]
        names = [set(re.findall(r"\w+", each["name"])) for each in said["author"]]
        urls = {each["url"] for each in said["link"]}
        assert record.source_id == raw["id"]
        assert record.title == " ".join(re.sub(r"</?[a-z]+>", "", str(said["title"])).split())
        assert (record.abstract is None) == ("abstract" not in said)
        assert record.year == int(str(said["year"]))
        assert (len(record.date or "") == 7) == (str(said.get("month", "0")) != "0")
        assert record.venue == journal["title"]
        assert [each.value for each in record.identifiers] == dois
        assert [set(re.findall(r"\w+", each.name)) for each in record.authors] == names
        assert {record.url, record.open_access.url} - {None, f"https://doaj.org/article/{raw['id']}"} <= urls
        assert (record.open_access.url is None) == (not urls)
        assert (record.open_access.license is None) == ("license" not in journal)
    assert len(raws) == 44


def test_recorded_searches_are_read_whole(shared_data: Path) -> None:
    lists = [one for one in called(shared_data, "doaj") if one.kind == "list"]

    for one in lists:
        raw = json.loads(one.body)
        answer = SOURCE.search(question("pinus"), Given(one.reply))
        assert (answer.total, answer.rejected) == (raw["total"], 0)
        assert [record.source_id for record in answer.records] == [each["id"] for each in raw["results"]][:25]
    assert len(lists) == 3


def test_an_article_without_a_title_is_rejected() -> None:
    with pytest.raises(Rejected):
        to_record({"id": "a", "bibjson": {"title": "<i></i>"}})
