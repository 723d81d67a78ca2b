"""Collections as they come: BEIR's and TREC's judgements, gzip, repeated ids; and what is said of bad ones."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from ops.eval.collections import Collection, find_collections, read_collection
from ops.eval.errors import MalformedCollection
from tests.conftest import SHARED_DATA

WORKS = [
    {"_id": "1", "title": "Water", "text": "It is wet."},
    {"_id": 2, "title": "Ice", "text": ""},
    {"_id": "3", "title": "", "text": "Steam is hot."},
]
QUERIES = [{"_id": "q1", "text": "wet"}, {"_id": 2, "text": "cold"}, {"_id": "q3", "text": "unjudged"}]
QRELS = "query-id\tcorpus-id\tscore\nq1\t1\t2\nq1\t2\t0\n2\t2\t1\n"


def json_lines(rows: Iterable[object]) -> str:
    """One object a line."""
    return "".join(json.dumps(row) + "\n" for row in rows)


def write(folder: Path, *, works: str | None = None, queries: str | None = None, **qrels: str) -> Path:
    """A collection in the folder, good but for what is given; the names of `qrels` are those of files."""
    (folder / "qrels").mkdir(parents=True)
    (folder / "corpus.jsonl").write_text(json_lines(WORKS) if works is None else works)
    (folder / "queries.jsonl").write_text(json_lines(QUERIES) if queries is None else queries)
    for name, text in (qrels or {"test": QRELS}).items():
        (folder / "qrels" / f"{name}.tsv").write_text(text)
    return folder


def read(folder: Path) -> Collection:
    """The only collection of the folder."""
    [parts] = find_collections(folder)
    return read_collection(parts)


def complaint(folder: Path) -> str:
    """What is said of the collection, which cannot be read."""
    with pytest.raises(MalformedCollection) as caught:
        read(folder)
    text = str(caught.value)
    assert "\n" not in text
    return text.replace(str(folder), "")


def test_a_collection_of_beir_is_read(tmp_path: Path) -> None:
    collection = read(write(tmp_path / "water"))

    assert collection.name == "water"
    assert collection.works == {"1", "2", "3"}
    assert collection.queries == {"q1": "wet", "2": "cold", "q3": "unjudged"}
    assert collection.judgements == {"q1": {"1": 2, "2": 0}, "2": {"2": 1}}
    assert collection.remarks == ("1 queries have no judgement above 0: asked, not scored",)


@pytest.mark.parametrize(
    "text",
    [
        "q1\t1\t2\nq1\t2\t0\n2\t2\t1\n",
        "q1 0 1 2\nq1 0 2 0\n2 0 2 1",
        "\ufeffquery-id\tcorpus-id\tscore\r\nq1\t1\t2\r\n\r\nq1\t2\t0\r\n2\t2\t1\r\n",
        "qid\tQ0\tdocid\trel\nq1\tQ0\t1\t2\nq1\tQ0\t2\t0\n2\tQ0\t2\t1\n",
    ],
    ids=["no header", "TREC's four columns", "mark, carriage returns, blank line", "another header"],
)
def test_judgements_may_be_written_in_other_ways(tmp_path: Path, text: str) -> None:
    collection = read(write(tmp_path / "c", test=text))

    assert collection.judgements == {"q1": {"1": 2, "2": 0}, "2": {"2": 1}}


def test_all_files_of_judgements_count_and_the_higher_grade_of_two(tmp_path: Path) -> None:
    collection = read(write(tmp_path / "c", dev="q1\t1\t1\nq1\t2\t3", test="q1\t1\t2\nq1\t2\t1\n2\t2\t1"))

    assert collection.judgements == {"q1": {"1": 2, "2": 3}, "2": {"2": 1}}


def test_an_id_may_have_blanks_where_tabs_part_the_columns(tmp_path: Path) -> None:
    works = json_lines([{"_id": "a b", "title": "Water", "text": ""}])

    collection = read(write(tmp_path / "c", works=works, test="q1\ta b\t1\n"))

    assert collection.judgements == {"q1": {"a b": 1}}
    assert collection.works == {"a b"}


def test_gzip_is_read_with_and_without_its_suffix(tmp_path: Path) -> None:
    folder = write(tmp_path / "c")
    (folder / "corpus.jsonl").unlink()
    (folder / "corpus.jsonl.gz").write_bytes(gzip.compress(json_lines(WORKS).encode()))
    (folder / "queries.jsonl").write_bytes(gzip.compress(json_lines(QUERIES).encode()))

    collection = read(folder)

    assert (len(collection.works), len(collection.queries)) == (3, 3)


def test_what_is_odd_is_counted_and_said(tmp_path: Path) -> None:
    works = json_lines(
        [*WORKS, {"_id": "1", "title": "Again", "text": ""}, {"_id": "4", "title": "", "text": ""}]
    )
    queries = json_lines([*QUERIES, {"_id": "q1", "text": "the last one"}])
    judged = "q1\t1\t1\nq1\tnowhere\t1\nq1\t4\t2\nnobody\t1\t1\nq3\t1\t0\n"

    collection = read(write(tmp_path / "c", works=works, queries=queries, test=judged))

    assert collection.queries["q1"] == "the last one"
    assert collection.judgements == {"q1": {"1": 1, "nowhere": 1, "4": 2}}
    assert collection.remarks == (
        "1 records of the corpus are rejected",
        "1 records repeat an id of the corpus: the last one counts",
        "1 query ids stand there more than once: the last text counts",
        "2 queries have no judgement above 0: asked, not scored",
        "1 judged queries have no text: left out",
        "2 judgements name works that are not in the corpus: never found",
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("q1\t1\t1\nq1\t2\n", "/qrels/test.tsv:2: a judgement has the columns"),
        ("q1\t1\t1\n\nq1\t2\t1\textra\tmore\n", "/qrels/test.tsv:3: a judgement has the columns"),
        ("q1\t\t1\n", "/qrels/test.tsv:1: a judgement has the columns"),
        ("q1\t1\thigh\n", "/qrels/test.tsv:1: the grade 'high' is not a whole number."),
        ("q1\t1\t0.5\n", "/qrels/test.tsv:1: the grade '0.5' is not a whole number."),
        ("query-id\tcorpus-id\tscore\n", "/queries.jsonl: none of its queries has a judgement above 0."),
        ("q1\t1\t0\n", "/queries.jsonl: none of its queries has a judgement above 0."),
    ],
)
def test_bad_judgements_are_told_with_file_and_line(tmp_path: Path, text: str, expected: str) -> None:
    assert complaint(write(tmp_path / "c", test=text)).startswith(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"_id": "q1", "text": "wet"}\n{"_id": "q2"', "/queries.jsonl:2: this line is not JSON."),
        ('{"_id": "q1"}', '/queries.jsonl:1: a query is {"_id": "...", "text": "..."}.'),
        ('{"_id": true, "text": "wet"}', '/queries.jsonl:1: a query is {"_id": "...", "text": "..."}.'),
        ("[1]", '/queries.jsonl:1: a query is {"_id": "...", "text": "..."}.'),
    ],
)
def test_bad_queries_are_told_with_file_and_line(tmp_path: Path, text: str, expected: str) -> None:
    assert complaint(write(tmp_path / "c", queries=text)) == expected


def test_bytes_that_break_off_are_told(tmp_path: Path) -> None:
    folder = write(tmp_path / "c")
    (folder / "queries.jsonl").write_bytes(gzip.compress(json_lines(QUERIES).encode())[:-9])
    (folder / "qrels" / "test.tsv").write_bytes(b"q1\t1\t1\nq1\t\xff\t1\n")

    assert complaint(folder).startswith("/queries.jsonl: cannot be read")
    (folder / "queries.jsonl").write_text(json_lines(QUERIES))
    assert complaint(folder).startswith("/qrels/test.tsv: not UTF-8")


@pytest.mark.parametrize("text", ["", "not JSON\n", '{"_id": "1", "title": "", "text": ""}\n'])
def test_a_corpus_without_works_is_told(tmp_path: Path, text: str) -> None:
    assert complaint(write(tmp_path / "c", works=text)).startswith("/corpus.jsonl: ")


def test_a_folder_without_collections_is_told(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "readme.txt").write_text("nothing")

    with pytest.raises(MalformedCollection, match="no collection in it"):
        find_collections(tmp_path)
    with pytest.raises(MalformedCollection, match="no such folder"):
        find_collections(tmp_path / "absent")


def test_half_a_collection_is_told(tmp_path: Path) -> None:
    (write(tmp_path / "c") / "queries.jsonl").unlink()

    with pytest.raises(MalformedCollection, match=r"/c: queries\.jsonl not there\."):
        find_collections(tmp_path)


def test_a_folder_has_its_collections_in_order_and_may_be_one(tmp_path: Path) -> None:
    for name in ("b", "a"):
        write(tmp_path / name)

    assert [parts.name for parts in find_collections(tmp_path)] == ["a", "b"]
    assert [parts.name for parts in find_collections(tmp_path / "b")] == ["b"]


@pytest.mark.skipif(not (SHARED_DATA / "collections").is_dir(), reason="../shared/data is not there")
def test_real_collections_are_read_whole() -> None:
    """Two works of Cranfield have neither title nor text."""
    read_ones = [read_collection(one) for one in find_collections(SHARED_DATA / "collections")]

    assert {one.name: (len(one.works), len(one.judgements)) for one in read_ones} == {
        "cacm": (3204, 52),
        "cisi": (1460, 76),
        "cranfield": (1398, 225),
        "scifact": (5183, 809),
    }
