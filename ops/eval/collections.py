"""Reads retrieval collections as BEIR lays them out: corpus.jsonl, queries.jsonl, qrels/*.tsv.

The corpus and the queries may be gzip, with or without `.gz` in their names. The corpus is read as
`flask catalog import` reads it.
"""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from ops.eval.errors import MalformedCollection
from ops.eval.judgements import Judgements, read_judgements
from ops.eval.lines import numbered
from research_api.catalog.reading import open_records
from research_api.domain.errors import Invalid
from research_api.domain.works import Record

# of the works' identifiers.local; each collection has a catalog of its own, so one name does for all
NAMESPACE = "eval"
_GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Parts:
    """Where the parts of a collection lie."""

    name: str
    corpus: Path
    queries: Path
    qrels: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection that was read.

    works: the ids of its works, as the corpus gives them. judgements: query -> work -> grade, of the queries that
    have a text and at least one grade above 0. remarks: what was left out or looks odd, a sentence each.
    """

    parts: Parts
    works: frozenset[str]
    queries: dict[str, str]
    judgements: Judgements
    remarks: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name of its folder."""
        return self.parts.name


def find_collections(folder: Path) -> list[Parts]:
    """The collections in the folder, by name; or the folder itself, if it is one.

    Raises MalformedCollection where there is none, and where a part of one is missing.
    """
    if not folder.is_dir():
        raise MalformedCollection(f"{folder}: there is no such folder.")
    here = _parts_of(folder)
    found = [here] if here else [parts for one in sorted(folder.iterdir()) if (parts := _parts_of(one))]
    if not found:
        raise MalformedCollection(
            f"{folder}: no collection in it. One is a folder with corpus.jsonl, queries.jsonl and qrels/*.tsv."
        )
    return found


def read_collection(parts: Parts) -> Collection:
    """The collection. Raises MalformedCollection, with file and line where there is one."""
    works, remarks = _read_works(parts.corpus)
    queries, repeated = _read_queries(parts.queries)
    judged = read_judgements(parts.qrels)
    positive = {one: grades for one, grades in judged.items() if max(grades.values()) > 0}
    kept = {one: grades for one, grades in positive.items() if one in queries}
    if not kept:
        raise MalformedCollection(f"{parts.queries}: none of its queries has a judgement above 0.")
    unknown = sum(work not in works for grades in kept.values() for work in grades)
    counted = (
        (repeated, "query ids stand there more than once: the last text counts"),
        (len(queries.keys() - positive.keys()), "queries have no judgement above 0: asked, not scored"),
        (len(positive.keys() - queries.keys()), "judged queries have no text: left out"),
        (unknown, "judgements name works that are not in the corpus: never found"),
    )
    remarks += [f"{count:,} {what}" for count, what in counted if count]
    return Collection(parts, works, queries, kept, tuple(remarks))


def read_records(corpus: Path) -> Iterator[Record | None]:
    """The records of a corpus in order, None for each that is rejected. Raises MalformedCollection."""
    try:
        with open_records(str(corpus), "collection", NAMESPACE) as records:
            for row in records.rows:
                yield row.record
    except (Invalid, OSError) as error:
        raise MalformedCollection(f"{corpus}: {error}") from error


def _parts_of(folder: Path) -> Parts | None:
    """None where the folder has nothing of a collection. Raises MalformedCollection where it has some of it."""
    corpus, queries = _file(folder, "corpus.jsonl"), _file(folder, "queries.jsonl")
    qrels = tuple(sorted((folder / "qrels").glob("*.tsv")))
    if corpus is not None and queries is not None and qrels:
        return Parts(folder.resolve().name, corpus, queries, qrels)
    missing = {"corpus.jsonl": corpus, "queries.jsonl": queries, "qrels/*.tsv": qrels}
    absent = [name for name, part in missing.items() if not part]
    if len(absent) == len(missing):
        return None
    raise MalformedCollection(f"{folder}: {' and '.join(absent)} not there.")


def _file(folder: Path, name: str) -> Path | None:
    return next((path for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)


def _read_works(corpus: Path) -> tuple[frozenset[str], list[str]]:
    ids = [record.source_id if record is not None else None for record in read_records(corpus)]
    works = frozenset(one for one in ids if one is not None)
    if not works:
        raise MalformedCollection(f"{corpus}: no work in it that can be imported.")
    rejected = ids.count(None)
    counted = (
        (rejected, "records of the corpus are rejected"),
        (len(ids) - rejected - len(works), "records repeat an id of the corpus: the last one counts"),
    )
    return works, [f"{count:,} {what}" for count, what in counted if count]


def _read_queries(path: Path) -> tuple[dict[str, str], int]:
    """The texts by id, and how many lines repeat an id."""
    queries: dict[str, str] = {}
    lines = 0
    for place, line in numbered(path, _opened(path)):
        name, text = _query(place, line)
        queries[name] = text
        lines += 1
    return queries, lines - len(queries)


def _opened(path: Path) -> TextIO:
    with path.open("rb") as file:
        is_gzip = file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
    return io.TextIOWrapper(gzip.open(path) if is_gzip else path.open("rb"), encoding="utf-8-sig")


def _query(place: str, line: str) -> tuple[str, str]:
    try:
        query = json.loads(line)
    except ValueError as error:
        raise MalformedCollection(f"{place}: this line is not JSON.") from error
    name, text = (query.get("_id"), query.get("text")) if isinstance(query, dict) else (None, None)
    # a boolean is an integer to Python
    if type(name) not in (int, str) or not isinstance(text, str):
        raise MalformedCollection(f'{place}: a query is {{"_id": "...", "text": "..."}}.')
    return str(name), text
