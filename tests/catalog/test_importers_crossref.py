"""Crossref works become records."""

from __future__ import annotations

import io
import json

import pytest

from research_api.catalog.importers import crossref, recognise
from research_api.domain.works import Author, Identifier, OpenAccess, Record

ITEM: dict[str, object] = {
    "DOI": "10.1000/ABC",
    "type": "journal-article",
    "title": ["Water"],
    "subtitle": ["its <b>wetness</b>"],
    "abstract": "<jats:title>Abstract</jats:title><jats:p>It is wet.</jats:p>",
    "author": [
        {"given": "Ada", "family": "Lovelace", "ORCID": "http://orcid.org/0000-0002-1825-0097"},
        {"given": "Sammy", "family": "Davis", "suffix": "Jr."},
        {"name": "Water &amp; Co"},
        {"sequence": "additional"},
    ],
    "published-print": {"date-parts": [[2020, 1]]},
    "published-online": {"date-parts": [[2019, 12, 3]]},
    "issued": {"date-parts": [[2019]]},
    "container-title": ["Journal of Water", "J. Water"],
    "URL": "http://dx.doi.org/10.1000/abc",
    "license": [
        {"URL": "https://www.elsevier.com/tdm/userlicense/1.0/"},
        {"URL": "http://creativecommons.org/licenses/by-nc/4.0/", "delay-in-days": 0},
    ],
    "is-referenced-by-count": 7,
}


def record_of(**changes: object) -> Record:
    return crossref.to_record(ITEM | {key.replace("_", "-"): value for key, value in changes.items()})


def test_every_field_of_an_item_is_read() -> None:
    assert record_of() == Record(
        source="crossref",
        source_id="10.1000/abc",
        title="Water: its wetness",
        abstract="It is wet.",
        authors=(
            Author("Ada Lovelace", "Ada", "Lovelace", "0000-0002-1825-0097"),
            Author("Sammy Davis Jr.", "Sammy", "Davis Jr."),
            Author("Water & Co"),
        ),
        year=2019,
        date="2019-12-03",
        venue="Journal of Water",
        type="journal-article",
        identifiers=(Identifier("doi", "10.1000/abc"),),
        url="http://dx.doi.org/10.1000/abc",
        open_access=OpenAccess(True, "http://dx.doi.org/10.1000/abc", "cc-by-nc"),
        citation_count=7,
    )


@pytest.mark.parametrize(
    ("title", "subtitle", "joined"),
    [
        (["Water"], [], "Water"),
        (["Water"], None, "Water"),
        (["Is it wet?"], ["A study"], "Is it wet? A study"),
        (["The ecology of virulence"], ["Ecology of Virulence"], "The ecology of virulence"),
        (["", "Second"], ["Third"], "Second: Third"),
        ("Plain text", [], "Plain text"),
    ],
)
def test_the_subtitle_is_joined_unless_it_repeats_the_title(
    title: object, subtitle: object, joined: str
) -> None:
    assert record_of(title=title, subtitle=subtitle).title == joined


def test_a_title_in_the_original_language_stands_in_for_a_missing_one() -> None:
    assert record_of(title=[""], original_title=["五、乾餾"], subtitle=None).title == "五、乾餾"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"DOI": None}, "no well-formed DOI"),
        ({"DOI": "11.5/x"}, "no well-formed DOI"),
        ({"DOI": ["10.1/x"]}, "no well-formed DOI"),
        ({"title": []}, "no title"),
        ({"title": [" "]}, "no title"),
        ({"title": [{"a": 1}]}, "no title"),
    ],
)
def test_an_item_without_doi_or_title_is_rejected(changes: dict[str, object], reason: str) -> None:
    (row,) = crossref.read(io.BytesIO(json.dumps(ITEM | changes).encode()), None)

    assert reason in str(row.reason)


@pytest.mark.parametrize(
    ("parts", "date"),
    [
        ([[2001, 2, 3]], "2001-02-03"),
        ([[2001, 2, 30]], "2001-02"),
        ([[2001, 13]], "2001"),
        ([[None]], None),
        ([[]], None),
        ([], None),
        ([["2001"]], None),
        ([[12345]], None),
        ([[2001, True, 4]], "2001"),
        ("2001", None),
    ],
)
def test_a_date_is_as_exact_as_the_calendar_allows(parts: object, date: str | None) -> None:
    record = crossref.to_record({"DOI": "10.1000/x", "title": ["T"], "issued": {"date-parts": parts}})

    assert record.date == date
    assert record.year == (2001 if date else None)


def test_the_day_of_approval_counts_only_where_nothing_was_published() -> None:
    approved = {"date-parts": [[1999, 5, 1]]}
    thesis: dict[str, object] = {
        "DOI": "10.1000/x",
        "title": ["T"],
        "issued": {"date-parts": [[None]]},
        "approved": approved,
    }

    assert crossref.to_record(thesis).date == "1999-05-01"
    assert record_of(approved=approved).year == 2019


@pytest.mark.parametrize(
    ("licence", "expected"),
    [
        ({"URL": "https://creativecommons.org/licenses/by/4.0/legalcode"}, "cc-by"),
        ({"URL": "http://creativecommons.org/licenses/by-nc-nd/2.0/de"}, "cc-by-nc-nd"),
        ({"URL": "https://creativecommons.org/publicdomain/zero/1.0/"}, "cc0"),
        ({"URL": "https://creativecommons.org/licenses/by/4.0/", "delay-in-days": 365}, None),
        ({"URL": "http://www.elsevier.com/open-access/userlicense/1.0/"}, None),
        ({"URL": "https://evil.example/creativecommons.org/licenses/by/4.0/"}, None),
        ({"URL": 7}, None),
        ("cc-by", None),
    ],
)
def test_only_creative_commons_makes_a_work_open(licence: object, expected: str | None) -> None:
    found = record_of(license=[licence]).open_access

    assert found.license == expected
    assert found.is_oa is (True if expected else None)


@pytest.mark.parametrize(
    ("changes", "retracted"),
    [
        ({}, False),
        ({"updated_by": [{"DOI": "10.1000/n", "type": "retraction"}]}, True),
        ({"updated_by": [{"DOI": "10.1000/n", "type": "withdrawal"}]}, True),
        ({"updated_by": [{"DOI": "10.1000/n", "type": "correction"}]}, False),
        ({"updated_by": [{"DOI": "10.1000/n", "type": "partial_retraction"}]}, False),
        ({"update_to": [{"DOI": "10.1000/other", "type": "retraction"}]}, False),
        ({"title": ["RETRACTED: Water"]}, True),
        ({"title": ["Retracted: Water"]}, True),
        ({"title": ["RETRACTED ARTICLE: Water"]}, True),
        ({"title": ["Retracted water in canals"]}, False),
        ({"title": ["Why papers are retracted: a study"]}, False),
        (
            {"title": ["Retracted: Water"], "update_to": [{"DOI": "10.1000/other", "type": "retraction"}]},
            False,
        ),
        ({"title": ["RETRACTED: Water"], "update_to": [{"DOI": "10.1000/abc", "type": "retraction"}]}, True),
        ({"updated_by": "retraction"}, False),
    ],
)
def test_a_work_taken_back_is_retracted_and_the_notice_about_it_is_not(
    changes: dict[str, object], *, retracted: bool
) -> None:
    assert record_of(**changes).retracted is retracted


@pytest.mark.parametrize(
    "junk", [7, -1, True, "text", [], {}, [[]], [None], {"a": None}, 2.5, 10**300, "\ud83d\x00"]
)
def test_a_field_of_the_wrong_type_is_left_out(junk: object) -> None:
    for key in ITEM.keys() - {"DOI", "title", "subtitle"}:
        record = crossref.to_record(ITEM | {key: junk})

        assert record.title == "Water: its wetness"
        assert record.citation_count is None or 0 <= record.citation_count < 2**31


def test_items_and_answers_are_recognised() -> None:
    listed = {"status": "ok", "message-type": "work-list", "message": {"items": [ITEM]}}
    single = {"status": "ok", "message-type": "work", "message": ITEM}

    for data in (json.dumps(ITEM), json.dumps(listed), json.dumps(single, indent=2), json.dumps([ITEM])):
        assert recognise(data.encode()) is crossref
    references = json.dumps(
        {"is-referenced-by-count": 1, "reference": [{"key": "x" * 70_000}], "DOI": "10.1/x"}
    )
    assert recognise(references.encode()[:65_536]) is crossref
    assert recognise(b'{"status": "ok", "message-type": "journal-list", "message": {"items": []}}') is None


def test_a_single_answer_and_a_list_give_the_same_record() -> None:
    single = json.dumps({"status": "ok", "message-type": "work", "message": ITEM})
    listed = json.dumps({"status": "ok", "message": {"items": [ITEM], "query": {"search-terms": None}}})

    rows = crossref.read(io.BytesIO((single + listed).encode()), None)

    assert [row.record for row in rows] == [record_of(), record_of()]
