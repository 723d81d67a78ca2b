"""What is exported and imported again is the same, in every field that the manual says the format carries."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from research_api.catalog.exporters import exporters
from research_api.catalog.importers import recognise
from research_api.domain.exports import EXPORT_FORMATS
from research_api.domain.works import Author, Work
from tests.catalog.exported import (
    CHECKS,
    READ_BY,
    assert_same,
    carried,
    exported,
    imported,
    raw_texts,
    table_in_manual,
    works,
    works_of,
)
from tests.domain.strategies import repeatable

FORMATS = sorted(READ_BY)
CORPUS = Path(__file__).resolve().parents[3] / "shared" / "data" / "corpus"
# file, and how many of its records `make test` looks at: every n-th
REAL = {"acl_anthology_2021.jsonl.gz": 151, "crossref_works.jsonl.gz": 3, "openalex_works.jsonl.gz": 1}
has_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason=f"the real records are not at {CORPUS}")


def test_the_table_has_every_format_and_every_field() -> None:
    table = table_in_manual()

    assert sorted(table) == FORMATS == sorted(EXPORT_FORMATS) == sorted(exporters())
    assert all(list(rows) == list(CHECKS) for rows in table.values())
    assert len(CHECKS) >= len(fields(Work)) - len({"sources", "provenance"})


def test_the_table_says_what_is_not_carried() -> None:
    """Else a format could grow a field that nobody reads about, or the table promise nothing."""
    everything = Work(
        "w_aaaaaaaaaaaa",
        "T",
        authors=(Author("A B", "A", "B", "0000-0002-1825-0097"),),
        citation_count=98_765,
    )

    for name in FORMATS:
        text = exported(name, [everything])
        assert ("98765" in text) == ("citation count" in carried(name))
        assert ("0000-0002-1825-0097" in text) == ("ORCIDs" in carried(name))
        assert len(carried(name)) >= 11


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
@repeatable
@given(st.lists(works, min_size=1, max_size=3, unique_by=lambda work: work.id))
def test_works_made_to_break_a_format_come_back(name: str, made: list[Work]) -> None:
    rows = imported(name, exported(name, made))

    assert [row.reason for row in rows if row.reason] == []
    for work, row in zip(made, rows, strict=True):
        assert row.record is not None
        assert row.record.source == "export"
        assert_same(work, row.record, name)


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
@repeatable
@given(works, raw_texts, raw_texts)
def test_texts_that_no_catalog_holds_cannot_break_out(name: str, work: Work, text: str, other: str) -> None:
    """Line breaks, controls and lone surrogates in a title must not make a second record, field or reject."""
    title, person = (
        f"T\r\nTY  - GEN\n@book{{x,\n{text}",
        Author(f"N\n{other}", f"G\r{other}", f"F\u2028{text}"),
    )
    nasty = replace(
        work, title=title, abstract=f"\n{other}\r\n", authors=(person,), venue=f"V\n{text}", retracted=False
    )

    written = exported(name, [nasty, work]).encode("utf-8", "backslashreplace").decode()
    rows = imported(name, written)

    assert [row.record.source_id if row.record else row.reason for row in rows] == [work.id, work.id]
    assert rows[0].record is not None
    assert len(rows[0].record.authors) == 1
    assert rows[0].record.retracted is False


@pytest.mark.parametrize("name", FORMATS)
def test_an_export_is_recognised_whatever_it_starts_with(name: str) -> None:
    """Also without namespace and --format."""
    for work in (
        Work("w_aaaaaaaaaaaa", "T"),
        Work("w_aaaaaaaaaaaa", "{[<@", type="book", identifiers={"doi": "10.1/x"}),
    ):
        found = recognise(exported(name, [work]).encode()[: 64 * 1024])
        assert found is not None
        assert READ_BY[name] == found.NAME


@pytest.mark.parametrize("name", FORMATS)
def test_a_namespace_names_the_records_of_an_export(name: str) -> None:
    [row] = imported(name, exported(name, [Work("w_aaaaaaaaaaaa", "T", identifiers={"pmid": "5"})]), "lab")

    assert row.record is not None
    assert (row.record.source, row.record.source_id) == ("lab", "w_aaaaaaaaaaaa")
    assert [(one.scheme, one.value) for one in row.record.identifiers] == [("pmid", "5")]


def assert_all_come_back(name: str, found: list[Work]) -> None:
    rows = imported(name, exported(name, found))

    assert [row.reason for row in rows if row.reason] == []
    for work, row in zip(found, rows, strict=True):
        assert row.record is not None
        assert_same(work, row.record, name)


@pytest.mark.slow
@has_corpus
@pytest.mark.parametrize("file", sorted(REAL))
@pytest.mark.parametrize("name", FORMATS)
def test_real_works_come_back(name: str, file: str) -> None:
    found = works_of(CORPUS / file, every=REAL[file])

    assert len(found) > 100
    assert_all_come_back(name, found)


@has_corpus
@pytest.mark.long
@pytest.mark.parametrize("file", sorted(REAL))
@pytest.mark.parametrize("name", FORMATS)
def test_all_real_works_come_back(name: str, file: str) -> None:
    assert_all_come_back(name, works_of(CORPUS / file))
