"""Whatever the bytes, a format gives rows with valid records or reasons, and never an unexpected error."""

from __future__ import annotations

import io
import json
import re
import unicodedata
from collections.abc import Callable
from itertools import chain
from xml.sax.saxutils import escape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from research_api.catalog.exporters import exporters
from research_api.catalog.importers import Row, UnreadableInput, formats, recognise
from research_api.domain.identifiers import normalise
from research_api.domain.record_bodies import work_body
from research_api.domain.works import WORK_TYPES, Record
from tests.timing import LINEAR_AT_MOST, growth
from tests.web.fakes import WORK

SEEDS: dict[str, dict[str, object]] = {
    "openalex": {
        "id": "https://openalex.org/W42",
        "doi": "https://doi.org/10.1000/abc",
        "title": "On <i>water</i>",
        "publication_year": 2019,
        "publication_date": "2019-03-04",
        "ids": {"pmid": "https://pubmed.ncbi.nlm.nih.gov/777", "pmcid": "888"},
        "primary_location": {
            "id": "doi:x",
            "landing_page_url": "https://a.org",
            "source": {"type": "journal"},
        },
        "locations": [{"landing_page_url": "http://arxiv.org/abs/1901.00001"}],
        "type": "article",
        "open_access": {"is_oa": True, "oa_url": "https://a.org/f.pdf"},
        "best_oa_location": {"license": "cc-by"},
        "authorships": [
            {"author": {"display_name": "Ada", "orcid": "https://orcid.org/0000-0002-1825-0097"}}
        ],
        "abstract_inverted_index": {"Water": [0], "is": [1, 2]},
        "cited_by_count": 7,
        "is_retracted": False,
    },
    "crossref": {
        "DOI": "10.1000/abc",
        "type": "journal-article",
        "title": ["Water"],
        "subtitle": ["its <b>wetness</b>"],
        "abstract": "<jats:title>Abstract</jats:title><jats:p>Wet.</jats:p>",
        "author": [{"given": "Ada", "family": "Lovelace", "ORCID": "0000-0002-1825-0097"}, {"name": "Org"}],
        "issued": {"date-parts": [[2020, 1, 2]]},
        "container-title": ["Journal"],
        "URL": "http://dx.doi.org/10.1000/abc",
        "license": [{"URL": "http://creativecommons.org/licenses/by/4.0/", "delay-in-days": 0}],
        "updated-by": [{"DOI": "10.1/x", "type": "retraction"}],
        "update-to": [{"DOI": "10.1/x", "type": "retraction"}],
        "is-referenced-by-count": 7,
    },
    "arxiv-jsonl": {
        "id": "0704.0001",
        "authors": "A. Lovelace (1), B. Bal\\'azs and C (2)",
        "title": 'On $\\alpha$ of Schr\\"odinger',
        "comments": "5 pages",
        "journal-ref": "Phys.Rev.D76",
        "doi": "10.1000/a 10.1000/b",
        "categories": "hep-ph",
        "license": "http://creativecommons.org/licenses/by/4.0/",
        "abstract": "  We \\emph{count} Erd\\H{o}s.\n",
        "versions": [{"version": "v1", "created": "Mon, 2 Apr 2007 19:18:42 GMT"}],
        "update_date": "2008-11-26",
        "authors_parsed": [["Lovelace", "A.", "Jr"], ["Bal\\'azs", "B.", ""]],
    },
    "acl-jsonl": {
        "id": "P19-1001",
        "title": "On Words",
        "abstract": "We count.",
        "doi": "10.18653/v1/P19-1001",
        "authors": [{"given": "Ada", "family": "Lovelace", "id": None}],
        "year": 2019,
        "venue": "Proceedings",
        "url": "https://aclanthology.org/P19-1001",
        "retracted": False,
    },
    "collection": {
        "_id": "1",
        "title": "Title",
        "text": "Text. More.",
        "metadata": {"doi": "10.1000/x", "year": 1962, "authors": ["A. One", {"name": "B"}]},
    },
    "demo": {
        "id": "someone-1905",
        "title": "Title",
        "authors": [{"given": "Ada", "family": "Lovelace"}],
        "year": 1905,
        "venue": "Annalen",
        "type": "journal-article",
        "doi": "10.1000/x",
        "summary": "Says something.",
    },
    "csl-json": {
        "id": "key",
        "type": "article-journal",
        "title": "On <i>Words</i>",
        "author": [
            {"family": "Berg", "given": "A", "non-dropping-particle": "van", "suffix": "Jr."},
            {"literal": "O"},
        ],
        "issued": {"date-parts": [[2019, 3, 4]], "raw": "2019"},
        "container-title": "Journal",
        "DOI": "10.1000/x",
        "PMID": 7,
        "URL": "https://a.org",
        "abstract": "We.",
        "note": "Retracted",
        "custom": {
            "work_id": "w_aaaaaaaaaaaa",
            "type": "book",
            "year": 1,
            "date": "2019",
            "identifiers": {"s2": "x"},
        },
    },
    "ndjson": work_body(WORK),
}

BIB = (
    "@string{jt = {Journal} # jan}\n@article{key, title = {On {W}ords \\'e \\& $x$}, author = {Ada von L and {Org}},\n"
    'year = 2019, month = may, journal = jt # " II", doi = {10.1000/x}, eprint = "1901.00001", abstract = {We}}\n'
    "@inproceedings{child, title={C}, crossref={par}}\n@proceedings{par, title={P}}\n"
)
TEXTS = {
    "bibtex": BIB,
    "ris": (
        "TY  - JOUR\r\nID  - k\r\nTI  - On\r\n words\r\nAU  - L, Ada, Jr.\r\nPY  - 2019/01/02/\r\n"
        "AN  - 7\r\nDB  - PubMed\r\nER  - \r\n"
    ),
    "csv": "".join(exporters()["csv"].write([WORK])),
}

XML = {
    "acl-xml": (
        '<?xml version="1.0"?><collection id="P19"><volume id="1">'
        "<meta><booktitle>Book</booktitle><year>2019</year></meta>"
        '<paper id="1"><title>On <b>Words</b></title><author><first>Ada</first><last>L</last></author>'
        "<abstract>We</abstract><doi>10.1000/x</doi><url>P19-1001</url></paper>"
        "<paper id='2'><title>Next</title></paper></volume></collection>"
    ),
    "pubmed-xml": (
        '<?xml version="1.0"?><!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD" "https://dtd.nlm.nih.gov/a.dtd">'
        "<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>777</PMID><Article><Journal><JournalIssue>"
        "<PubDate><MedlineDate>1998 Dec-1999 Jan</MedlineDate></PubDate></JournalIssue><Title>J</Title></Journal>"
        "<ArticleTitle>[On <b>w</b> &amp; &alpha;].</ArticleTitle><ELocationID EIdType='doi'>10.1000/a</ELocationID>"
        "<Abstract><AbstractText Label='AIM'>We.</AbstractText></Abstract><AuthorList><Author><LastName>L</LastName>"
        "<Identifier Source='ORCID'>0000-0002-1825-0097</Identifier></Author></AuthorList><ArticleDate><Year>1999"
        "</Year><Month>05</Month><Day>03</Day></ArticleDate></Article></MedlineCitation><PubmedData><ReferenceList/>"
        "<ArticleIdList><ArticleId IdType='pmc'>PMC8</ArticleId></ArticleIdList></PubmedData></PubmedArticle>"
        "<PubmedBookArticle><BookDocument><PMID>5</PMID><Book><BookTitle>B</BookTitle></Book></BookDocument>"
        "</PubmedBookArticle><DeleteCitation><PMID>6</PMID></DeleteCitation></PubmedArticleSet>"
    ),
}

JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(st.characters(categories=None), max_size=12),
    st.sampled_from(
        ["<i>", "\x00", "\ud83d", "&#0;", "10.1000/\x00", "https://a b", "2019-99-99", "0000-0000-0000-0000"]
    ),
    st.just([]),
    st.just({}),
    st.just([[], {}, None, "x", [["y"]]]),
    st.just({"author": None, "date-parts": [[[]]], "": {}}),
)


def places_in(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The path of every member and item, however deep."""
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    return [place for key, member in members for place in [(*path, key), *places_in(member, (*path, key))]]


def replaced(value: object, path: tuple[str | int, ...], new: object) -> object:
    copy = json.loads(json.dumps(value))
    target = copy
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = new
    return copy


def rows_of(name: str, data: bytes) -> list[Row]:
    recognise(data)
    try:
        return list(formats()[name].read(io.BytesIO(data), "test"))
    except UnreadableInput:
        return []


def assert_rows_are_sound(rows: list[Row]) -> None:
    for row in rows:
        assert row.line >= 1
        assert (row.record is None) != (row.reason is None)
        if row.record:
            assert_record_is_sound(row.record)
        else:
            assert "Traceback" not in str(row.reason)
            assert 8 < len(str(row.reason)) < 200


def assert_record_is_sound(record: Record) -> None:
    people = [(author.name, author.given, author.family) for author in record.authors]
    given = [record.title, record.abstract, record.venue, *chain.from_iterable(people)]
    for text in [record.source_id, *(text for text in given if text is not None)]:
        assert text
        assert text == " ".join(text.split())
        assert unicodedata.is_normalized("NFC", text)
        assert not any(unicodedata.category(character) in {"Cc", "Cs"} for character in text)
    assert record.year is None or 1000 <= record.year <= 2100
    assert record.type is None or record.type in WORK_TYPES
    assert record.url is None or record.url.startswith(("http://", "https://"))
    assert record.citation_count is None or 0 <= record.citation_count < 2**31
    assert all(normalise(each.scheme, each.value) == each.value for each in record.identifiers)
    assert repr(record).encode()


quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("name", sorted(SEEDS))
@quick
@given(st.data())
def test_a_record_with_anything_in_its_fields_is_sound_or_rejected(name: str, data: st.DataObject) -> None:
    record: object = SEEDS[name]
    for _ in range(data.draw(st.integers(1, 4))):
        record = replaced(record, data.draw(st.sampled_from(places_in(record) or [("x",)])), data.draw(JUNK))

    rows = rows_of(name, json.dumps(record).encode())

    assert len(rows) == 1
    assert_rows_are_sound(rows)


def seed_text(name: str) -> str:
    """A whole file of that format."""
    return XML.get(name) or TEXTS.get(name) or "\n".join([json.dumps(SEEDS[name], ensure_ascii=False)] * 3)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(SEEDS | TEXTS | XML))
@quick
@given(st.data())
def test_bytes_changed_anywhere_cost_records_but_no_error(name: str, data: st.DataObject) -> None:
    whole = seed_text(name).encode()
    changed = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, len(changed)))
        changed[start : start + data.draw(st.integers(0, 12))] = data.draw(st.binary(max_size=6))

    assert_rows_are_sound(rows_of(name, bytes(changed)))


@pytest.mark.parametrize("name", sorted(SEEDS | TEXTS | XML))
def test_each_seed_is_claimed_by_its_format_alone_and_read(name: str) -> None:
    whole = seed_text(name).encode()

    assert [each for each, module in formats().items() if module.recognises(whole)] == [name]
    assert rows_of(name, whole)[0].record is not None


@pytest.mark.parametrize("name", sorted(XML))
@quick
@given(st.data())
def test_text_changed_anywhere_inside_xml_is_sound_or_rejected(name: str, data: st.DataObject) -> None:
    """What stands between two tags is replaced, so that the XML stays well-formed and reaches the mapping."""
    pieces = re.split(r"(?<=>)([^<>]+)(?=<)", XML[name])
    for _ in range(data.draw(st.integers(1, 4))):
        pieces[data.draw(st.sampled_from(range(1, len(pieces), 2)))] = escape(
            data.draw(st.text(st.characters(categories=["L", "N", "P", "S", "Z"]), max_size=12))
        )

    rows = rows_of(name, "".join(pieces).encode())

    assert rows
    assert_rows_are_sound(rows)


def as_page(record: object) -> bytes:
    return json.dumps({"meta": {"count": 2}, "results": [record, record]}).encode()


def as_message(record: object) -> bytes:
    return json.dumps({"status": "ok", "message": {"items": [record, record]}}, indent=1).encode()


@pytest.mark.parametrize(
    ("name", "lay_out"), [("openalex", as_page), ("crossref", as_message), ("arxiv-jsonl", as_page)]
)
@quick
@given(st.data())
def test_pages_changed_anywhere_cost_records_but_no_error(
    name: str, lay_out: Callable[[object], bytes], data: st.DataObject
) -> None:
    changed = bytearray(lay_out(SEEDS[name]) * 2)
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(changed)))
        changed[start : start + data.draw(st.integers(0, 12))] = data.draw(
            st.sampled_from([b"", b"{", b"]", b'"', b"\n"])
        )

    assert_rows_are_sound(rows_of(name, bytes(changed)))


@pytest.mark.parametrize("name", sorted(SEEDS | TEXTS | XML))
@quick
@given(st.binary(max_size=200))
def test_random_bytes_are_no_error(name: str, noise: bytes) -> None:
    assert_rows_are_sound(rows_of(name, noise))
    assert_rows_are_sound(rows_of(name, b"{" + noise))
    assert_rows_are_sound(rows_of(name, seed_text(name).encode() + noise))


PARTS = st.sampled_from(
    [
        "@a{k,",
        "@string{",
        "title",
        "=",
        "{",
        "}",
        '"',
        "#",
        ",",
        "\n",
        "and",
        " ",
        "\\",
        "\\'",
        "$",
        "TY  - ",
        "ER  - ",
        "AU  - ",
        "DA  - ",
        "1",
        "w_aaaaaaaaaaaa",
        ";",
        "id",
        "\u0301",
        "crossref",
    ]
)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(TEXTS))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(PARTS, max_size=40))
def test_the_marks_of_a_format_in_any_order_are_no_error(name: str, parts: list[str]) -> None:
    assert_rows_are_sound(rows_of(name, seed_text(name).encode() + "".join(parts).encode()))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "start", "piece", "size"),
    [
        ("bibtex", "", "@article{k, title={", 400_000),
        ("bibtex", "@article{k, title={", "{", 400_000),
        ("bibtex", "@article{k, title=", "{a} # ", 400_000),
        ("bibtex", "@article{k, title={x}, author={", "a and ", 100_000),
        ("bibtex", "@article{k, title={x}, author={", "{", 100_000),
        ("bibtex", "@article{k, title={", "\\'", 100_000),
        ("bibtex", "@article{k, title={", "\\alpha ", 100_000),
        ("bibtex", "", "@inproceedings{k, title={x}, crossref={p}}\n", 400_000),
        ("bibtex", "", "@string{s = s # s}\n", 200_000),
        ("ris", "TY  - JOUR\nAB  - ", "x\n", 400_000),
        ("ris", "TY  - JOUR\nTI  - x\n", "AU  - ,\n", 100_000),
        ("ris", "TY  - JOUR\nTI  - ", "-", 400_000),
        ("csv", 'id,title,authors\nw_aaaaaaaaaaaa,x,"', ";", 100_000),
        ("csv", 'id,title,authors\nw_aaaaaaaaaaaa,x,"', "\\", 400_000),
        ("csv", "id,title,authors\n", '"', 400_000),
    ],
)
def test_hostile_text_costs_no_more_than_its_length(name: str, start: str, piece: str, size: int) -> None:
    def hostile(length: int) -> bytes:
        return (start + piece * (length // len(piece)) + "}}\n").encode()

    assert growth(lambda data: rows_of(name, data), hostile, size) < LINEAR_AT_MOST
