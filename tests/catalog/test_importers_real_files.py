"""The importers over real files: every record is read, and every field that the source gives is there."""

from __future__ import annotations

import gzip
import io
import json
import re
import tarfile
import unicodedata
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring

from research_api.catalog.importers import Row, formats, open_source, recognise
from research_api.domain.identifiers import normalise
from research_api.domain.works import WORK_TYPES, Record
from research_api.records.tex import without_tex

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
CORPUS = DATA / "corpus"
DEMO = ROOT / "src" / "research_api" / "catalog" / "demo_records.jsonl"

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason=f"the real records are not at {DATA}")


@cache
def rows_of(path: Path, namespace: str | None = None) -> list[Row]:
    with open_source(str(path)) as source:
        found = recognise(source.head)
        assert found is not None
        return list(found.read(source, namespace))


def records_of(rows: list[Row]) -> list[Record]:
    return [row.record for row in rows if row.record]


def rejects_of(rows: list[Row]) -> list[tuple[int, str | None]]:
    return [(row.line, row.reason) for row in rows if row.reason]


@cache
def raw(name: str) -> list[dict[str, Any]]:
    with gzip.open(CORPUS / name, "rt") as lines:
        return [json.loads(line) for line in lines]


def records_with_raw(name: str) -> list[tuple[Record, dict[str, Any]]]:
    """Each record beside the line that it comes from."""
    rows, given = rows_of(CORPUS / name), raw(name)
    assert len(rows) == len(given)
    return [(row.record, given[row.line - 1]) for row in rows if row.record]


@pytest.fixture(scope="module")
def anthology_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("anthology")
    with tarfile.open(CORPUS / "acl_anthology_xml_sample.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (CORPUS / "acl_anthology_2021.jsonl.gz", "acl-jsonl"),
        (CORPUS / "openalex_works.jsonl.gz", "openalex"),
        (CORPUS / "crossref_works.jsonl.gz", "crossref"),
        *(
            (DATA / "collections" / each / "corpus.jsonl", "collection")
            for each in ("scifact", "cranfield", "cisi", "cacm")
        ),
        (DEMO, "demo"),
    ],
    ids=str,
)
def test_exactly_one_format_claims_each_file(path: Path, name: str) -> None:
    with open_source(str(path)) as source:
        assert [each for each, module in formats().items() if module.recognises(source.head)] == [name]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "read", "rejects"),
    [
        ("acl_anthology_2021.jsonl.gz", 61_686, []),
        ("openalex_works.jsonl.gz", 131, []),
        (
            "crossref_works.jsonl.gz",
            1_332,
            [(1_011, "the record has no title"), (1_184, "the record has no title")],
        ),
    ],
)
def test_every_record_is_read_once(name: str, read: int, rejects: list[tuple[int, str]]) -> None:
    rows = rows_of(CORPUS / name)

    assert len(records_of(rows)) == read
    assert len({(record.source, record.source_id) for record in records_of(rows)}) == read
    assert rejects_of(rows) == rejects


@pytest.mark.parametrize(
    ("name", "read", "rejected_lines", "without_abstract"),
    [
        ("scifact", 5_183, [], 0),
        ("cranfield", 1_398, [471, 995], 0),
        ("cisi", 1_460, [], 0),
        ("cacm", 3_204, [], 1_617),
    ],
)
def test_every_document_of_a_collection_is_read(
    name: str, read: int, rejected_lines: list[int], without_abstract: int
) -> None:
    rows = rows_of(DATA / "collections" / name / "corpus.jsonl", name)

    records = records_of(rows)
    assert len(records) == read
    assert [line for line, _ in rejects_of(rows)] == rejected_lines
    assert sum(record.abstract is None for record in records) == without_abstract
    assert all(f"{name}:{record.source_id}" == record.identifiers[-1].value for record in records)


def test_the_demo_records_are_read_without_a_reject() -> None:
    rows = rows_of(DEMO)

    assert rejects_of(rows) == []
    assert len(rows) == len(DEMO.read_text().splitlines())
    assert all(
        record.abstract and record.authors and record.year and record.type for record in records_of(rows)
    )


@pytest.mark.slow
def test_every_field_of_the_anthology_is_there() -> None:
    for record, given in records_with_raw("acl_anthology_2021.jsonl.gz"):
        assert bool(record.abstract) == bool(given["abstract"].strip())
        assert len(record.authors) == sum(bool(each["given"] or each["family"]) for each in given["authors"])
        assert given["year"] in (record.year, None)
        assert record.year
        assert record.venue
        assert record.url
        assert given["doi"].startswith("10.") <= (
            normalise("doi", given["doi"]) in ids_of(record, "doi") or "/" not in given["doi"][8:]
        )


def ids_of(record: Record, scheme: str) -> list[str]:
    return [each.value for each in record.identifiers if each.scheme == scheme]


@pytest.mark.slow
def test_the_kinds_of_the_anthology_are_told_apart() -> None:
    kinds = Counter(record.type for record in records_of(rows_of(CORPUS / "acl_anthology_2021.jsonl.gz")))

    assert kinds == {"proceedings-article": 59_071, "journal-article": 2_610, "proceedings": 5}


def test_every_field_of_openalex_is_there() -> None:
    for record, given in records_with_raw("openalex_works.jsonl.gz"):
        place = given["primary_location"]
        assert bool(record.abstract) == bool(given["abstract_inverted_index"])
        assert len(record.authors) == len(given["authorships"])
        assert sum(bool(each.orcid) for each in record.authors) == sum(
            bool(each["author"]["orcid"] or each.get("raw_orcid")) for each in given["authorships"]
        )
        assert (record.year, record.date) == (given["publication_year"], given["publication_date"])
        assert bool(record.venue) == bool(place and place["source"])
        assert record.type
        assert bool(record.url) == bool((place and place["landing_page_url"]) or given["doi"])
        assert record.open_access.is_oa is given["open_access"]["is_oa"]
        assert bool(record.open_access.url) == bool(given["open_access"]["oa_url"])
        assert record.citation_count == given["cited_by_count"]
        assert record.retracted is given["is_retracted"]
        assert {"openalex", "doi", "pmid"} & given["ids"].keys() == {
            each.scheme for each in record.identifiers
        } - {"arxiv"}


@pytest.mark.slow
def test_every_field_of_crossref_is_there() -> None:
    for record, given in records_with_raw("crossref_works.jsonl.gz"):
        dated = any(
            (given.get(key) or {}).get("date-parts", [[None]])[0][0]
            for key in ("issued", "published", "approved")
        )
        assert record.source_id == given["DOI"].lower()
        assert bool(record.abstract) == (given.get("abstract", "") not in ("", "<jats:p>Abstract</jats:p>"))
        assert len(record.authors) == sum(
            bool(each.get("family") or each.get("name")) for each in given.get("author", [])
        )
        assert bool(record.year) == dated
        assert bool(record.venue) == bool(given.get("container-title"))
        assert record.type == given.get("type")
        assert record.url == given.get("URL")
        assert record.citation_count == given.get("is-referenced-by-count")


@pytest.mark.parametrize(
    "field", ["title", "abstract", "authors", "year", "venue", "type", "identifiers", "url", "retracted"]
)
def test_the_anthology_says_the_same_in_xml_and_in_jsonl(anthology_folder: Path, field: str) -> None:
    lines = {
        record.source_id: record for record in records_of(rows_of(CORPUS / "acl_anthology_2021.jsonl.gz"))
    }
    rows = [row for path in sorted(anthology_folder.rglob("*.xml")) for row in rows_of(path)]

    assert len(rows) == 2_121
    assert rejects_of(rows) == []
    differing = [
        each.source_id
        for each in records_of(rows)
        if getattr(each, field) != getattr(lines[each.source_id], field)
    ]
    assert differing == []


def test_every_record_keeps_what_the_catalog_relies_on() -> None:
    names = ("acl_anthology_2021.jsonl.gz", "openalex_works.jsonl.gz", "crossref_works.jsonl.gz")
    for record in [record for name in names for record in records_of(rows_of(CORPUS / name))][::7]:
        texts = [record.title, record.abstract, record.venue, *(author.name for author in record.authors)]
        assert all(
            unicodedata.is_normalized("NFC", text) and text == text.strip() != ""
            for text in texts
            if text is not None
        )
        assert record.type is None or record.type in WORK_TYPES
        assert all(normalise(each.scheme, each.value) == each.value for each in record.identifiers)


@pytest.mark.slow
@pytest.mark.parametrize(("provider", "at_least"), [("crossref", 100), ("openalex", 6)])
def test_recorded_answers_with_works_are_recognised_and_read(
    provider: str, at_least: int, tmp_path: Path
) -> None:
    """Works without a title in them are issues and figures of a paper, which are no works of their own."""
    reasons: Counter[str | None] = Counter()
    claimed = other_formats = 0
    for path in sorted((DATA / "cassettes" / provider).glob("*.json")):
        answer = tmp_path / path.name
        answer.write_text(str(json.loads(path.read_text())["response"].get("body")))
        with open_source(str(answer)) as source:
            found = recognise(source.head)
        if found is not None and found.NAME == "bibtex":
            # Crossref was asked for that format
            other_formats += 1
            assert [row.reason for row in rows_of(answer, "cassettes")] == [None]
        elif found is not None:
            assert provider == found.NAME
            claimed += 1
            reasons.update(row.reason for row in rows_of(answer))

    assert claimed >= at_least
    assert other_formats == (3 if provider == "crossref" else 0)
    assert set(reasons) <= {None, "the record has no title"}


def test_recorded_articles_of_pubmed_are_recognised_and_read_whole() -> None:
    """Every field that PubMed's answers hold is there, whatever year they were recorded in."""
    seen = Counter[str]()
    for path in sorted((DATA / "cassettes" / "pubmed").glob("*.json")):
        answer = json.loads(path.read_text())
        body = str(answer["response"].get("body"))
        if "efetch" not in answer["request"]["url"] or "<PubmedArticleSet" not in body:
            continue
        found = recognise(body.encode())
        assert found is not None
        assert found.NAME == "pubmed-xml"
        rows = list(found.read(io.BytesIO(body.encode()), None))
        articles = list(fromstring(body).iter("PubmedArticle"))
        assert rejects_of(rows) == []
        assert len(rows) == len(articles)
        for record, article in zip(records_of(rows), articles, strict=True):
            assert_article_is_whole(record, article)
        seen.update(record.type or "" for record in records_of(rows))

    assert seen == {"journal-article": 68}


def assert_article_is_whole(record: Record, article: Element) -> None:
    def has(path: str) -> bool:
        return article.find(path) is not None

    authors = article.findall("MedlineCitation/Article/AuthorList/Author[@ValidYN='Y']")
    ids = {one.get("IdType") for one in article.iterfind("PubmedData/ArticleIdList/ArticleId")}
    assert record.source_id == article.findtext("MedlineCitation/PMID")
    assert record.year
    assert record.venue
    assert len(record.authors) == len(authors)
    assert sum(bool(author.orcid) for author in record.authors) == sum(
        author.find("Identifier[@Source='ORCID']") is not None for author in authors
    )
    assert bool(record.abstract) == has("MedlineCitation/Article/Abstract/AbstractText")
    assert {each.scheme for each in record.identifiers} == {"pmid"} | (
        {"doi"} & ids | ({"pmcid"} if "pmc" in ids else set())
    )
    assert not any(mark in f"{record.title} {record.abstract}" for mark in ("<i>", "<sub>", "mml:", "&lt;"))


def test_recorded_texts_of_arxiv_keep_their_formulas_and_lose_their_faces() -> None:
    """The recordings are Atom, no snapshot; titles and abstracts are written in the same TeX."""
    changed = 0
    for path in sorted((DATA / "cassettes" / "arxiv").glob("*_py__q_*.json")):
        body = str(json.loads(path.read_text())["response"].get("body"))
        for entry in fromstring(body).iterfind("{http://www.w3.org/2005/Atom}entry"):
            for name in ("title", "summary"):
                text = entry.findtext(f"{{http://www.w3.org/2005/Atom}}{name}") or ""
                shown = without_tex(text)
                formulas = re.findall(r"\$[^$]+\$", text.replace("\\$", ""))
                assert all(formula in shown for formula in formulas)
                assert not re.search(r"\\(?:emph|textit|textbf|%|&|['\"]\w)", re.sub(r"\$[^$]+\$", "", shown))
                changed += shown != text

    assert changed >= 5
