"""OpenAlex works become records."""

from __future__ import annotations

import io
import json

import pytest

from research_api.catalog.importers import openalex, recognise
from research_api.domain.works import Author, Identifier, OpenAccess, Record

WORK: dict[str, object] = {
    "id": "https://openalex.org/W42",
    "doi": "https://doi.org/10.1000/ABC",
    "title": "On <i>water</i>: H<sub>2</sub>O",
    "display_name": "not used",
    "publication_year": 2019,
    "publication_date": "2019-03-04",
    "ids": {
        "openalex": "https://openalex.org/W42",
        "mag": "42",
        "pmid": "https://pubmed.ncbi.nlm.nih.gov/777",
        "pmcid": "https://www.ncbi.nlm.nih.gov/pmc/articles/888",
    },
    "primary_location": {
        "id": "doi:10.1000/abc",
        "landing_page_url": "https://doi.org/10.1000/abc",
        "source": {"display_name": "Journal of Water &amp; Ice", "type": "journal"},
        "raw_type": "journal-article",
    },
    "locations": [{"landing_page_url": "http://arxiv.org/abs/1901.00001v2"}],
    "type": "article",
    "open_access": {"is_oa": True, "oa_url": "https://example.org/free.pdf"},
    "best_oa_location": {"license": "CC-BY", "pdf_url": "https://example.org/other.pdf"},
    "authorships": [
        {"author": {"display_name": "Ada Lovelace", "orcid": "https://orcid.org/0000-0002-1825-0097"}},
        {"author": {"display_name": None}, "raw_author_name": "C. Babbage"},
        {"author": {}},
    ],
    "abstract_inverted_index": {"is": [1], "Water": [0], "wet.": [2, 900000000000]},
    "cited_by_count": 7,
    "is_retracted": True,
}


def read(*works: object) -> list[Record | str | None]:
    data = "\n".join(json.dumps(work) for work in works).encode()
    return [row.record or row.reason for row in openalex.read(io.BytesIO(data), None)]


def record_of(**changes: object) -> Record:
    record = openalex.to_record(WORK | changes)
    assert isinstance(record, Record)
    return record


def test_every_field_of_a_work_is_read() -> None:
    assert read(WORK) == [
        Record(
            source="openalex",
            source_id="W42",
            title="On water: H2O",
            abstract="Water is wet. wet.",
            authors=(Author("Ada Lovelace", orcid="0000-0002-1825-0097"), Author("C. Babbage")),
            year=2019,
            date="2019-03-04",
            venue="Journal of Water & Ice",
            type="journal-article",
            identifiers=(
                Identifier("doi", "10.1000/abc"),
                Identifier("pmid", "777"),
                Identifier("pmcid", "PMC888"),
                Identifier("arxiv", "1901.00001"),
                Identifier("openalex", "W42"),
            ),
            url="https://doi.org/10.1000/abc",
            open_access=OpenAccess(True, "https://example.org/free.pdf", "cc-by"),
            citation_count=7,
            retracted=True,
        )
    ]


def test_a_work_with_an_id_and_a_title_alone_is_a_record() -> None:
    assert read({"id": "W1", "display_name": "Alone"}) == [
        Record("openalex", "W1", "Alone", identifiers=(Identifier("openalex", "W1"),))
    ]


@pytest.mark.parametrize(
    ("work", "reason"),
    [
        ({"id": "https://openalex.org/W1", "title": "<i></i>"}, "the record has no title"),
        ({"id": "https://openalex.org/W1", "title": ["a"]}, "the record has no title"),
        ({"id": "https://openalex.org/A1", "title": "An author"}, "no OpenAlex work id"),
        ({"id": "https://evil.example/W1", "title": "Elsewhere"}, "no OpenAlex work id"),
        ({"title": "No id"}, "no OpenAlex work id"),
    ],
)
def test_a_work_without_id_or_title_is_rejected(work: dict[str, object], reason: str) -> None:
    assert reason in str(read(work)[0])


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"type": "article", "primary_location": {"source": {"type": "journal"}}}, "journal-article"),
        ({"type": "article", "primary_location": {"source": {"type": "conference"}}}, "proceedings-article"),
        ({"type": "article", "primary_location": None}, "journal-article"),
        (
            {"type": "article", "primary_location": {"id": "doi:10.1/x", "raw_type": "proceedings-article"}},
            "proceedings-article",
        ),
        ({"type": "article", "primary_location": {"id": "pmh:x", "raw_type": "book"}}, "journal-article"),
        ({"type": "article", "type_crossref": "book-chapter"}, "book-chapter"),
        ({"type": "preprint"}, "posted-content"),
        ({"type": "review"}, "journal-article"),
        ({"type": "dissertation"}, "dissertation"),
        ({"type": "peer-review"}, "peer-review"),
        ({"type": "paratext"}, "other"),
        ({"type": "a type of next year"}, None),
        ({"type": None}, None),
    ],
)
def test_types_are_those_of_crossref(given: dict[str, object], kind: str | None) -> None:
    assert record_of(**given).type == kind


@pytest.mark.parametrize(
    ("index", "abstract"),
    [
        (None, None),
        ({}, None),
        ({"b": [5], "a": [2]}, "a b"),
        ({"a": [0], "x": [-1, "1", None, True, 2.5], "y": 3, "z": {"0": 1}}, "a"),
        (["a"], None),
    ],
)
def test_an_abstract_is_put_together_whatever_its_positions(index: object, abstract: str | None) -> None:
    assert record_of(abstract_inverted_index=index).abstract == abstract


def test_an_arxiv_doi_names_the_arxiv_id() -> None:
    record = record_of(doi="https://doi.org/10.48550/arXiv.1706.03762", locations=[])

    assert Identifier("arxiv", "1706.03762") in record.identifiers
    assert Identifier("doi", "10.48550/arxiv.1706.03762") in record.identifiers


def test_closed_access_names_no_free_copy_and_silence_is_not_closed() -> None:
    assert record_of(open_access={"is_oa": False, "oa_url": "https://example.org"}).open_access == OpenAccess(
        False
    )
    assert record_of(open_access=None).open_access == OpenAccess()


@pytest.mark.parametrize(
    "junk", [7, -1, True, "text", [], {}, [[]], [None], {"a": None}, 2.5, 10**300, "\ud83d\x00"]
)
def test_a_field_of_the_wrong_type_is_left_out(junk: object) -> None:
    for key in WORK.keys() - {"id", "title"}:
        record = record_of(**{key: junk})

        assert record.title == "On water: H2O"
        assert record.year is None or 1000 <= record.year <= 2100
        assert record.citation_count is None or 0 <= record.citation_count < 2**31


@pytest.mark.parametrize("year", [999, 2101, "MMXX", 2019.0])
def test_a_year_that_cannot_be_is_left_out(year: object) -> None:
    assert record_of(publication_year=year).year is None


def test_more_than_five_thousand_authors_are_cut() -> None:
    entries = [{"author": {"display_name": f"Author {number}"}} for number in range(5_200)]

    assert len(record_of(authorships=entries).authors) == 5_000


def test_works_and_pages_are_recognised() -> None:
    pages = {"meta": {"count": 1}, "results": [WORK]}

    for data in (json.dumps(WORK), json.dumps(pages), json.dumps(pages, indent=2), json.dumps([WORK])):
        assert recognise(data.encode()) is openalex
    assert recognise(b'{"meta": {"count": 0}, "results": []}') is openalex
    assert recognise(json.dumps({"id": "https://openalex.org/A1", "display_name": "Author"}).encode()) is None
