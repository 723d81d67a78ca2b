"""What Europe PMC answers is read record by record; what is no answer is a failure."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from research_api.domain.calls import Reply
from research_api.domain.search import SourceOutcome
from research_api.domain.sources import SourceFailed
from research_api.domain.works import Author, Identifier, OpenAccess, Record
from research_api.providers.access import Access
from research_api.providers.europepmc import BASE_URL, EuropePmcSource
from tests.providers.hostile import outcomes_of
from tests.providers.questions import question
from tests.providers.recordings import Recording, called, filled
from tests.providers.sending import BASE_URL as REPLAY_URL
from tests.providers.sending import Given, Replaying
from tests.replay.europepmc import EuropePmcReplay
from tests.replay.works import sample_works

SOURCE = EuropePmcSource(Access(BASE_URL))


def page(*results: object, count: object = 1) -> Reply:
    body = {"version": "6.9", "hitCount": count, "resultList": {"result": list(results)}}
    return Reply(200, {}, json.dumps(body).encode())


def read(**told: object) -> Record:
    result = {"id": "1", "source": "MED", "title": "A title"} | told
    (record,) = SOURCE.search(question("x"), Given(page(result))).records
    return record


@pytest.mark.parametrize(
    "body",
    [
        b'{"version": "6.9", "errCode": 404, "errMsg": "Missing mandatory parameter"}',
        b'{"version": "6.9"}',
        b'{"hitCount": 3}',
        b'{"hitCount": "many", "resultList": {"result": []}}',
        b'{"hitCount": 1, "resultList": {"result": {}}}',
        b"[]",
        b"<html><body>Back soon</body></html>",
        b"<responseWrapper/>",
        b"",
    ],
)
def test_a_failure_in_the_form_of_an_answer_is_a_failure(body: bytes) -> None:
    with pytest.raises(SourceFailed) as failed:
        SOURCE.search(question("deep"), Given(Reply(200, {}, body)))

    assert failed.value.outcome is SourceOutcome.ERROR


@pytest.mark.parametrize(
    ("told", "date"),
    [
        ({"firstPublicationDate": "2025-06-18"}, "2025-06-18"),
        ({"firstPublicationDate": "2025-12-01", "journalInfo": {"dateOfPublication": "2025 Dec",
          "printPublicationDate": "2025-12-01"}}, "2025-12"),
        ({"firstPublicationDate": "2025-01-01", "journalInfo": {"dateOfPublication": "2025",
          "printPublicationDate": "2025-01-01"}}, "2025"),
        ({"firstPublicationDate": "2025-07-01", "electronicPublicationDate": "2025-07-01", "journalInfo":
          {"dateOfPublication": "2025 Jul", "printPublicationDate": "2025-07-01"}}, "2025-07-01"),
        ({"firstPublicationDate": "2025-08-22", "electronicPublicationDate": "2025-08-22", "journalInfo":
          {"dateOfPublication": "2025 Aug", "printPublicationDate": "2025-08-01"}}, "2025-08-22"),
        ({"firstPublicationDate": "2025-05-29", "pubYear": "1993"}, "2025-05-29"),
        ({"pubYear": "1993"}, "1993"),
        ({"bookOrReportDetails": {"yearOfPublication": 2001}}, "2001"),
        ({"firstPublicationDate": "soon", "pubYear": "3rd"}, None),
    ],
)  # fmt: skip
def test_no_day_is_told_that_no_publisher_gave(told: dict[str, object], date: str | None) -> None:
    record = read(**told)

    assert (record.date, record.year) == (date, int(date[:4]) if date else None)


@pytest.mark.parametrize(
    ("told", "access"),
    [
        ({"isOpenAccess": "N"}, OpenAccess()),
        ({"isOpenAccess": "Y"}, OpenAccess(is_oa=True)),
        ({"isOpenAccess": "N", "license": "cc by-nc"}, OpenAccess(is_oa=True, license="cc-by-nc")),
        ({"isOpenAccess": "N", "license": "other"}, OpenAccess(license="other")),
        ({"fullTextUrlList": {"fullTextUrl": [
            {"availabilityCode": "S", "documentStyle": "doi", "url": "https://doi.org/1"},
            {"availabilityCode": "F", "documentStyle": "html", "url": "https://example.org/free"},
            {"availabilityCode": "OA", "documentStyle": "pdf", "url": "https://example.org/pdf"},
            {"availabilityCode": "OA", "documentStyle": "html", "url": "https://example.org/html"}]}},
         OpenAccess(is_oa=True, url="https://example.org/html")),
    ],
)  # fmt: skip
def test_open_is_what_anybody_may_read(told: dict[str, object], access: OpenAccess) -> None:
    assert read(**told).open_access == access


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({"pubTypeList": {"pubType": ["review-article", "Journal Article"]}}, "journal-article"),
        ({"source": "PPR", "id": "PPR1", "pubTypeList": {"pubType": ["Preprint"]}}, "posted-content"),
        ({"source": "ETH", "id": "123"}, "dissertation"),
        ({"source": "PAT", "id": "US1"}, "other"),
        ({"pubType": "book; review", "bookOrReportDetails": {"comprisingTitle": "Reviews"}}, "book-chapter"),
        ({"pubType": "book"}, "book"),
        ({"pubType": "dataset; journal article"}, "dataset"),
        ({}, None),
    ],
)
def test_the_type_is_told_in_crossrefs_words(told: dict[str, object], kind: str | None) -> None:
    assert read(**told).type == kind


@pytest.mark.parametrize(
    ("told", "retracted"),
    [
        ({"pubTypeList": {"pubType": ["Retracted Publication", "Journal Article"]}}, True),
        ({"pubType": "retraction of publication; retraction notice"}, False),
        ({"commentCorrectionList": {"commentCorrection": [{"type": "Retraction in", "id": "2"}]}}, True),
        ({"commentCorrectionList": {"commentCorrection": [{"type": "Retraction of", "id": "2"}]}}, False),
        ({"commentCorrectionList": {"commentCorrection": [{"type": "Erratum in", "id": "2"}]}}, False),
        ({"source": "PPR", "id": "PPR1", "pubType": "preprint; preprint-withdrawal"}, True),
    ],
)
def test_what_was_taken_back_is_told_from_its_notice(told: dict[str, object], retracted: bool) -> None:
    assert read(**told).retracted is retracted


def test_titles_texts_and_names_lose_what_only_shows() -> None:
    record = read(
        title="[<i>E. coli</i> &amp; H<sub>2</sub>O].",
        abstractText="<h4>Abstract</h4><h4>Aim</h4>We looked.<h4>Results: </h4>p &lt; 0.05.",
        authorString="Haas-Kogan DA, WARRAICH D, Water Group, O'Neill AF.",
        bookOrReportDetails={"publisher": "Printer"},
    )

    assert record.title == "E. coli & H2O"
    assert record.abstract == "Aim: We looked. Results: p < 0.05."
    assert record.authors == (
        Author("DA Haas-Kogan", "DA", "Haas-Kogan"),
        Author("D WARRAICH", "D", "WARRAICH"),
        Author("Water Group"),
        Author("AF O'Neill", "AF", "O'Neill"),
    )
    assert record.venue is None
    group = {
        "author": [
            {"collectiveName": "Group"},
            {"fullName": "Aristotle"},
            {"lastName": "Li", "initials": "X"},
        ]
    }
    assert [author.name for author in read(authorList=group).authors] == ["Group", "Aristotle", "X Li"]


JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=10),
    st.sampled_from([[], {}, [None], [[]], {"author": [None, [], {"fullName": 5}]}, {"pubType": [5]}, "9" * 5_000,
                     {"fullTextUrl": [{"availabilityCode": []}, 5]}, {"journal": {"title": []}}, "\ud800", 10**40]),
)  # fmt: skip
NAMES = (
    "id source pmid pmcid doi title abstractText authorList authorString journalInfo bookOrReportDetails pubYear "
    "firstPublicationDate pubTypeList pubType isOpenAccess license fullTextUrlList citedByCount commentCorrectionList"
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(NAMES.split()), JUNK, max_size=6), JUNK)
def test_values_of_other_types_break_nothing(told: dict[str, object], note: object) -> None:
    result = {"id": "1", "source": "MED", "title": "A title"} | told
    lists = {"hitCount": 1, "citationList": {"citation": [note, result]}}

    answer = SOURCE.search(question("x"), Given(page(result, note)))
    SOURCE.citations(
        Identifier("pmid", "1"), 5, Given(Reply(200, {}, json.dumps(lists).encode()), page(result))
    )

    assert len(answer.records) + answer.rejected == 2


def test_wrong_types_in_any_field_never_raise_anything_but_a_failure() -> None:
    replay = EuropePmcReplay(sample_works(300))
    asked = Replaying(replay)
    EuropePmcSource(Access(REPLAY_URL)).search(question("study", limit=1), asked)
    whole = json.loads(replay.answer(asked.asked[-1]).body)

    outcomes = outcomes_of(whole, lambda send: len(SOURCE.search(question("study"), send).records))

    assert set(outcomes) == {None, 0, 1}


def test_every_recording_is_read_record_by_record(shared_data: Path) -> None:
    pages = [(one, told) for one in called(shared_data, "europepmc") for told in pages_of(one)]
    records = [record for one, told in pages for record in told_like_the_page(one, told)]

    counts = filled(records)
    whole = ("title", "date", "venue", "type", "url", "citation_count")
    assert len(records) == 2_105
    assert {name: counts[name] for name in whole} == dict.fromkeys(whole, len(records))
    assert counts["orcids in all"] == 31


def pages_of(recording: Recording) -> list[dict[str, Any]]:
    """One recording holds the pages of ten answers in a list."""
    whole: Any = recording.json
    return whole if isinstance(whole, list) else [whole]


def told_like_the_page(recording: Recording, told: dict[str, Any]) -> tuple[Record, ...]:
    results = told["resultList"]["result"]
    reply = Reply(200, recording.headers, json.dumps(told).encode())
    answer = SOURCE.search(question("x", limit=1_000), Given(reply))
    assert (len(answer.records), answer.rejected, answer.total) == (len(results), 0, told["hitCount"])
    for record, result in zip(answer.records, results, strict=True):
        assert_told(record, result)
    return answer.records


def assert_told(record: Record, result: dict[str, Any]) -> None:
    names = {one.scheme: one.value for one in record.identifiers}
    assert record.source_id == f"{result['source']}:{result['id']}"
    assert letters(record.title) == letters(result["title"])
    assert letters(record.abstract or "") == letters(result.get("abstractText", ""))
    assert (names.get("pmid"), names.get("pmcid")) == (result.get("pmid"), result.get("pmcid"))
    assert names.get("doi") == (result["doi"].lower() if "doi" in result else None)
    listed = result.get("authorList", {}).get("author")
    count = (
        len(listed) if listed else len(result["authorString"].split(", ")) if "authorString" in result else 0
    )
    assert len(record.authors) == count
    assert result["firstPublicationDate"].startswith(record.date or "-")
    assert letters(record.venue or "") == letters(venue_told(result))
    assert [one.orcid for one in record.authors if one.orcid] == [
        one["authorId"]["value"] for one in listed or () if "authorId" in one
    ]
    assert record.citation_count == result["citedByCount"]
    assert (record.open_access.license or "") == result.get("license", "").replace(" ", "-")
    assert record.open_access.is_oa or result["isOpenAccess"] == "N"


def venue_told(result: dict[str, Any]) -> str:
    book = result.get("bookOrReportDetails", {})
    journal = result.get("journalInfo", {}).get("journal", {}).get("title") or result.get("journalTitle")
    return str(journal or book.get("comprisingTitle") or book["publisher"])


def letters(text: str) -> str:
    """The letters outside markup, which some titles have escaped."""
    return "".join(re.findall(r"[A-Za-z]", re.sub(r"</?[a-z]+\d?[^<>]*>", "", html.unescape(text))))
