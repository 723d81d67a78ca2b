"""nDCG@10 and recall@100 of lexical search over judged collections, for several weights of the title."""

from __future__ import annotations

import json
import math
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import structlog

from research_api.catalog import translate
from research_api.catalog.indexer import TantivyIndexer
from research_api.catalog.layout import IndexLayout
from research_api.catalog.reading import open_records
from research_api.catalog.searcher import TantivySearcher
from research_api.domain.index import IndexRequest
from research_api.domain.merging import merge_records, seed_of
from research_api.domain.query import parse_lenient
from research_api.domain.search import Filters, Sort
from research_api.domain.works import work_id_from_number, work_id_from_seed
from tests.catalog.fakes import FakeChangeFeed

WEIGHTS = (0.0, 0.15, 0.2, 0.3, 0.5, 1.0)
DEPTH, SHORT = 100, 10


@dataclass(frozen=True, slots=True)
class Collection:
    """An indexed collection with its queries and graded judgements; names: work id -> id in the collection."""

    searcher: TantivySearcher
    names: dict[str, str]
    queries: dict[str, str]
    judgements: dict[str, dict[str, int]]


def load(folder: Path) -> Collection:
    """The collection of a folder with corpus.jsonl, queries.jsonl and qrels/*.tsv."""
    feed = FakeChangeFeed()
    names = {}
    with open_records(str(folder / "corpus.jsonl"), "collection", folder.name) as records:
        for row in records.rows:
            if row.record is not None:
                work = merge_records(work_id_from_seed(seed_of(row.record)), [row.record])
                names[work.id] = row.record.source_id
                feed.put(work)
    layout = IndexLayout(Path(tempfile.mkdtemp()))
    TantivyIndexer(layout, feed, host="eval").apply()
    lines = (json.loads(line) for line in (folder / "queries.jsonl").open())
    judgements: dict[str, dict[str, int]] = defaultdict(dict)
    for path in (folder / "qrels").glob("*.tsv"):
        for line in path.read_text().splitlines()[1:]:
            query, work_name, grade = line.split("\t")
            judgements[query][work_name] = int(grade)
    return Collection(TantivySearcher(layout), names, {one["_id"]: one["text"] for one in lines}, judgements)


def measure(collection: Collection) -> tuple[float, float]:
    """nDCG@10 and recall@100, means over the judged queries."""
    gains, recalls = [], []
    for name, grades in collection.judgements.items():
        query = parse_lenient(collection.queries[name]).query
        wanted = sum(grade > 0 for grade in grades.values())
        if query is None or not wanted:
            continue
        hits = collection.searcher.search(IndexRequest(query, False, Filters(), Sort.RELEVANCE, (), DEPTH))
        found = [grades.get(collection.names[work_id_from_number(one)], 0) for one in hits.numbers]
        best = sorted(grades.values(), reverse=True)[:SHORT]
        gains.append(_discounted(found[:SHORT]) / _discounted(best))
        recalls.append(sum(grade > 0 for grade in found) / wanted)
    return sum(gains) / len(gains), sum(recalls) / len(recalls)


def _discounted(grades: list[int]) -> float:
    return sum(grade / math.log2(place + 2) for place, grade in enumerate(grades))


def main(folder: Path) -> None:
    """A line a weight, a column a collection."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    collections = {one.name: load(one) for one in sorted(folder.iterdir()) if (one / "qrels").is_dir()}
    print("weight", *collections, sep="\t")
    for weight in WEIGHTS:
        translate.TITLE_WEIGHT = weight or 1e-9
        figures = ("{:.3f}/{:.3f}".format(*measure(one)) for one in collections.values())
        print(weight, *figures, sep="\t")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
