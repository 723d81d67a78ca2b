"""DataCite: what it is asked, what is read of its answers, and what comes of bad ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from research_api.domain.calls import Reply, Send
from research_api.domain.search import Filters, Sort, SourceOutcome
from research_api.domain.sources import Edges, Source, SourceFailed
from research_api.domain.works import Identifier, Record
from research_api.providers import datacite
from research_api.providers.access import Access
from research_api.providers.datacite import DataciteSource
from tests.providers.hostile import outcomes_of
from tests.providers.questions import question
from tests.providers.recordings import called
from tests.providers.sending import BASE_URL, Given, Replaying
from tests.replay.datacite import MAX_LINKED, DataciteReplay, item
from tests.replay.protocol import Asked
from tests.replay.works import SampleWork, sample_works

WORKS = sample_works(400)
HELD = [work for work in WORKS if "datacite" in work.held_by]
BY_DOI = {work.doi: work for work in HELD}
SOURCE: Source = DataciteSource(Access(BASE_URL))
Follow = Callable[[Identifier, int, Send], Edges]
JSON = {"content-type": "application/json; charset=utf-8"}


@pytest.fixture
def replay() -> Replaying:
    return Replaying(DataciteReplay(WORKS))


def told(body: object, status: int = 200) -> Given:
    return Given(Reply(status, JSON, json.dumps(body).encode()))


def works_of(records: tuple[Record, ...]) -> list[SampleWork]:
    return [BY_DOI[record.source_id] for record in records]


def doi(work: SampleWork) -> Identifier:
    return Identifier("doi", work.doi or "")


def test_it_is_reached_without_a_key_and_follows_citations() -> None:
    assert (datacite.NAME, datacite.NEEDS_KEY, datacite.VERIFIED) == ("datacite", False, True)
    assert datacite.BASE_URL == "https://api.datacite.org"
    assert (SOURCE.name, SOURCE.looks_up, SOURCE.follows) == (
        "datacite", frozenset({"doi", "arxiv"}), frozenset({"doi", "arxiv"}),
    )  # fmt: skip


def test_what_is_said_of_a_work_is_read(replay: Replaying) -> None:
    answer = SOURCE.search(question("case", limit=1_000), replay)

    assert (answer.sent, answer.total, answer.rejected) == ("case", len(HELD), 0)
    for record, work in zip(answer.records, works_of(answer.records), strict=True):
        even_references = {
            Identifier("doi", f"10.5555/sample.{number:06}") for number in work.references if not number % 2
        }
        assert (record.title, record.abstract, record.venue) == (work.title, work.abstract, work.venue)
        assert (record.year, record.date, record.type) == (work.year, work.date, "posted-content")
        assert [(a.name, a.given, a.family, a.orcid) for a in record.authors] == [
            (a.name, a.given, a.family, a.orcid) for a in work.authors
        ]
        assert record.identifiers == (doi(work), Identifier("arxiv", work.arxiv or ""))
        assert (record.url, record.citation_count) == (work.url, work.citation_count)
        assert (record.open_access.is_oa, record.open_access.url, record.open_access.license) == (
            True,
            work.url,
            "cc-by",
        )
        assert set(record.references) == even_references
        assert not record.retracted
    assert len(answer.records) == len(HELD)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("graph networks", "(graph AND networks)"),
        (
            'title:"lake sediments" author:grunwald',
            '(titles.title:"lake sediments" AND creators.name:grunwald)',
        ),
        ("venue:letters learn*", "learn*"),
        ("sparse year:2010-2012", "(sparse AND publicationYear:[2010 TO 2012])"),
        ("sparse OR author:petrovic", "(sparse OR creators.name:petrovic)"),
        ("NOT sparse", ""),
    ],
)
def test_a_strict_query_is_said_in_its_language(replay: Replaying, text: str, said: str) -> None:
    answer = SOURCE.search(question(text, is_strict=True), replay)

    assert answer.sent == said
    assert replay.asked[0].params.get("query") == ([said] if said else None)


def test_years_are_part_of_the_query(replay: Replaying) -> None:
    answer = SOURCE.search(question("case", filters=Filters(year_from=2018), limit=200), replay)

    assert answer.sent == "case AND publicationYear:[2018 TO *]"
    assert {work.number for work in works_of(answer.records)} == {
        work.number for work in HELD if work.year >= 2018
    }


def test_types_are_asked_for_in_its_own_words(replay: Replaying) -> None:
    def sent(*types: str) -> str:
        return SOURCE.search(question("case", filters=Filters(types=types)), replay).sent

    assert sent("dataset", "report") == "case AND types.resourceTypeGeneral:(Dataset OR Report OR Text)"
    assert "Preprint" in sent("posted-content")
    assert sent("posted-content").endswith(" OR Text)")
    assert (
        len(SOURCE.search(question("case", filters=Filters(types=("posted-content",))), replay).records) == 25
    )
    assert SOURCE.search(question("case", filters=Filters(types=("dissertation",))), replay).total == 0


def test_a_type_that_it_does_not_have_is_not_asked_for(replay: Replaying) -> None:
    answer = SOURCE.search(question("case", filters=Filters(types=("journal-issue",))), replay)

    assert (answer.records, answer.sent, answer.total, replay.asked) == ((), "", 0, [])


def test_filters_that_it_cannot_say_are_left_to_us(replay: Replaying) -> None:
    filters = Filters(open_access=True, min_citations=3, exclude_retracted=True)

    assert SOURCE.search(question("case", filters=filters), replay).sent == "case"


def test_the_order_is_asked_for(replay: Replaying) -> None:
    newest = SOURCE.search(question("case", sort=Sort.NEWEST), replay).records
    cited = SOURCE.search(question("case", sort=Sort.MOST_CITED), replay).records
    SOURCE.search(question("case"), replay)

    assert [record.date for record in newest] == sorted((work.date for work in HELD), reverse=True)[:25]
    assert [record.citation_count for record in cited] == sorted(
        (work.citation_count for work in HELD), reverse=True
    )[:25]
    assert replay.asked[2].param("sort") == "relevance"


def test_no_page_is_larger_than_it_gives_and_no_counts_are_asked_for(replay: Replaying) -> None:
    SOURCE.search(question("case", limit=5_000), replay)
    SOURCE.search(question("case", limit=7), replay)

    assert [asked.param("page[size]") for asked in replay.asked] == ["1000", "7"]
    assert {asked.param("disable-facets") for asked in replay.asked} == {"true"}


def test_dois_and_arxiv_ids_are_looked_up_in_batches(replay: Replaying) -> None:
    by_arxiv = [Identifier("arxiv", work.arxiv or "") for work in HELD[:30]]
    by_doi = [doi(work) for work in HELD[20:60]]
    unknown = [Identifier("doi", "10.5555/nobody"), Identifier("doi", '10.5555/a"*?~:(b)\\')]

    records = SOURCE.look_up([*by_arxiv, *by_doi, *unknown], replay)

    assert sorted(work.number for work in works_of(records)) == [work.number for work in HELD[:60]]
    assert len(replay.asked) == 2
    assert max(len(asked.param("query")) for asked in replay.asked) < 3_000


def test_nothing_is_asked_for_no_identifiers(replay: Replaying) -> None:
    assert SOURCE.look_up([], replay) == ()
    assert replay.asked == []


def test_a_work_that_was_not_asked_for_is_not_taken() -> None:
    assert SOURCE.look_up([Identifier("doi", "10.5555/other")], told({"data": [item(HELD[0])]})) == ()


def test_references_are_those_it_says_itself_and_those_that_were_gathered(replay: Replaying) -> None:
    work = max(HELD, key=lambda each: len([number for number in each.references if WORKS[number].doi]))
    wanted = {doi(WORKS[number]) for number in work.references if WORKS[number].doi and number % 2}
    wanted |= {
        Identifier("doi", f"10.5555/sample.{number:06}") for number in work.references if number % 2 == 0
    }

    edges = SOURCE.references(doi(work), 100, replay)

    assert set(edges.identifiers) == wanted
    assert (edges.records, edges.total) == ((), len(work.references))
    assert replay.asked[0].path == f"/dois/{(work.doi or '').replace('/', '%2F')}"
    assert len(SOURCE.references(doi(work), 2, replay).identifiers) == 2


def citing(work: SampleWork) -> set[Identifier]:
    return {doi(each) for each in WORKS if each.doi and work.number in each.references}


def test_citations_name_the_works_that_refer_to_this_one(replay: Replaying) -> None:
    work = next(each for each in HELD if 0 < len(citing(each)) <= MAX_LINKED)

    edges = SOURCE.citations(Identifier("arxiv", work.arxiv or ""), 100, replay)

    assert set(edges.identifiers) == citing(work)
    assert edges.total == max(work.citation_count, len(citing(work)))


def test_of_a_long_list_of_citations_the_first_are_named(replay: Replaying) -> None:
    work = next(each for each in HELD if len(citing(each)) > MAX_LINKED)

    assert len(SOURCE.citations(doi(work), 100, replay).identifiers) == MAX_LINKED


@pytest.mark.parametrize("body", [b'{"errors": [{"status": "404", "title": "No."}]}', b"<html>404</html>"])
def test_a_work_that_it_does_not_know_has_no_edges(body: bytes) -> None:
    given = Given(Reply(404, JSON, body))

    assert SOURCE.references(doi(HELD[0]), 5, given) == Edges()
    assert SOURCE.citations(doi(HELD[0]), 5, given) == Edges()


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"query": ["(case"]}, 400),
        ({"query": [r"id:10.5555\/a"]}, 400),
        ({"query": ["case"], "sort": ["odd"]}, 200),
    ],
)
def test_the_replay_refuses_what_datacite_refuses(params: dict[str, list[str]], status: int) -> None:
    answer = DataciteReplay(WORKS).answer(Asked("GET", "/dois", params))

    assert answer.status == status
    assert ("errors" in json.loads(answer.body)) is (status == 400)


def test_the_replay_knows_dois_in_the_cases_in_which_datacite_has_them() -> None:
    def total(query: str) -> int:
        body = json.loads(DataciteReplay(WORKS).answer(Asked("GET", "/dois", {"query": [query]})).body)
        return int(body["meta"]["total"])

    name = HELD[0].doi or ""
    assert [total(f'id:"{name}"'), total(f'id:"{name.upper()}"')] == [1, 0]
    assert [total(f'doi:"{name}"'), total(f'doi:"{name.upper()}"')] == [0, 1]


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (Reply(400, JSON, b'{"errors": [{"status": "400", "title": "no"}]}'), SourceOutcome.ERROR),
        (Reply(404, JSON, b"<html>404</html>"), SourceOutcome.ERROR),
        (Reply(429, {"retry-after": "7"}, b""), SourceOutcome.RATE_LIMITED),
        (Reply(200, JSON, b"<html></html>"), SourceOutcome.ERROR),
        (Reply(200, JSON, b'{"data": {}}'), SourceOutcome.ERROR),
        (Reply(200, JSON, b'{"meta": {"total": 0}}'), SourceOutcome.ERROR),
    ],
)
def test_a_refusal_is_no_empty_answer(reply: Reply, outcome: SourceOutcome) -> None:
    with pytest.raises(SourceFailed) as failure:
        SOURCE.search(question("case"), Given(reply))
    with pytest.raises(SourceFailed):
        SOURCE.look_up([doi(HELD[0])], Given(reply))

    assert failure.value.outcome is outcome


def test_wrong_types_in_any_field_never_raise_anything_but_a_failure() -> None:
    work = next(each for each in HELD if each.references and each.authors[0].orcid and each.number % 2)

    outcomes = outcomes_of(
        {"data": [item(work)], "meta": {"total": 1}},
        lambda send: len(SOURCE.search(question("case"), send).records),
    )

    assert set(outcomes) == {None, 0, 1}


@pytest.mark.parametrize("ask", [SOURCE.references, SOURCE.citations])
def test_wrong_types_in_relationships_never_raise_anything_but_a_failure(ask: Follow) -> None:
    whole = json.loads(DataciteReplay(WORKS).answer(Asked("GET", f"/dois/{HELD[-1].doi}")).body)["data"]
    payload = {"data": {"id": whole["id"], "relationships": whole["relationships"]}}

    outcomes = outcomes_of(payload, lambda send: len(ask(doi(HELD[-1]), 5, send).identifiers))

    assert outcomes[None]
    assert outcomes[5] + outcomes[0] > 100
    assert set(outcomes) <= {None, *range(6)}


def raw_works(shared_data: Path) -> list[dict[str, Any]]:
    return [raw for one in called(shared_data, "datacite") for raw in json.loads(one.body)["data"]]


def test_nothing_is_lost_of_the_recorded_works(shared_data: Path) -> None:
    raws = raw_works(shared_data)
    records = {
        record.source_id: record
        for one in called(shared_data, "datacite")
        for record in SOURCE.search(question("x"), Given(one.reply)).records
    }

    for raw in raws:
        said, record = raw["attributes"], records[raw["id"]]
        issued = [each["date"] for each in said["dates"] if each["dateType"] == "Issued"]
        abstracts = [
            each["description"] for each in said["descriptions"] if each["descriptionType"] == "Abstract"
        ]
        people = [
            f"{each.get('givenName', '')} {each.get('familyName', '')}".strip() or each["name"]
            for each in said["creators"]
        ]
        referred = {
            each["relatedIdentifier"].lower()
            for each in said["relatedIdentifiers"]
            if each["relationType"] in ("References", "Cites") and each["relatedIdentifierType"] == "DOI"
        }
        rights = json.dumps(said["rightsList"])
        assert record.title == said["titles"][0]["title"]
        assert (record.abstract is not None) is bool(abstracts)
        assert [author.name for author in record.authors] == people
        assert (record.year, record.date) == (said["publicationYear"], max(issued, key=len))
        assert record.venue == said["publisher"]
        assert record.url == said["url"]
        assert {each.value for each in record.references} == referred
        assert record.open_access.is_oa is (
            True if "openAccess" in rights or "creativecommons" in rights else None
        )
        assert (record.open_access.license is not None) is ("creativecommons" in rights)
    assert len(raws) == len(records) == 5


def test_recorded_types_are_told_apart(shared_data: Path) -> None:
    kinds = {
        raw["id"]: (
            raw["attributes"]["types"]["resourceTypeGeneral"],
            raw["attributes"]["types"].get("resourceType"),
        )
        for raw in raw_works(shared_data)
    }
    replies = [one.reply for one in called(shared_data, "datacite")]
    found = {
        record.source_id: record.type
        for reply in replies
        for record in SOURCE.search(question("x"), Given(reply)).records
    }

    assert {(kinds[name], found[name]) for name in found} == {
        (("Software", None), "other"),
        (("Text", "Book"), "book"),
        (("Dataset", None), "dataset"),
        (("Text", "Project"), "other"),
    }
