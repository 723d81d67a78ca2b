"""What every format in XML relies on: one record at a time, no entities, no surprise at the edge of a chunk."""

from __future__ import annotations

import gzip
import io
import tracemalloc
from pathlib import Path

import pytest

from research_api.catalog.importers import Row, UnreadableInput, open_source, pubmed_xml, recognise
from tests.catalog.test_importers_pubmed import ARTICLE, CHAPTER, HEAD, rows, wrapped


def article(number: int, title: str = "Title") -> str:
    return (
        f"<PubmedArticle><MedlineCitation><PMID>{number}</PMID><Article><ArticleTitle>{title}</ArticleTitle>"
        f"</Article></MedlineCitation></PubmedArticle>\n"
    )


class InPieces:
    """Gives at most so many bytes at once."""

    def __init__(self, data: bytes, size: int) -> None:
        self._stream = io.BytesIO(data)
        self._size = size

    def read(self, size: int, /) -> bytes:
        return self._stream.read(min(size, self._size))


def rows_of(path: Path) -> list[Row]:
    with open_source(str(path)) as source:
        found = recognise(source.head)
        assert found is pubmed_xml
        return list(found.read(source, None))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 1_000])
def test_chunks_may_end_anywhere(size: int) -> None:
    data = wrapped(
        ARTICLE.replace("wet", "nass und größer 水")
        + CHAPTER
        + "<DeleteCitation><PMID>5</PMID></DeleteCitation>"
    )

    assert list(pubmed_xml.read(InPieces(data.encode(), size), None)) == rows(data)
    assert len(rows(data)) == 3


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle//EN" "https://dtd.nlm.nih.gov/pubmed.dtd">',
        '<!DOCTYPE PubmedArticleSet SYSTEM "file:///etc/passwd">',
        "<!DOCTYPE PubmedArticleSet>",
    ],
)
def test_an_outside_document_type_is_let_through_and_not_fetched(doctype: str) -> None:
    (row,) = rows(wrapped(article(5), head=doctype))

    assert row.record is not None


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE PubmedArticleSet [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;"><!ENTITY x "&b;&b;&b;">]>',
        '<!DOCTYPE PubmedArticleSet [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE PubmedArticleSet SYSTEM "a.dtd" [<!ENTITY % p SYSTEM "http://192.0.2.1/"> %p;]>',
        "<!DOCTYPE PubmedArticleSet [ ]>",
    ],
)
def test_a_document_type_with_declarations_is_refused(doctype: str) -> None:
    assert recognise(wrapped("", head=doctype).encode()) is pubmed_xml
    with pytest.raises(UnreadableInput, match="defines entities, which are not read"):
        rows(wrapped(article(5, "&x;"), head=doctype))


def test_an_entity_that_only_the_document_type_would_define_is_a_known_character_or_a_reject() -> None:
    known, unknown, after = rows(wrapped(article(1, "&alpha;-&eacute;") + article(2, "&none;") + article(3)))

    assert known.record is not None
    assert known.record.title == "α-é"
    assert unknown.reason == "the record has an entity that nothing here defines: &none;"
    assert after.record is not None


def test_an_undefined_entity_without_a_document_type_is_not_well_formed() -> None:
    (row,) = rows(wrapped(article(1, "&alpha;"), head=""))

    assert "not well-formed XML: undefined entity" in str(row.reason)


def test_a_truncated_file_gives_the_records_before_the_damage_and_one_reason(tmp_path: Path) -> None:
    path = tmp_path / "cut.xml.gz"
    articles = "".join(article(number, f"Title {number * 7919**40}") for number in range(1, 3_000))
    path.write_bytes(gzip.compress(wrapped(articles).encode())[:-20_000])

    found = rows_of(path)

    assert len(found) > 500
    assert all(row.record for row in found[:-1])
    assert "ends inside a compressed block" in str(found[-1].reason)


def test_text_that_breaks_off_gives_the_records_before_it() -> None:
    found = rows(wrapped(article(1) + article(2)[:-40]).removesuffix("</PubmedArticleSet>\n"))

    assert [row.record is not None for row in found] == [True, False]
    assert "not well-formed XML" in str(found[-1].reason)


def test_what_follows_the_root_ends_the_reading() -> None:
    found = rows(wrapped(article(1)) + "<PubmedArticleSet/>")

    assert [row.record is not None for row in found] == [True, False]
    assert "junk after document element" in str(found[-1].reason)


def test_elements_that_are_not_read_cost_nothing_however_deep_or_long_they_are() -> None:
    references = f"<ReferenceList>{'<ReferenceList>' * 50_000}{'x' * 11_000_000}{'</ReferenceList>' * 50_001}"
    text = ARTICLE.replace("<ReferenceList>", f"{references}<ReferenceList>", 1)

    whole, after = rows(wrapped(text + article(2)))

    assert whole.record == rows(wrapped(ARTICLE))[0].record
    assert after.record is not None


@pytest.mark.parametrize("title", ["y" * 11_000_000, "<b>" * 120_000 + "</b>" * 120_000])
def test_a_record_over_ten_megabytes_is_rejected_and_the_next_is_read(title: str) -> None:
    too_long, after = rows(wrapped(article(1, title) + article(2)))

    assert too_long.reason == "the record is longer than 10 MB"
    assert after.record is not None


@pytest.mark.slow
def test_memory_holds_one_record_and_not_the_file() -> None:
    """Twenty times the records, the same memory."""

    def peak_bytes(count: int) -> int:
        articles = [ARTICLE.encode()] * count
        data = HEAD.encode() + b"<PubmedArticleSet>" + b"".join(articles) + b"</PubmedArticleSet>"
        stream = InPieces(data, 64 * 1024)
        tracemalloc.start()
        assert sum(row.record is not None for row in pubmed_xml.read(stream, None)) == count
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    assert peak_bytes(4_000) < 2 * peak_bytes(200)
