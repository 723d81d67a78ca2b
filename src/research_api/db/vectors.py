"""Nearest works by pgvector."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import sqlalchemy as sa
from pgvector import HalfVector

from research_api.db.engine import Database
from research_api.db.tables import embedding_models
from research_api.domain.neighbours import Reach
from research_api.domain.search import Filters
from research_api.domain.vectors import (
    EmbeddingModel,
    Matrix,
    ModelRole,
    Neighbours,
    Numbers,
    ids_from_numbers,
    numbers_from_ids,
)

# where a filter leaves too few of them, the scan goes on for so many works, and remembers them in so many times the
# memory of a sort (4 MB): of a million works a tenth was scanned with it at a recall of .95
MAX_SCANNED, SCAN_MEMORY = 60_000, 4
_HEADER_BYTES = 4

# one message and one implicit transaction: the settings end with it
_SETTINGS = (
    "SELECT set_config('hnsw.ef_search', '{candidates}', true),"
    " set_config('hnsw.iterative_scan', 'relaxed_order', true),"
    f" set_config('hnsw.max_scan_tuples', '{MAX_SCANNED}', true),"
    f" set_config('hnsw.scan_mem_multiplier', '{SCAN_MEMORY}', true),"
    " set_config('enable_sort', 'off', true), set_config('enable_seqscan', 'off', true);"
)
# Of so many of the newest works it is looked whether they have a vector, while another model than the one that is
# searched is being filled: the backlog is then about the other.
_LOOKED_AT = 1_000
_IS_FILLING = sa.text(
    "WITH m AS (SELECT number, swept_to > '-infinity' AS is_swept_on, role_since, idle_since, :seconds AS seconds"  # noqa: S608 - a number of ours
    "   FROM embedding_models WHERE role = 'current')"
    " SELECT coalesce((SELECT is_swept_on AND role_since < now() - make_interval(secs => seconds) FROM m), false)"
    " OR CASE WHEN (SELECT idle_since IS NULL FROM m)"
    "   THEN EXISTS (SELECT FROM embedding_backlog WHERE claimed_until < 'infinity'"
    "     AND changed_at < now() - make_interval(secs => (SELECT seconds FROM m)))"
    "   ELSE EXISTS (SELECT FROM (SELECT id FROM works WHERE updated_at >= (SELECT idle_since FROM m)"
    "       AND updated_at < now() - make_interval(secs => (SELECT seconds FROM m))"
    f"       ORDER BY updated_at DESC LIMIT {_LOOKED_AT}) AS w WHERE NOT EXISTS"
    "     (SELECT FROM work_vectors AS v WHERE v.work_id = w.id AND v.model = (SELECT number FROM m))) END"
)


class PostgresVectorStore:
    """Reads the partition of one model; every list is nearest first."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def current_model(self) -> EmbeddingModel | None:
        """The model that queries are to be encoded with, or None where there is none yet."""
        query = sa.select(
            embedding_models.c.number,
            embedding_models.c.name,
            embedding_models.c.spec,
            embedding_models.c.dimensions,
        ).where(embedding_models.c.role == ModelRole.CURRENT)
        with self._database.connect() as connection:
            row = connection.execute(query).one_or_none()
        return EmbeddingModel(*row, ModelRole.CURRENT) if row else None

    def is_filling(self, longer_than_seconds: float) -> bool:
        """True where works have waited for a vector for longer than that, or are still being looked for."""
        with self._database.connect() as connection:
            return bool(connection.execute(_IS_FILLING, {"seconds": longer_than_seconds}).scalar_one())

    def nearest(
        self, model: EmbeddingModel, vector: Matrix, filters: Filters, limit: int, *, reach: Reach
    ) -> Neighbours:
        """At most `limit` works that the filters accept, by the graph: the nearest, as far as `reach` goes."""
        conditions, values = _conditions(filters)
        where = f"WHERE {conditions}" if conditions else ""
        values |= {"limit": limit, "drawn": reach.drawn}
        settings = _SETTINGS.format(candidates=reach.candidates)
        return self._neighbours(settings, model, vector, where, values)

    def nearest_among(
        self, model: EmbeddingModel, vector: Matrix, numbers: Sequence[int], limit: int
    ) -> Neighbours:
        """At most `limit` of these works, by comparing with every one of them."""
        if not numbers:
            return Neighbours()
        ids = ids_from_numbers(np.array(numbers, dtype=np.int64))
        where = "WHERE v.work_id = ANY(CAST(:ids AS text[]))"
        return self._neighbours("", model, vector, where, {"ids": ids, "limit": limit, "drawn": limit})

    def vectors_of(self, model: EmbeddingModel, numbers: Sequence[int]) -> tuple[Numbers, Matrix]:
        """The vectors of those works that have one: their numbers, and a row for each."""
        ids = ids_from_numbers(np.array(numbers, dtype=np.int64))
        query = sa.text(
            f"SELECT work_id, halfvec_send(embedding) AS raw FROM {_table(model)}"  # noqa: S608 - the table's name ends in a number
            " WHERE work_id = ANY(CAST(:ids AS text[]))"
        )
        with self._database.connect() as connection:
            rows = connection.execute(query, {"ids": ids}).all()
        if not rows:
            return np.empty(0, dtype=np.int64), np.empty((0, model.dimensions), dtype=np.float32)
        # the binary form: two bytes for the length, two unused, then half precision floats, big end first
        raw = b"".join(bytes(row.raw)[_HEADER_BYTES:] for row in rows)
        matrix = np.frombuffer(raw, dtype=">f2").reshape(len(rows), model.dimensions).astype(np.float32)
        return numbers_from_ids([row.work_id for row in rows]), matrix

    def count(self, model: EmbeddingModel) -> int:
        """How many works have a vector of the model."""
        with self._database.connect() as connection:
            query = sa.text(f"SELECT count(*) FROM {_table(model)}")  # noqa: S608 - as above
            return int(connection.execute(query).scalar_one())

    def _neighbours(
        self,
        settings: str,
        model: EmbeddingModel,
        vector: Matrix,
        where: str,
        values: dict[str, Any],
    ) -> Neighbours:
        cast = f"halfvec({model.dimensions})"
        distance = f"(v.embedding::{cast}) <#> CAST(:vector AS {cast})"
        # a sum with zero is no longer what the graph is ordered by, so without its settings nobody walks it
        order = distance if settings else f"({distance}) + 0"
        query = sa.text(
            f"{settings} SELECT d.work_id, d.similarity FROM ("  # noqa: S608 - a number and our own texts
            f"SELECT v.work_id, -({distance}) AS similarity FROM {_table(model)} AS v {where}"
            f" ORDER BY {order} LIMIT :drawn) AS d ORDER BY d.similarity DESC LIMIT :limit"
        )
        values = {**values, "vector": HalfVector(vector).to_text()}
        with self._database.connect() as connection:
            rows = connection.execute(query, values).all()
        # relaxed order: a batch of the scan may hold a nearer one than the batch before it
        rows = sorted(rows, key=lambda row: (-row.similarity, row.work_id))
        if not rows:
            return Neighbours()
        numbers = numbers_from_ids([row.work_id for row in rows])
        return Neighbours(tuple(numbers.tolist()), tuple(float(row.similarity) for row in rows))


def _table(model: EmbeddingModel) -> str:
    return partition_name(model.number)


def partition_name(number: int) -> str:
    """The table with the vectors of one model."""
    return f"work_vectors_{int(number)}"


def _conditions(filters: Filters) -> tuple[str, dict[str, Any]]:
    """The filters on the row of `works`, as one scalar subquery: a join would make the planner sort all vectors.

    It says what `Filters.accept` says.
    """
    given: tuple[tuple[bool, str, str, object], ...] = (
        (filters.year_from is not None, "w.year >= :year_from", "year_from", filters.year_from),
        (filters.year_to is not None, "w.year <= :year_to", "year_to", filters.year_to),
        (bool(filters.types), "w.type = ANY(CAST(:types AS text[]))", "types", list(filters.types)),
        (
            filters.open_access is not None,
            "coalesce((w.open_access->>'is_oa')::boolean, false) = :is_oa",
            "is_oa",
            filters.open_access,
        ),
        (
            bool(filters.min_citations),
            "coalesce(w.citation_count, 0) >= :citations",
            "citations",
            filters.min_citations,
        ),
        (filters.exclude_retracted, "w.retracted = :retracted", "retracted", False),
    )
    parts = [condition for is_given, condition, _, _ in given if is_given]
    values = {name: value for is_given, _, name, value in given if is_given}
    if not parts:
        return "", {}
    # the conditions are texts of this function
    return f"(SELECT {' AND '.join(parts)} FROM works AS w WHERE w.id = v.work_id)", values  # noqa: S608 - see above
