"""How much of the true list the graph finds, with and without filters."""

from __future__ import annotations

import psycopg2
from pgvector import HalfVector

from ops.bench.system import System
from research_api.catalog.layout import IndexLayout
from research_api.catalog.searcher import TantivySearcher
from research_api.db.engine import Database
from research_api.db.vectors import PostgresVectorStore, partition_name
from research_api.domain.index import IndexRequest
from research_api.domain.query import parse_lenient
from research_api.domain.search import Filters, Sort
from research_api.domain.vectors import Embedder, EmbeddingModel, Matrix, numbers_from_ids
from research_api.services.near import NearWorks
from research_api.services.vector_search import Encoded, VectorSearch

LIST = 200
QUERIES = 40
# a share of the years 1950 to 2024, from which the copies have theirs
FILTERS = {
    "no filter": Filters(),
    "half": Filters(year_from=1988),
    "a tenth": Filters(year_from=2017, year_to=2024),
    "a twentieth": Filters(year_from=1990, year_to=1993),
    "a fortieth": Filters(year_from=1990, year_to=1991),
    "one type": Filters(types=("journal-article",)),
    "a thousandth": Filters(year_from=1990, year_to=1991, types=("journal-article",)),
}


def recalls(system: System, model: EmbeddingModel, embedder: Embedder, texts: list[str]) -> dict[str, float]:
    """For each filter the mean share of the true 200 nearest works among those that a search would look at."""
    url = system.database_url()
    database = Database("postgresql+psycopg2://" + url.partition("://")[2], 1)
    store = PostgresVectorStore(database)
    index = TantivySearcher(IndexLayout(system.data_dir / "index"))
    search = VectorSearch(store, loader=None)  # type: ignore[arg-type] # nothing is loaded: the vectors are given
    near = NearWorks(index, search)
    found: dict[str, list[float]] = {name: [] for name in FILTERS}
    for text in texts[:QUERIES]:
        vector, query = embedder.embed_query(text), parse_lenient(text).query
        for name, filters in FILTERS.items():
            if query is None:
                continue
            asked = IndexRequest(query, False, filters, Sort.RELEVANCE, (), LIST)
            listed = near.find(Encoded(model, vector, -1.0), asked, LIST)
            if wanted := _scanned(url, model, vector, filters):
                found[name].append(len(wanted & set(listed.numbers)) / len(wanted))
    database.close()
    # in a small trial a narrow filter leaves nothing to find
    return {name: sum(values) / max(len(values), 1) for name, values in found.items()}


def _scanned(url: str, model: EmbeddingModel, vector: Matrix, filters: Filters) -> set[int]:
    """The true list: every vector is compared."""
    statement = (
        f"SELECT v.work_id FROM {partition_name(model.number)} AS v JOIN works AS w ON w.id = v.work_id"  # noqa: S608 - a number
        " WHERE coalesce(w.year >= %(first)s, %(first)s IS NULL) AND coalesce(w.year <= %(last)s, %(last)s IS NULL)"
        " AND coalesce(w.type = ANY(%(types)s), %(types)s IS NULL)"
        " ORDER BY (v.embedding <#> %(vector)s::halfvec) + 0 LIMIT %(limit)s"
    )
    values = {
        "first": filters.year_from,
        "last": filters.year_to,
        "types": list(filters.types) or None,
        "vector": HalfVector(vector).to_text(),
        "limit": LIST,
    }
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(statement, values)
        ids = [row[0] for row in cursor.fetchall()]
    return set(numbers_from_ids(ids).tolist())
