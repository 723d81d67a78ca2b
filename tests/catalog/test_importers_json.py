"""JSON is read record by record; a bad record costs itself and nothing else."""

from __future__ import annotations

import io
import json
import tracemalloc
from collections.abc import Iterator

import pytest

from research_api.catalog.importers import Row, UnreadableInput
from research_api.catalog.importers.json_records import leading_members, read_json
from research_api.catalog.importers.json_text import MAX_RECORD_BYTES
from research_api.domain.works import Record
from research_api.records.errors import Rejected


def to_record(members: dict[str, object]) -> Record:
    if "id" not in members:
        raise Rejected("no id")
    return Record(source="test", source_id=str(members["id"]), title="Title")


def outcome(data: bytes | str, *, pages: bool = False) -> list[str]:
    """The ids read, and the line and reason of what was not."""
    stream = io.BytesIO(data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data)
    return [told(row) for row in read_json(stream, to_record, pages=pages)]


def told(row: Row) -> str:
    assert (row.record is None) != (row.reason is None)
    return row.record.source_id if row.record else f"{row.line}: {row.reason}"


def test_each_line_is_a_record_and_empty_lines_are_none() -> None:
    assert outcome('\ufeff{"id": 1}\r\n\n  \n{"id": 2}\n{"id": 3}') == ["1", "2", "3"]
    assert outcome("") == outcome(" \n ") == []


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ('{"id": 1, "title": "cut', "Invalid control character"),
        ('{"id": [1,', "not valid JSON"),
        ("{'id': 1}", "double quotes"),
        ("rubbish", "Expecting value"),
        ('{"id": NaN}', "NaN is not a JSON value"),
        ('{"id": -Infinity}', "-Infinity is not a JSON value"),
        ('{"id": 1, "id": 2}', "stands twice"),
        ('{"id": 1, "x": {"a": 1, "a": 1}}', "stands twice"),
        ('{"id": ' + "9" * 5_000 + "}", "too many digits"),
        ("[" * 100_000, "nested too deeply"),
        ('{"id":' * 100_000, "nested too deeply"),
        ('{"id": "\udcff"}', "not UTF-8"),
        ('["id"]', "not a JSON object"),
        ('"id"', "not a JSON object"),
        ("17", "not a JSON object"),
        ("null", "not a JSON object"),
        ("{}", "no id"),
        ('{"id": 1} trailing', "Expecting value"),
    ],
)
def test_a_bad_line_is_rejected_with_a_reason_and_the_next_is_read(bad: str, reason: str) -> None:
    told = outcome(f'{{"id": "before"}}\n{bad}\n{{"id": "after"}}\n')

    rejects = [line for line in told if line.startswith("2: ")]
    assert len(rejects) == 1
    assert reason in rejects[0]
    assert told[0] == "before"
    assert told[-1] == "after"


def test_a_line_over_ten_megabytes_is_rejected_and_the_next_is_read() -> None:
    whole = '{"id": "%s"}\n' % ("x" * MAX_RECORD_BYTES)
    open_ended = '{"id": "' + "x" * 2 * MAX_RECORD_BYTES + "\n"
    wide = '{"id": "%s"}\n' % ("é" * (MAX_RECORD_BYTES // 2))

    told = outcome(f'{whole}{{"id": 1}}\n{open_ended}{{"id": 2}}\n{wide}{{"id": 3}}\n')

    too_long = "the record is longer than 10 MB"
    assert told == [f"1: {too_long}", "1", f"3: {too_long}", "2", f"5: {too_long}", "3"]


def test_a_record_just_under_ten_megabytes_is_read() -> None:
    record = '{"id": 7, "text": "%s"}' % ("x" * (MAX_RECORD_BYTES - 1_000))

    assert outcome(f"{record}\n{record}\n") == ["7", "7"]


@pytest.mark.parametrize("indent", [None, 2])
def test_pages_give_their_records_however_they_are_laid_out(indent: int | None) -> None:
    page = {"meta": {"count": 2}, "results": [{"id": "a"}, {"id": "b"}], "group_by": []}
    answer = {"status": "ok", "message": {"facets": {}, "items": [{"id": "c"}], "total-results": 1}}
    single = {"status": "ok", "message-type": "work", "message": {"id": "d", "title": "Title"}}
    texts = [
        json.dumps(each, indent=indent)
        for each in (page, answer, single, {"id": "e"}, [{"id": "f"}, {"id": "g"}])
    ]

    for joint in ("", "\n", "\n\n"):
        assert outcome(joint.join(texts), pages=True) == list("abcdefg")


def test_lines_inside_a_page_are_counted() -> None:
    page = json.dumps({"results": [{"id": 1}, {"x": 1}]}, indent=1)

    assert outcome(page, pages=True) == ["1", "6: no id"]


def test_a_record_with_bad_content_costs_a_page_only_itself() -> None:
    page = '{"results": [{"id": 1}, {"id": NaN}, {"id": 2, "id": 3}, {"id": 4}]}'

    told = outcome(page, pages=True)

    assert told[0] == "1"
    assert told[-1] == "4"
    assert len(told) == 4


def test_a_page_broken_in_the_middle_says_so_once_and_the_next_is_read() -> None:
    broken = json.dumps({"results": [{"id": 1}, {"id": 2}, {"id": 3}]}, indent=1).replace('"id": 2', '"id" 2')
    whole = '{"results": [{"id": 4}]}'

    told = outcome(f"{broken}\n{whole}\n", pages=True)

    assert told[0] == "1"
    assert "what follows it in this list was not read" in told[1]
    assert told[2:] == ["4"]


@pytest.mark.parametrize(
    "page", ['{"meta": {"count": 0}}', '{"status": "failed", "message": [{"type": "x"}]}', '{"results": 5}']
)
def test_a_page_without_a_list_is_rejected(page: str) -> None:
    assert outcome(page, pages=True) == ["1: this page of an API holds no works"]


def test_an_empty_page_has_no_records() -> None:
    assert outcome('{"meta": {"count": 0}, "results": []}', pages=True) == []


def test_a_file_that_ends_inside_a_record_says_so() -> None:
    assert outcome('{"id": 1}\n{"id": 2, "ti') == ["1", "2: the file ends inside this record"]
    assert outcome('{"results": [{"id": 1}, ', pages=True)[1].startswith(
        "1: the file ends inside this record"
    )


@pytest.mark.parametrize(
    "data", [b"<?xml version='1.0'?>", b"\x89PNG\r\n\x1a\n\x00", "{}".encode("utf-16"), b"title,year"]
)
def test_what_is_no_json_at_all_is_unreadable(data: bytes) -> None:
    with pytest.raises(UnreadableInput, match="not JSON"):
        outcome(data)


def test_a_bad_first_line_does_not_make_the_rest_unreadable() -> None:
    assert outcome('rubbish\n{"id": 1}\n')[1:] == ["1"]


def test_values_are_whole_wherever_the_stream_is_cut() -> None:
    record = json.dumps({"id": "ünï𝔸", "a": [1.5e3, True, None, "😀\\"], "b": {"c": -12}}, ensure_ascii=False)
    escaped = json.dumps({"id": "ünï𝔸", "x": "\ud83d"})

    class Dribble(io.BytesIO):
        def read(self, _size: int | None = -1, /) -> bytes:
            return super().read(1)

    rows = read_json(Dribble(f"{record}\n{escaped}\n".encode() * 3), to_record)

    assert [told(row) for row in rows] == ["ünï𝔸"] * 6


def test_memory_stays_bounded_over_a_long_page() -> None:
    def chunks() -> Iterator[bytes]:
        yield b'{"results": ['
        for number in range(8_000):
            yield b'{"id": %d, "text": "%s"},' % (number, b"x" * 1_000)
        yield b'{"id": -1}]}'

    class Stream:
        def __init__(self) -> None:
            self.chunks = chunks()

        def read(self, _size: int, /) -> bytes:
            return next(self.chunks, b"")

    tracemalloc.start()
    read = sum(1 for row in read_json(Stream(), to_record, pages=True) if row.record)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert read == 8_001
    assert peak_bytes < 2_000_000


def test_leading_members_are_those_before_the_cut() -> None:
    assert leading_members(b'[{"id": 1, "a": {"b": 2}, "cut": "no en') == {
        "id": 1,
        "a": {"b": 2},
        "cut": None,
    }
    assert leading_members(b"<xml>") == leading_members(b"") == leading_members(b"{}") == {}
