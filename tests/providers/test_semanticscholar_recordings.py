"""Semantic Scholar: nothing of its recorded answers is lost."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from research_api.domain.calls import Reply
from research_api.domain.sources import Edges, SourceFailed
from research_api.domain.works import Identifier, Record
from research_api.providers.access import Access
from research_api.providers.semanticscholar import BASE_URL, SemanticScholar
from tests.providers.questions import question
from tests.providers.recordings import Recording, called, filled
from tests.providers.sending import Given

MARKED = 30
UNTITLED = "A paper whose title was not asked"
ANYONE = Identifier("pmid", "1")
SCHEMES = {"DOI": "doi", "PubMed": "pmid", "PubMedCentral": "pmcid", "ArXiv": "arxiv", "CorpusId": "s2"}


def papers_in(recording: Recording) -> list[dict[str, Any]]:
    """The papers of an answer, in whatever it wraps them; those that asked for no title get one."""
    body: Any = recording.json
    rows = body if isinstance(body, list) else body.get("data", [] if "total" in body else [body])
    papers = [row.get("citedPaper") or row.get("citingPaper") or row for row in rows if row is not None]
    return [{"title": UNTITLED, **paper} for paper in papers]


def read(papers: list[dict[str, Any]]) -> tuple[Record, ...]:
    """The papers as a search brings them."""
    body = json.dumps({"total": len(papers), "data": papers}).encode()
    found: list[Record] = []
    for start in range(0, len(papers), 100):
        body = json.dumps({"total": 1, "data": papers[start : start + 100]}).encode()
        source = SemanticScholar(Access(BASE_URL))
        found += source.search(question("any", limit=100), Given(Reply(200, {}, body))).records
    return tuple(found)


def facts_of(paper: dict[str, Any]) -> dict[str, object]:
    """What a record must have of the paper, read from it member by member; texts without white space and marks."""
    pdf = paper.get("openAccessPdf") or {}
    is_open = paper.get("isOpenAccess", True if pdf and pdf["status"] != "CLOSED" else None)
    journal = paper.get("journal") or {}
    return {
        "id": paper["paperId"],
        "title": letters(paper["title"]),
        "abstract": letters(paper.get("abstract") or ""),
        "year": paper.get("year"),
        "date": paper.get("publicationDate"),
        "venue": letters(paper.get("venue") or journal.get("name") or ""),
        "has type": bool(paper.get("publicationTypes")) or paper.get("venue") in ("ArXiv", "arXiv.org"),
        "is_oa": is_open,
        "pdf": pdf.get("url") if is_open else None,
        "citations": paper.get("citationCount"),
        "url": paper.get("url"),
        "authors": [letters(author["name"]) for author in paper.get("authors", [])],
        "external": {(SCHEMES[name], str(value).lower().removeprefix("pmc")) for name, value in
                     (paper.get("externalIds") or {}).items() if name in SCHEMES},
    }  # fmt: skip


def facts_in(record: Record) -> dict[str, object]:
    """The same of the record."""
    own = {("s2", record.source_id)}
    named = {
        (one.scheme, one.value.removeprefix("CorpusId:").removeprefix("PMC")) for one in record.identifiers
    }
    return {
        "id": record.source_id,
        "title": letters(record.title),
        "abstract": letters(record.abstract or ""),
        "year": record.year,
        "date": record.date,
        "venue": letters(record.venue or ""),
        "has type": record.type is not None,
        "is_oa": record.open_access.is_oa,
        "pdf": record.open_access.url,
        "citations": record.citation_count,
        "url": record.url,
        "authors": [letters(author.name) for author in record.authors],
        "external": named - own,
    }


def is_marked(paper: dict[str, Any]) -> bool:
    """True where cleaning has to change letters of the title."""
    return "<" in paper["title"] or "&" in paper["title"]


def lines(facts: list[dict[str, object]]) -> set[str]:
    """Each once, as text that can be compared."""
    return {json.dumps(one, default=sorted, sort_keys=True) for one in facts}


def letters(text: str) -> str:
    """The letters and digits alone: what cleaning may never lose."""
    return "".join(
        character for character in unicodedata.normalize("NFC", text).casefold() if character.isalnum()
    )


def test_every_recorded_paper_is_read_and_nothing_of_it_is_lost(shared_data: Path) -> None:
    pages = [papers_in(one) for one in called(shared_data, "semanticscholar")]
    papers = [paper for page in pages for paper in page if paper["paperId"]]
    marked = {paper["paperId"] for paper in papers if is_marked(paper)}

    records = [record for page in pages for record in read(page)]

    wanted = [facts_of(paper) for paper in papers if paper["paperId"] not in marked]
    told = [facts_in(record) for record in records if record.source_id not in marked]
    assert len(papers) > 15_000
    assert lines(told) == lines(wanted)


def test_markup_in_recorded_titles_is_taken_off(shared_data: Path) -> None:
    papers = [paper for one in called(shared_data, "semanticscholar") for paper in papers_in(one)]
    marked = [paper for paper in papers if is_marked(paper) and paper["paperId"]]

    titles = {record.title for record in read(marked)}

    assert len({paper["title"] for paper in marked}) == MARKED
    assert [title for title in titles if re.search(r"</?[a-z-]+>|&[a-z]+;", title, re.IGNORECASE)] == []


def test_recorded_citations_and_references_are_read_by_their_own_endpoints(shared_data: Path) -> None:
    source = SemanticScholar(Access(BASE_URL))
    pages = [
        one for one in called(shared_data, "semanticscholar") if "tations?" in one.url or "rences?" in one.url
    ]

    read_pages = {
        one.name: (source.references if "rences?" in one.url else source.citations)(
            ANYONE, 1_000, Given(one.reply)
        )
        for one in pages
    }

    assert len(pages) == 21
    for page in pages:
        ids = [paper["paperId"] for paper in papers_in(page) if paper["paperId"]]
        assert [record.source_id for record in read_pages[page.name].records] == list(dict.fromkeys(ids))


def test_a_recorded_batch_is_read_by_its_own_endpoint(shared_data: Path) -> None:
    (batch,) = [one for one in called(shared_data, "semanticscholar") if "not_found_warning" in one.name]

    found = SemanticScholar(Access(BASE_URL)).look_up([ANYONE], Given(batch.reply))

    assert batch.body.startswith(b"[null, ")
    assert filled(found) == {
        "title": 3, "abstract": 3, "authors": 3, "year": 3, "date": 2, "venue": 2, "type": 1, "url": 3, "is_oa": 3,
        "open_access_url": 2, "citation_count": 3, "doi": 3, "s2": 3, "authors in all": 10, "orcids in all": 0,
        "references in all": 0,
    }  # fmt: skip


def test_recorded_types_are_told_in_the_words_of_crossref(shared_data: Path) -> None:
    papers = [paper for one in called(shared_data, "semanticscholar") for paper in papers_in(one)]
    typed = [paper for paper in papers if paper.get("publicationTypes")]
    kinds = {paper["paperId"]: paper["publicationTypes"] for paper in typed}

    types = {record.source_id: record.type for record in read(typed)}

    alone = {
        kind: {types[key] for key, given in kinds.items() if given == [kind]}
        for kind in ("Conference", "Book")
    }
    assert alone == {"Conference": {"proceedings-article"}, "Book": {"book"}}
    assert {types[key] for key, given in kinds.items() if "Conference" in given} == {"proceedings-article"}


def test_recorded_refusals_are_failures_and_an_unknown_work_is_none(shared_data: Path) -> None:
    refusals = {one.status: one.reply for one in called(shared_data, "semanticscholar", refused=True)}
    source = SemanticScholar(Access(BASE_URL))

    assert sorted(refusals) == [400, 403, 404]
    assert source.citations(ANYONE, 10, Given(refusals[404])) == Edges()
    for status in (400, 403):
        with pytest.raises(SourceFailed) as failed:
            source.look_up([ANYONE], Given(refusals[status]))
        assert failed.value.status == status
