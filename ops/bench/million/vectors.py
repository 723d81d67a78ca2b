"""Vectors for a million works: some by the model, the others from those by seeded noise."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator

import numpy as np
import psycopg2
import psycopg2.extensions
from pgvector import HalfVector

from ops.bench.million.works import SEED
from research_api.db.embedding_models import PostgresModelStore
from research_api.db.engine import Database
from research_api.db.vectors import partition_name
from research_api.domain.vectors import Embedder, EmbeddingModel, Matrix, text_to_embed
from research_api.embeddings.loading import BUILTIN

PAGE = 20_000
# a noise half as long as the vector leaves a cosine of about .9 with the true one
NOISE_LENGTH = 0.5


def true_vectors(embedder: Embedder, database_url: str, count: int) -> Matrix:
    """The vectors of so many works of the catalog, in the order of their ids."""
    with psycopg2.connect(database_url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT title, abstract FROM works ORDER BY id LIMIT %s", (count,))
        return embedder.embed_texts([text_to_embed(title, abstract) for title, abstract in cursor.fetchall()])


def fill(
    database_url: str, embedder: Embedder, true: Matrix, on_page: Callable[[int], None]
) -> EmbeddingModel:
    """Every work has a vector, and the graph is built over all of them at once, as pgvector's manual advises.

    Source: pgvector README, "Bulk Loading" and "Index Build Time" (read 2026-11)
    """
    database = Database("postgresql+psycopg2://" + database_url.partition("://")[2], 1, write_seconds=None)
    models = PostgresModelStore(database)
    # the index worker may hold the turn for a moment
    while (model := models.register(embedder.name, BUILTIN, embedder.dimensions)) is None:
        time.sleep(1)
    database.close()
    # the wait callback by which the service bounds its waits cannot copy; the next Database sets it again
    psycopg2.extensions.set_wait_callback(None)
    table = partition_name(model.number)
    with psycopg2.connect(database_url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s", (f"{table}_graph",))
        (graph,) = cursor.fetchone() or ("",)
        cursor.execute(f"DROP INDEX {table}_graph")
        cursor.execute("SELECT id FROM works ORDER BY id")
        ids = [row[0] for row in cursor.fetchall()]
        for page in _pages(ids, true, model.number):
            cursor.copy_expert(f"COPY {table} (model, work_id, embedding) FROM STDIN", page)
            on_page(PAGE)
        cursor.execute("TRUNCATE embedding_backlog")
        cursor.execute("UPDATE embedding_models SET swept_to = '-infinity'")
        cursor.execute(
            "SET LOCAL maintenance_work_mem = '3GB'; SET LOCAL max_parallel_maintenance_workers = 1"
        )
        cursor.execute(graph)
    return model


def _pages(ids: list[str], true: Matrix, number: int) -> Iterator[io.StringIO]:
    source = np.random.default_rng(SEED)
    for start in range(0, len(ids), PAGE):
        page = ids[start : start + PAGE]
        rows = true[np.arange(start, start + len(page)) % len(true)]
        noise = source.standard_normal(rows.shape, dtype=np.float32)
        rows = rows + NOISE_LENGTH * noise / np.linalg.norm(noise, axis=1, keepdims=True)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        lines = (
            f"{number}\t{one}\t{HalfVector(row).to_text()}\n" for one, row in zip(page, rows, strict=True)
        )
        yield io.StringIO("".join(lines))
