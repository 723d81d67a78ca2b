"""CSV and NDJSON are read where they are ours, and say what is wrong where not."""

from __future__ import annotations

import io

import pytest

from research_api.catalog.importers import Row, UnreadableInput, formats
from research_api.domain.works import Author
from tests.catalog.exported import exported
from tests.web.fakes import WORK


def rows_of(name: str, text: str | bytes) -> list[Row]:
    data = text if isinstance(text, bytes) else text.encode()
    return list(formats()[name].read(io.BytesIO(data), None))


@pytest.mark.parametrize(
    "text",
    [
        "name,price\r\nx,1\r\n",
        "title,year\nx,1\n",
        "id\nw_aaaaaaaaaaaa\n",
        "id,title,colour\n",
        "just text\nx\n",
    ],
)
def test_a_foreign_csv_is_refused_with_what_to_do(text: str) -> None:
    with pytest.raises(UnreadableInput, match="no export of this service"):
        rows_of("csv", text)


def test_columns_may_be_moved_and_left_out() -> None:
    [row] = rows_of("csv", "year,id,title\r\n1905,w_aaaaaaaaaaaa,'=T\r\n")

    assert row.record is not None
    assert (row.record.title, row.record.year) == ("=T", 1905)


def test_a_bad_row_costs_only_itself_and_is_told_with_its_line() -> None:
    rows = rows_of(
        "csv",
        b"id,title\r\nw_aaaaaaaaaaaa,One\r\nw_b,Two\r\nw_aaaaaaaaaaaa,x,y\r\n\r\nw_aaaaaaaaaaaa,Caf\xe9\r\n"
        b'w_aaaaaaaaaaaa,"Two\r\nlines"\r\nw_aaaaaaaaaaaa,\r\n',
    )

    assert [(row.line, row.reason) for row in rows] == [
        (2, None),
        (3, "the row has no id of a work (w_ and 12 characters)"),
        (4, "the row has 3 cells, the header 2"),
        (6, "the record is not UTF-8: convert the file and import it again"),
        (7, None),
        (9, "the record has no title"),
    ]
    assert rows[4].record is not None
    assert rows[4].record.title == "Two lines"


@pytest.mark.slow
def test_a_quote_that_is_never_closed_costs_ten_megabytes_at_most() -> None:
    row = "w_aaaaaaaaaaaa,x\n"

    rows = rows_of("csv", f'id,title\n{row}w_aaaaaaaaaaaa,"never closed\n' + row * 610_000)

    assert rows[0].record is not None
    assert [one.reason for one in rows if one.reason] == ["the record is longer than 10 MB"]
    assert len(rows) > 10_000


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("A B", ["A B"]),
        ("A B; C D", ["A B", "C D"]),
        ("A\\; B; C\\\\", ["A; B", "C\\"]),
        ("A;B;", ["A", "B"]),
        ("'; A", ["'", "A"]),
        ("lone\\", ["lone\\"]),
        ("", []),
    ],
)
def test_lists_are_taken_apart_as_the_manual_says(cell: str, names: list[str]) -> None:
    [row] = rows_of("csv", f'id,title,authors\nw_aaaaaaaaaaaa,T,"{cell}"\n'.replace("'; A", "''; A"))

    assert row.record is not None
    assert [author.name for author in row.record.authors] == names


def test_authors_keep_their_orcids_whatever_is_missing() -> None:
    text = exported("csv", [WORK], ["title", "authors"])
    fixed = text.replace("0000-0000-0000-0001", "0000-0002-1825-0097")

    [row] = rows_of("csv", fixed)

    assert row.record is not None
    assert row.record.authors == (Author("A. Einstein", orcid="0000-0002-1825-0097"), Author("M. Grossmann"))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"id": "w_aaaaaaaaaaaa"}', "the record has no title"),
        ('{"title": "T"}', "the line has no id of a work (w_ and 12 characters)"),
        ('{"id": 7, "title": "T"}', "the line has no id of a work (w_ and 12 characters)"),
        ("[]", "not a JSON object: a record stands between { and }"),
    ],
)
def test_a_bad_line_costs_only_itself(line: str, reason: str) -> None:
    good = '{"id": "w_aaaaaaaaaaaa", "title": "T"}\n'

    assert [row.reason for row in rows_of("ndjson", f"{good}{line}\n{good}")] == [None, reason, None]
