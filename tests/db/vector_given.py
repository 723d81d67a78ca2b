"""Works and vectors, made quickly: what the stores of vectors are tested on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa

from research_api.db.embedding_models import PostgresModelStore
from research_api.db.embeddings import PostgresEmbeddingStore
from research_api.db.engine import Database
from research_api.db.vectors import partition_name
from research_api.domain.vectors import EmbeddingModel, Matrix, Numbers, ids_from_numbers
from research_api.domain.works import Work

DIMENSIONS = 8

_INSERT = sa.text(
    "INSERT INTO works (id, title, abstract, authors, year, type, identifiers, open_access, citation_count, retracted,"
    " sources, provenance, title_key) SELECT id, title, abstract, '[]', year, type, '{}', open_access, citation_count,"
    " retracted, '[]', '{}', '' FROM json_to_recordset(CAST(:rows AS json)) AS given (id text, title text,"
    " abstract text, year smallint, type text, open_access jsonb, citation_count integer, retracted boolean)"
)


def put_works(database: Database, works: Sequence[Work]) -> None:
    """The works are stored, straight, as one transaction."""
    rows = [
        {
            "id": work.id,
            "title": work.title,
            "abstract": work.abstract,
            "year": work.year,
            "type": work.type,
            "open_access": {"is_oa": work.open_access.is_oa},
            "citation_count": work.citation_count,
            "retracted": work.retracted,
        }
        for work in works
    ]
    with database.begin() as connection:
        connection.execute(_INSERT, {"rows": json.dumps(rows)})


def titled(*titles: str) -> list[Work]:
    """Works with these titles and ids of their own, always the same."""
    ids = ids_from_numbers(np.arange(1, len(titles) + 1, dtype=np.int64))
    return [Work(id=work_id, title=title) for work_id, title in zip(ids, titles, strict=True)]


def unit(rows: Matrix) -> Matrix:
    """Each row of length 1."""
    scaled: Matrix = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return scaled


def vector_of(text: str, dimensions: int = DIMENSIONS) -> Matrix:
    """A vector that tells the text: equal for equal texts alone."""
    seed = np.random.default_rng(list(text.encode()))
    row: Matrix = unit(seed.standard_normal((1, dimensions)).astype(np.float32))[0]
    return row


def put_vectors(database: Database, model: EmbeddingModel, numbers: Numbers, vectors: Matrix) -> None:
    """The works have these vectors, and none waits any more."""
    insert = sa.text(
        f"INSERT INTO {partition_name(model.number)} (model, work_id, embedding)"
        " SELECT :model, id, CAST(vector AS halfvec)"
        " FROM unnest(CAST(:ids AS text[]), CAST(:vectors AS text[])) AS given (id, vector)"
    )
    ids = ids_from_numbers(numbers)
    with database.begin() as connection:
        for start in range(0, len(ids), 1_000):
            part = slice(start, start + 1_000)
            texts = [f"[{','.join(f'{x:.6g}' for x in row)}]" for row in vectors[part].tolist()]
            connection.execute(insert, {"model": model.number, "ids": ids[part], "vectors": texts})
        connection.execute(sa.text("TRUNCATE embedding_backlog"))
        connection.execute(sa.text("UPDATE embedding_models SET swept_to = '-infinity'"))


@dataclass(frozen=True)
class Made:
    """A database with the two stores that fill it."""

    database: Database
    models: PostgresModelStore
    store: PostgresEmbeddingStore

    def register(self, name: str, dimensions: int = DIMENSIONS) -> EmbeddingModel:
        """The model, registered as a worker that begins does it."""
        model = self.models.register(name, f"/models/{name}", dimensions)
        assert model is not None
        return model

    def embed_all(self, model: EmbeddingModel) -> list[str]:
        """Every work that waits has the vector of its text now, as has what the sweep finds; their ids, in order."""
        done: list[str] = []
        for _ in range(10_000):
            texts = self.store.claim(16, 60)
            if texts:
                vectors = np.stack([vector_of(one.title) for one in texts])
                assert self.store.store(model, texts, vectors)
                done += [one.work_id for one in texts]
            elif self.store.top_up(model, 100):
                return done
        raise AssertionError("it never ends")

    def sql(self, statement: str, **values: object) -> list[tuple[object, ...]]:
        """Rows of a statement, committed."""
        with self.database.begin() as connection:
            result = connection.execute(sa.text(statement), values)
            return [tuple(row) for row in result] if result.returns_rows else []

    def retitle(self, work_id: str, title: str) -> None:
        """Its text changed."""
        self.sql(
            "UPDATE works SET title = :title, updated_at = now() WHERE id = :id", title=title, id=work_id
        )

    def waiting(self) -> set[str]:
        """The works of the backlog."""
        return {str(row[0]) for row in self.sql("SELECT work_id FROM embedding_backlog")}

    def stale(self, model: EmbeddingModel) -> list[str]:
        """Works without the vector of their present title."""
        with self.database.connect() as connection:
            rows = connection.execute(
                sa.text(
                    f"SELECT w.id, w.title, v.embedding::text AS vector FROM works AS w"
                    f" LEFT JOIN {partition_name(model.number)} AS v ON v.work_id = w.id ORDER BY w.id"
                )
            ).all()
        return [row.id for row in rows if row.vector is None or not _is_of(row.vector, row.title)]


def _is_of(vector: str, title: str) -> bool:
    found = np.array(json.loads(vector), dtype=np.float32)
    return bool(np.allclose(found, vector_of(title), atol=2e-3))
