"""Single fields of DataCite's works that the replay has no example of."""

from __future__ import annotations

import pytest

from research_api.domain.works import WORK_TYPES, Identifier, OpenAccess, Record
from research_api.records.datacite import to_record
from research_api.records.datacite_types import general_types_of, type_of
from research_api.records.errors import Rejected


def record(**told: object) -> Record:
    return to_record({"attributes": {"doi": "10.5555/A", "titles": [{"title": "A title"}], **told}})


def test_a_work_needs_a_doi_and_a_title() -> None:
    assert record().source_id == "10.5555/a"
    with pytest.raises(Rejected):
        record(doi="nothing")
    with pytest.raises(Rejected):
        record(titles=[{"title": "(:unkn)"}, {"title": "Part two", "titleType": "Subtitle"}])


def test_the_title_is_the_one_of_no_special_type_with_its_subtitle() -> None:
    titles = [
        {"title": "Un titre", "titleType": "TranslatedTitle"},
        {"title": "Lakes", "titleType": None},
        {"title": "and rivers", "titleType": "Subtitle"},
    ]

    assert record(titles=titles).title == "Lakes: and rivers"
    assert record(titles=titles[:1]).title == "Un titre"


def test_names_are_turned_only_where_they_are_those_of_persons() -> None:
    creators = [
        {"name": "Garcia, Ana", "nameType": "Personal"},
        {"name": "Acme, Inc.", "nameType": "Organizational"},
        {"name": "Smith, John"},
        {"name": "(:null)"},
        {"name": ":unav", "nameType": "Personal"},
    ]

    assert [author.name for author in record(creators=creators).authors] == [
        "Ana Garcia",
        "Acme, Inc.",
        "Smith, John",
    ]


def test_an_orcid_is_found_among_other_identifiers() -> None:
    identifiers = [
        {"nameIdentifier": "https://ror.org/041kmwe10", "nameIdentifierScheme": "ROR"},
        {"nameIdentifier": "0000-0002-1825-0097", "nameIdentifierScheme": "orcid"},
    ]
    creators = [{"name": "Carberry, Josiah", "nameType": "Personal", "nameIdentifiers": identifiers}]

    assert record(creators=creators).authors[0].orcid == "0000-0002-1825-0097"


@pytest.mark.parametrize(
    ("told", "year", "date"),
    [
        ({"publicationYear": 2020}, 2020, "2020"),
        (
            {"publicationYear": "2020", "dates": [{"dateType": "Issued", "date": "2020-05-06T07:08:09Z"}]},
            2020,
            "2020-05-06",
        ),
        ({"publicationYear": 2020, "dates": [{"dateType": "Issued", "date": "2019-01-01"}]}, 2020, "2020"),
        ({"dates": [{"dateType": "Available", "date": "2019-02/2019-04"}]}, 2019, "2019-02"),
        ({"publicationYear": 2020, "published": "2020-03"}, 2020, "2020-03"),
        ({"publicationYear": 2020, "dates": [{"dateType": "Updated", "date": "2020-09-09"}]}, 2020, "2020"),
        ({}, None, None),
    ],
)
def test_the_date_is_the_most_exact_one_in_the_year_of_publication(
    told: dict[str, object], year: int | None, date: str | None
) -> None:
    found = record(**told)

    assert (found.year, found.date) == (year, date)


@pytest.mark.parametrize(
    ("told", "venue"),
    [
        ({"container": {"title": "A Series"}, "publisher": "Zenodo"}, "A Series"),
        ({"container": {}, "publisher": {"name": "Zenodo"}}, "Zenodo"),
        ({"publisher": "(:unav)"}, None),
    ],
)
def test_a_work_stands_in_its_container_or_with_its_publisher(
    told: dict[str, object], venue: str | None
) -> None:
    assert record(**told).venue == venue


PAGE = "https://example.org/page"


@pytest.mark.parametrize(
    ("rights", "access"),
    [
        ([], OpenAccess()),
        ([{"rightsUri": "info:eu-repo/semantics/openAccess"}], OpenAccess(True, PAGE)),
        ([{"rightsUri": "info:eu-repo/semantics/restrictedAccess"}], OpenAccess(False)),
        (
            [{"rightsUri": "https://creativecommons.org/publicdomain/zero/1.0/"}],
            OpenAccess(True, PAGE, "cc0"),
        ),
        ([{"rightsIdentifier": "CC-BY-NC-4.0"}], OpenAccess(True, PAGE, "cc-by-nc")),
        ([{"rightsIdentifier": "MIT"}], OpenAccess(None, None, "mit")),
        (
            [{"rights": "info:eu-repo/semantics/openAccess"}, {"rightsIdentifier": "apache-2.0"}],
            OpenAccess(True, PAGE, "apache-2.0"),
        ),
        ([{"rights": "All rights reserved"}], OpenAccess()),
    ],
)
def test_access_is_told_by_licences_and_by_the_words_of_info_eu_repo(
    rights: list[dict[str, str]], access: OpenAccess
) -> None:
    assert record(rightsList=rights, url=PAGE).open_access == access


def test_a_file_is_where_an_open_work_is() -> None:
    rights = [{"rightsIdentifier": "cc-by-4.0"}]

    for contents in ("https://example.org/a.csv", ["ftp://x", "https://example.org/a.csv"]):
        assert (
            record(rightsList=rights, url=PAGE, contentUrl=contents).open_access.url
            == "https://example.org/a.csv"
        )


def test_a_work_that_was_taken_away_counts_as_retracted() -> None:
    assert record(dates=[{"dateType": "Withdrawn", "date": "2024"}]).retracted
    assert record(titles=[{"title": "RETRACTED: Lakes"}]).retracted
    assert not record(titles=[{"title": "Retraction notice to Lakes"}]).retracted


def test_references_are_read_in_every_scheme_that_we_have() -> None:
    related = [
        {
            "relationType": "Cites",
            "relatedIdentifierType": "DOI",
            "relatedIdentifier": "https://doi.org/10.5555/B",
        },
        {
            "relationType": "References",
            "relatedIdentifierType": "arXiv",
            "relatedIdentifier": "arXiv:2101.00001v2",
        },
        {"relationType": "References", "relatedIdentifierType": "PMID", "relatedIdentifier": "123"},
        {
            "relationType": "References",
            "relatedIdentifierType": "URL",
            "relatedIdentifier": "https://doi.org/10.5555/c",
        },
        {
            "relationType": "References",
            "relatedIdentifierType": "URL",
            "relatedIdentifier": "https://example.org/d",
        },
        {"relationType": "IsCitedBy", "relatedIdentifierType": "DOI", "relatedIdentifier": "10.5555/e"},
        {"relationType": "IsVersionOf", "relatedIdentifierType": "DOI", "relatedIdentifier": "10.5555/f"},
        {"relationType": "Cites", "relatedIdentifierType": "DOI", "relatedIdentifier": "10.5555/a"},
    ]
    named = {"relatedItemIdentifier": "10.5555/g", "relatedItemIdentifierType": "DOI"}
    items = [{"relationType": "Cites", "relatedItemIdentifier": named}]

    assert record(relatedIdentifiers=related, relatedItems=items).references == (
        Identifier("doi", "10.5555/b"),
        Identifier("arxiv", "2101.00001"),
        Identifier("pmid", "123"),
        Identifier("doi", "10.5555/c"),
        Identifier("doi", "10.5555/g"),
    )


def test_identifiers_of_the_work_itself_are_read_one_of_a_scheme() -> None:
    told = {
        "identifiers": [
            {"identifierType": "DOI", "identifier": "10.5555/other"},
            {"identifierType": "PMID", "identifier": "12"},
        ],
        "alternateIdentifiers": [
            {"alternateIdentifierType": "arXiv", "alternateIdentifier": "2101.00001v1"},
            {"alternateIdentifierType": "pmid", "alternateIdentifier": "13"},
        ],
    }

    assert record(**told).identifiers == (
        Identifier("doi", "10.5555/a"), Identifier("pmid", "12"), Identifier("arxiv", "2101.00001"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("types", "kind"),
    [
        ({"resourceTypeGeneral": "JournalArticle", "resourceType": "Thesis"}, "journal-article"),
        ({"resourceTypeGeneral": "Text", "resourceType": "Journal article"}, "journal-article"),
        ({"resourceTypeGeneral": "Text", "resourceType": "Ph.D. Thesis"}, "dissertation"),
        ({"resourceTypeGeneral": "Text", "citeproc": "article-journal", "ris": "RPRT"}, "other"),
        ({"resourceTypeGeneral": "Text", "citeproc": "article-journal", "ris": "JOUR"}, "journal-article"),
        ({"citeproc": "thesis"}, "dissertation"),
        ({}, None),
        ({"resourceTypeGeneral": ["Text"]}, None),
    ],
)
def test_types_are_told_in_the_words_of_crossref(types: dict[str, object], kind: str | None) -> None:
    assert type_of(types) == kind


def test_a_filter_for_a_type_leaves_out_nothing_that_can_be_of_it() -> None:
    """Whatever may come out as a type is among what is asked for when that type is."""
    words = ("Thesis", "Article", "Preprint", "Book", "Nothing")
    generals = general_types_of(WORK_TYPES)

    assert "Text" in generals
    for general in generals:
        for word in words:
            kind = type_of({"resourceTypeGeneral": general, "resourceType": word})
            assert kind in WORK_TYPES
            assert general in general_types_of([kind])
    assert general_types_of(["journal-volume"]) == ()
