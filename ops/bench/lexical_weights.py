"""nDCG@10 and recall@100 of lexical search over judged collections, for several weights of the title."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import structlog

from ops.eval.collections import Collection, find_collections, read_collection, read_records
from ops.eval.metrics import RECALL_DEPTH, mean, ndcg, recall
from research_api.catalog import translate
from research_api.catalog.indexer import TantivyIndexer
from research_api.catalog.layout import IndexLayout
from research_api.catalog.searcher import TantivySearcher
from research_api.domain.index import IndexRequest
from research_api.domain.merging import merge_records, seed_of
from research_api.domain.query import parse_lenient, repeated_words
from research_api.domain.search import Filters, Sort
from research_api.domain.works import work_id_from_number, work_id_from_seed
from tests.catalog.fakes import FakeChangeFeed

WEIGHTS = (0.0, 0.15, 0.2, 0.3, 0.5, 1.0)


@dataclass(frozen=True, slots=True)
class Indexed:
    """A collection and an index of its works; names: work id -> id in the collection."""

    collection: Collection
    searcher: TantivySearcher
    names: dict[str, str]


def index(collection: Collection) -> Indexed:
    """The collection, indexed in a temporary folder, without a database."""
    feed, names = FakeChangeFeed(), {}
    for record in read_records(collection.parts.corpus):
        if record is not None:
            work = merge_records(work_id_from_seed(seed_of(record)), [record])
            names[work.id] = record.source_id
            feed.put(work)
    layout = IndexLayout(Path(tempfile.mkdtemp()))
    TantivyIndexer(layout, feed, host="eval").apply()
    return Indexed(collection, TantivySearcher(layout), names)


def measure(indexed: Indexed) -> tuple[float, float]:
    """nDCG@10 and recall@100, means over the judged queries."""
    collection = indexed.collection
    scored = [
        (found(indexed, collection.queries[query]), grades) for query, grades in collection.judgements.items()
    ]
    return (
        mean([ndcg(works, grades) for works, grades in scored]),
        mean([recall(works, grades) for works, grades in scored]),
    )


def found(indexed: Indexed, text: str) -> list[str]:
    """The collection's ids of what the index finds for the text, asked as a search in mode lexical asks it."""
    query = parse_lenient(text).query
    if query is None:
        return []
    request = IndexRequest(
        query, False, Filters(), Sort.RELEVANCE, (), RECALL_DEPTH, repeats=repeated_words(text)
    )
    return [indexed.names[work_id_from_number(one)] for one in indexed.searcher.search(request).numbers]


def main(folder: Path) -> None:
    """A line a weight, a column a collection."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    collections = [index(read_collection(parts)) for parts in find_collections(folder)]
    print("weight", *(one.collection.name for one in collections), sep="\t")
    for weight in WEIGHTS:
        translate.TITLE_WEIGHT = weight or 1e-9
        figures = ("{:.3f}/{:.3f}".format(*measure(one)) for one in collections)
        print(weight, *figures, sep="\t")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
