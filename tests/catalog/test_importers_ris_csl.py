"""RIS and CSL-JSON as other programs write them."""

from __future__ import annotations

import io
import json

import pytest

from research_api.catalog.importers import Row, UnreadableInput, formats, recognise
from research_api.domain.works import Author, Identifier, Record


def rows_of(name: str, text: str | bytes, namespace: str | None = "lab") -> list[Row]:
    data = text if isinstance(text, bytes) else text.encode()
    return list(formats()[name].read(io.BytesIO(data), namespace))


def only(rows: list[Row]) -> Record:
    [row] = rows
    assert row.record is not None, row.reason
    return row.record


def ris(lines: str) -> Record:
    return only(rows_of("ris", f"TY  - JOUR\nTI  - T\n{lines}\nER  - \n"))


def csl(**members: object) -> Record:
    item = {"id": "key", "type": "article-journal", "title": "T", **members}
    return only(rows_of("csl-json", json.dumps([item])))


def test_a_record_of_ris_is_read_field_by_field() -> None:
    record = ris(
        "ID  - key1\nAU  - Watson, J. D.\nA1  - Crick, Francis, Jr.\nAU  - Madonna\nAB  - We wish\nT2  - Nature\n"
        "JO  - Nat.\nPY  - 1953\nDA  - 1953/04/25/\nDO  - doi:10.1038/171737A0\nUR  - see http\nUR  - https://a.org/x\n"
        "SN  - 0028-0836\nXX  - whatever\nN1  - Retracted: see elsewhere"
    )

    assert (record.source, record.source_id, record.title) == ("lab", "key1", "T")
    assert record.authors == (
        Author("J. D. Watson", "J. D.", "Watson"),
        Author("Madonna", None, "Madonna"),
        Author("Francis Crick Jr.", "Francis", "Crick Jr."),
    )
    assert (record.abstract, record.venue, record.type) == ("We wish", "Nature", "journal-article")
    assert (record.year, record.date, record.url) == (1953, "1953-04-25", "https://a.org/x")
    assert record.identifiers == (Identifier("doi", "10.1038/171737a0"), Identifier("local", "lab:key1"))
    assert record.retracted is True


@pytest.mark.parametrize(
    ("lines", "year", "date"),
    [
        ("PY  - 2001", 2001, "2001"),
        ("Y1  - 2001/02/03/Spring", 2001, "2001-02-03"),
        ("PY  - 2001///", 2001, "2001"),
        ("PY  - 2001/2/", 2001, "2001-02"),
        ("DA  - 2001-02-03", 2001, "2001-02-03"),
        ("DA  - 2001/02/31/", None, None),
        ("PY  - in press", None, None),
    ],
)
def test_dates_of_ris(lines: str, year: int | None, date: str | None) -> None:
    record = ris(lines)

    assert (record.year, record.date) == (year, date)


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ("AN  - 777\nDB  - PubMed", Identifier("pmid", "777")),
        ("AN  - 777\nDP  - MEDLINE (NLM)", Identifier("pmid", "777")),
        ("AN  - PMC5", Identifier("pmcid", "PMC5")),
        ("C2  - PMC5", Identifier("pmcid", "PMC5")),
        ("AN  - arXiv:1901.00001", Identifier("arxiv", "1901.00001")),
        ("AN  - 777\nDB  - Other", None),
        ("AN  - w_aaaaaaaaaaaa\nDB  - Other", None),
    ],
)
def test_accession_numbers_of_ris(lines: str, found: Identifier | None) -> None:
    identifiers = [one for one in ris(lines).identifiers if one.scheme != "local"]

    assert identifiers == ([found] if found else [])


def test_lines_without_a_tag_continue_the_value() -> None:
    record = ris("AB  - First line,\n   second line\nUK-based third\n\nKW  - k")

    assert record.abstract == "First line, second line UK-based third"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_marks_and_line_ends_are_no_matter(end: str) -> None:
    lines = ["\ufeffTY  - BOOK", "T1  - One", "ER  -", "", "TY  - CHAP", "CT  - Two", "ER  - "]

    rows = rows_of("ris", end.join(lines))

    assert [(row.line, row.record and row.record.title) for row in rows] == [(1, "One"), (5, "Two")]


def test_a_record_without_an_end_ends_where_the_next_begins() -> None:
    rows = rows_of("ris", "TY  - BOOK\nTI  - One\nTY  - BOOK\nTI  - Two\nER  - \nTY  - BOOK\nTI  - Three")

    assert [row.record and row.record.title for row in rows] == ["One", "Two", "Three"]


def test_a_bad_record_of_ris_costs_only_itself() -> None:
    rows = rows_of(
        "ris",
        b"1.\nTY  - BOOK\nTI  - One\nER  - \nAU  - lost\nTY  - BOOK\nAU  - x\nER  - \n"
        b"TY  - BOOK\nTI  - Caf\xe9\nER  - \nTY  - BOOK\nTI  - Two\nER  - \n",
    )

    assert [(row.line, row.reason) for row in rows] == [
        (2, None),
        (6, "the record has no title"),
        (9, "the record is not UTF-8: convert the file and import it again"),
        (12, None),
    ]


@pytest.mark.slow
def test_a_record_of_more_than_ten_megabytes_is_rejected() -> None:
    long = "TY  - BOOK\nTI  - One\n" + "AU  - x\n" * 600_000

    rows = rows_of("ris", f"{long}TY  - BOOK\nTI  - Two\n")

    assert [row.reason for row in rows] == ["the record is longer than 10 MB", None]


def test_records_without_an_id_are_told_apart_and_found_again() -> None:
    text = "TY  - BOOK\nTI  - One\nER  - \nTY  - BOOK\nTI  - Two\nER  - \nTY  - BOOK\nTI  - Two\nDO  - 10.1/x\nER  - \n"

    ids = [row.record.source_id for row in rows_of("ris", text) if row.record]

    assert len(set(ids)) == 3
    assert ids[2] == "10.1/x"
    assert ids == [row.record.source_id for row in rows_of("ris", text) if row.record]


@pytest.mark.parametrize("text", ["no tags at all\n", "TI  - title alone\n"])
def test_what_has_no_record_is_not_ris(text: str) -> None:
    with pytest.raises(UnreadableInput):
        rows_of("ris", text)


def test_an_item_of_csl_is_read_field_by_field() -> None:
    record = csl(
        author=[
            {"family": "Berg", "given": "Hans", "non-dropping-particle": "van den", "suffix": "III"},
            {"literal": "WHO"},
            {"family": "Plato"},
            {"given": 7},
            "nobody",
        ],
        issued={"date-parts": [["1953", 4, "25"]]},
        abstract="<p>We <i>wish</i></p>",
        **{
            "container-title": "Nature",
            "DOI": "10.1038/171737A0",
            "PMID": 777,
            "PMCID": "PMC5",
            "URL": "https://a.org",
        },
    )

    assert (record.source, record.source_id, record.type) == ("lab", "key", "journal-article")
    assert record.authors == (
        Author("Hans van den Berg III", "Hans", "van den Berg III"),
        Author("WHO"),
        Author("Plato", None, "Plato"),
    )
    assert (record.year, record.date, record.abstract, record.venue) == (
        1953,
        "1953-04-25",
        "We wish",
        "Nature",
    )
    assert [one.value for one in record.identifiers] == ["10.1038/171737a0", "777", "PMC5", "lab:key"]


@pytest.mark.parametrize(
    ("issued", "year", "date"),
    [
        ({"date-parts": [[2001]]}, 2001, "2001"),
        ({"date-parts": [[2001, 2], [2002]]}, 2001, "2001-02"),
        ({"date-parts": [[2001, 13]]}, 2001, "2001"),
        ({"date-parts": [[]]}, None, None),
        ({"raw": "2001-02-03"}, 2001, "2001-02-03"),
        ({"raw": "Spring 2001"}, None, None),
        ("2001-02", 2001, "2001-02"),
        ({"literal": "forthcoming"}, None, None),
        (7, None, None),
    ],
)
def test_dates_of_csl(issued: object, year: int | None, date: str | None) -> None:
    record = csl(issued=issued)

    assert (record.year, record.date) == (year, date)


@pytest.mark.parametrize(
    ("members", "venue", "work_type"),
    [
        ({"type": "book", "publisher": "P"}, "P", "book"),
        ({"type": "thesis", "publisher": "University"}, "University", "dissertation"),
        ({"type": "article-journal", "publisher": "P"}, None, "journal-article"),
        ({"type": "paper-conference", "container-title": "C"}, "C", "proceedings-article"),
        ({"type": "motion_picture"}, None, None),
    ],
)
def test_kinds_and_venues_of_csl(
    members: dict[str, object], venue: str | None, work_type: str | None
) -> None:
    record = csl(**members)

    assert (record.venue, record.type) == (venue, work_type)


@pytest.mark.parametrize("lay_out", ["[%s,%s]", "%s\n%s\n", "[\n%s\n]\n[%s]"])
def test_items_stand_in_arrays_or_on_lines(lay_out: str) -> None:
    one, two = (json.dumps({"id": each, "type": "book", "title": each}) for each in ("a", "b"))

    assert [row.record and row.record.source_id for row in rows_of("csl-json", lay_out % (one, two))] == [
        "a",
        "b",
    ]


def test_a_bad_item_costs_only_itself() -> None:
    rows = rows_of(
        "csl-json", '[{"id": "a", "title": "A"},{"title": "B"},\n{"id": "c"},7,{"id": "d", "title": "D"}]'
    )

    assert [row.record.source_id if row.record else None for row in rows] == ["a", None, None, None, "d"]
    assert rows[2].line == 2


def test_a_type_or_date_that_somebody_changed_in_an_export_counts() -> None:
    custom = {"work_id": "w_aaaaaaaaaaaa", "type": "journal-article", "year": 1999, "date": "1999"}

    kept = csl(issued={"date-parts": [[1999]]}, custom=custom)
    changed = csl(type="book", issued={"date-parts": [[2000, 1]]}, custom=custom)

    assert (kept.source_id, kept.type, kept.date) == ("w_aaaaaaaaaaaa", "journal-article", "1999")
    assert (changed.type, changed.year, changed.date) == ("book", 2000, "2000-01")


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("ris", b"\xef\xbb\xbfTY  - JOUR\r\nTI  - x"),
        ("ris", b"\n\nTY - JOUR\nAU - x\n"),
        ("ris", b"Provider: somebody\nContent: text\n\nTY  - JOUR\n"),
        ("csl-json", b'[{"id": "http://zotero.org/items/1", "type": "book", "title": "x"}]'),
        ("csl-json", b'{"type": "article-journal", "id": 7, "DOI": "10.1/x"}'),
        ("crossref", b'{"DOI": "10.1/x", "type": "article-journal", "title": "x"}'),
        ("openalex", b'{"id": "https://openalex.org/W1", "type": "book", "title": "x", "authorships": []}'),
        ("ndjson", b'{"id": "w_aaaaaaaaaaaa", "type": "book", "title": "x", "url": null}'),
        ("csv", b'"id","title"\r\nw_aaaaaaaaaaaa,x'),
        ("csv", b"\xef\xbb\xbftitle,id,year\n"),
    ],
)
def test_each_format_is_told_from_the_others(name: str, head: bytes) -> None:
    found = recognise(head)
    assert found is not None
    assert name == found.NAME


@pytest.mark.parametrize("name", ["ris", "csl-json"])
def test_records_that_are_not_ours_need_a_namespace(name: str) -> None:
    text = {"ris": "TY  - BOOK\nTI  - One\nER  - \n", "csl-json": '{"id": "a", "title": "A"}'}[name]

    with pytest.raises(UnreadableInput, match="--namespace NAME"):
        rows_of(name, text, None)
    with pytest.raises(UnreadableInput, match="name of a source"):
        rows_of(name, text, "export")
