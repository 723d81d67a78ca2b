"""Other people's parsers read our exports as we mean them."""

from __future__ import annotations

import csv
import io
import json
import re
import warnings
from pathlib import Path

import pytest
import rispy
from citeproc import Citation, CitationItem, CitationStylesBibliography, CitationStylesStyle, formatter
from citeproc.source.json import CiteProcJSON
from hypothesis import given
from hypothesis import strategies as st
from pybtex.database import BibliographyData, parse_string

from research_api.catalog.exporters.citation_keys import citation_key
from research_api.catalog.exporters.kinds import kind_of
from research_api.catalog.exporters.names import name_of
from research_api.domain.works import WORK_TYPES, Author, Work
from research_api.records.latex import from_tex
from tests.catalog.exported import exported, works, works_of
from tests.domain.strategies import repeatable

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "data" / "corpus" / "crossref_works.jsonl.gz"
several_works = st.lists(works, min_size=1, max_size=3, unique_by=lambda work: work.id)

STYLE = """<style xmlns="http://purl.org/net/xbiblio/csl" version="1.0" class="in-text"><info><title>T</title>
<id>t</id><updated>2026-01-01T00:00:00+00:00</updated></info>
<citation><layout><text variable="title"/></layout></citation>
<bibliography><layout><names variable="author"><name name-as-sort-order="all" and="text" delimiter="; "/></names>
<text variable="title" prefix=" | "/><date variable="issued" prefix=" | "><date-part name="year"/></date>
<text variable="container-title" prefix=" | "/><text variable="note" prefix=" | "/></layout></bibliography></style>"""
# CSL 1.0.2, schemas/input/csl-data.json: what an item and a name may have, of all that we write
CSL_TYPES = frozenset(
    [
        "article",
        "article-journal",
        "book",
        "chapter",
        "collection",
        "dataset",
        "document",
        "entry",
        "paper-conference",
        "periodical",
        "report",
        "review",
        "standard",
        "thesis",
    ]
)
CSL_ITEM = frozenset(
    ["id", "type", "title", "author", "issued", "abstract", "container-title", "DOI", "PMID", "PMCID", "URL", "note",
     "custom"]
)  # fmt: skip
CSL_NAME = frozenset({"family", "given", "suffix", "literal"})


def by_pybtex(text: str) -> BibliographyData:
    return parse_string(text, "bibtex")


def seen(tex: str) -> str:
    return " ".join(from_tex(tex).split())


def assert_pybtex_reads(found: list[Work]) -> None:
    entries = by_pybtex(exported("bibtex", found)).entries

    assert list(entries) == [citation_key(work) for work in found]
    for work in found:
        entry = entries[citation_key(work)]
        assert entry.type == kind_of(work.type).bibtex
        assert seen(entry.fields["title"]) == work.title
        assert seen(entry.fields.get("abstract", "")) == (work.abstract or "")
        assert seen(entry.fields.get(kind_of(work.type).venue, "")) == (work.venue or "")
        assert len(entry.persons.get("author", ())) == len(work.authors)
        assert entry.fields["researchapi"] == work.id


@pytest.mark.slow
@repeatable
@given(several_works)
def test_pybtex_reads_what_was_made_to_break_bibtex(found: list[Work]) -> None:
    assert_pybtex_reads(found)


@pytest.mark.skipif(not CORPUS.is_file(), reason=f"the real records are not at {CORPUS}")
def test_pybtex_reads_real_works() -> None:
    assert_pybtex_reads(works_of(CORPUS, every=3))


@pytest.mark.parametrize(
    ("author", "parts"),
    [
        (Author("Ludwig van Beethoven", "Ludwig", "van Beethoven"), (["Ludwig"], ["van"], ["Beethoven"], [])),
        (Author("Martin King Jr.", "Martin", "King Jr."), (["Martin"], [], ["King"], ["Jr."])),
        (Author("Albert Einstein"), (["Albert"], [], ["Einstein"], [])),
        (Author("World Health Organization"), ([], [], ["{World Health Organization}"], [])),
        (Author("A B and C", "A", "B and C"), (["A"], [], ["B", "{and}", "C"], [])),
    ],
)
def test_pybtex_takes_names_apart_as_meant(author: Author, parts: tuple[list[str], ...]) -> None:
    work = Work("w_aaaaaaaaaaaa", "T", authors=(author, Author("Ada Lovelace", "Ada", "Lovelace")))

    first, second = by_pybtex(exported("bibtex", [work])).entries[citation_key(work)].persons["author"]

    assert (first.first_names, first.prelast_names, first.last_names, first.lineage_names) == parts
    assert (second.first_names, second.last_names) == (["Ada"], ["Lovelace"])


@pytest.mark.slow
@repeatable
@given(several_works)
def test_rispy_reads_what_was_made_to_break_ris(found: list[Work]) -> None:
    entries = rispy.loads(exported("ris", found))

    assert len(entries) == len(found)
    for work, entry in zip(found, entries, strict=True):
        assert entry["type_of_reference"] == kind_of(work.type).ris
        assert entry["title"] == work.title
        assert entry.get("abstract") == work.abstract
        assert entry.get("year") == (str(work.year) if work.year is not None else None)
        assert entry.get("doi") == work.identifiers.get("doi")
        assert entry["accession_number"] == work.id
        assert len(entry.get("authors", ())) <= len(work.authors)
        assert ("Retracted" in entry.get("notes", ())) is work.retracted


@pytest.mark.slow
@repeatable
@given(several_works)
def test_the_csv_module_reads_what_was_made_to_break_csv(found: list[Work]) -> None:
    rows = list(csv.DictReader(io.StringIO(exported("csv", found), newline=""), strict=True))

    assert [row["id"] for row in rows] == [work.id for work in found]
    for work, row in zip(found, rows, strict=True):
        assert None not in row
        assert row["title"].removeprefix("'") == work.title
        assert row["authors"].count("; ") >= max(len(work.authors) - 1, 0)
        assert not any(re.match(r"[=+\-@\t\r]", cell) for cell in row.values())


@pytest.mark.slow
@repeatable
@given(several_works)
def test_csl_has_nothing_that_its_schema_forbids(found: list[Work]) -> None:
    items = json.loads(exported("csl", found))

    for work, item in zip(found, items, strict=True):
        assert item.keys() <= CSL_ITEM
        assert item["type"] in CSL_TYPES
        assert all(
            isinstance(value, str)
            for name, value in item.items()
            if name not in ("author", "issued", "custom")
        )
        assert all(person.keys() <= CSL_NAME and person for person in item.get("author", ()))
        assert [name_of(author).whole for author in work.authors] == [
            person.get("literal")
            or " ".join(person[part] for part in ("given", "family", "suffix") if part in person)
            for person in item.get("author", ())
        ]
        [parts] = item["issued"]["date-parts"] if "issued" in item else [[0]]
        assert 1 <= len(parts) <= 3
        assert all(type(part) is int for part in parts)


def test_every_type_of_work_has_a_type_that_csl_knows() -> None:
    assert {kind_of(one).csl for one in [*WORK_TYPES, None]} == CSL_TYPES


def test_a_citation_processor_makes_a_bibliography(tmp_path: Path) -> None:
    people = (Author("Hans van der Berg", "Hans", "van der Berg"), Author("WHO"))
    work = Work(
        "w_aaaaaaaaaaaa", "Sketch of the Engine", authors=people, date="1843-09", year=1843, venue="Memoirs",
        type="journal-article", retracted=True,
    )  # fmt: skip
    (tmp_path / "style.csl").write_text(STYLE)
    items = json.loads(exported("csl", [work]))
    with warnings.catch_warnings():
        # it has no name for `custom`, which the schema has had since 1.0.2
        warnings.simplefilter("ignore")
        source = CiteProcJSON(items)
        style = CitationStylesStyle(str(tmp_path / "style.csl"), validate=False)
        bibliography = CitationStylesBibliography(style, source, formatter.plain)
        bibliography.register(Citation([CitationItem(items[0]["id"])]))
        [made] = map(str, bibliography.bibliography())

    assert "van der Berg, Hans" in made
    assert "WHO" in made
    assert "Sketch of the Engine | 1843 | Memoirs | Retracted" in made
