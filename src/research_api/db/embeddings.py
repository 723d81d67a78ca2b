"""Which models there are, which works wait for a vector, and the vectors that were made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from pgvector import HalfVector

from research_api.db.engine import Database
from research_api.db.vectors import partition_name
from research_api.domain.vectors import EmbeddingModel, EmbeddingProgress, Matrix, ModelRole, WaitingText

MAX_FAILURES = 3
# HNSW: neighbours kept at each node, and looked at when one is added; pgvector's default is 16 and 64
_GRAPH = "m = 16, ef_construction = 100"

_CLAIM = sa.text(
    "WITH chosen AS (SELECT work_id FROM embedding_backlog WHERE claimed_until < now()"
    "   ORDER BY changed_at DESC, work_id LIMIT :limit FOR UPDATE SKIP LOCKED),"
    " claimed AS (UPDATE embedding_backlog AS b SET claimed_until = now() + make_interval(secs => :seconds)"
    "   FROM chosen WHERE b.work_id = chosen.work_id RETURNING b.work_id, b.changed_at)"
    " SELECT w.id, c.changed_at, w.title, w.abstract FROM claimed AS c JOIN works AS w ON w.id = c.work_id"
)
_DONE = sa.text(
    "DELETE FROM embedding_backlog AS b"
    " USING unnest(CAST(:ids AS text[]), CAST(:times AS timestamptz[])) AS done (id, at)"
    " WHERE b.work_id = done.id AND b.changed_at = done.at"
)
_FAILED = sa.text(
    "UPDATE embedding_backlog AS b SET failures = b.failures + 1,"
    " claimed_until = CASE WHEN b.failures + 1 >= :most THEN 'infinity'"
    "   ELSE now() + make_interval(secs => :seconds) END"
    " FROM unnest(CAST(:ids AS text[]), CAST(:times AS timestamptz[])) AS failed (id, at)"
    " WHERE b.work_id = failed.id AND b.changed_at = failed.at"
)
_RELEASE = sa.text(
    "UPDATE embedding_backlog SET claimed_until = now() + make_interval(secs => :seconds)"
    " WHERE work_id = ANY(CAST(:ids AS text[])) AND claimed_until < 'infinity'"
)
# what is too old for the backlog loses its vector, if it has one, so that the sweep finds it again
_TRIM = sa.text(
    "WITH gone AS (DELETE FROM embedding_backlog WHERE work_id IN"
    "   (SELECT work_id FROM embedding_backlog ORDER BY changed_at DESC, work_id OFFSET :most) RETURNING work_id),"
    " stale AS (DELETE FROM work_vectors WHERE work_id IN (SELECT work_id FROM gone))"
    " SELECT count(*) FROM gone"
)
_PROGRESS = sa.text(
    "SELECT m.number, m.name, m.role, m.swept_to = CAST(:end AS timestamptz) AS is_swept, b.*"
    " FROM embedding_models AS m CROSS JOIN (SELECT count(*) FILTER (WHERE claimed_until < 'infinity') AS waiting,"
    "   count(*) FILTER (WHERE claimed_until = 'infinity') AS failed,"
    "   extract(epoch FROM now() - min(changed_at) FILTER (WHERE claimed_until < 'infinity'))::float AS waits_seconds"
    "   FROM embedding_backlog) AS b WHERE m.role <> 'former' ORDER BY m.role DESC LIMIT 1"
)
_START, _END = "infinity", "-infinity"
_BY_NAME = sa.text("SELECT role FROM embedding_models WHERE name = :name FOR UPDATE")
_HAS_CURRENT = sa.text("SELECT EXISTS (SELECT FROM embedding_models WHERE role = 'current')")
_COLUMNS = "number, name, spec, dimensions, role"
_ADD = sa.text(
    "INSERT INTO embedding_models (name, spec, dimensions, role) VALUES (:name, :spec, :dimensions, :role)"  # noqa: S608 - a constant
    f" RETURNING {_COLUMNS}"
)
# a model that comes back has missed what changed while it was former
_RENEW = sa.text(
    "UPDATE embedding_models SET spec = :spec, role = :role, role_since = now(),"  # noqa: S608 - a constant
    " swept_to = CASE WHEN role = 'former' THEN 'infinity' ELSE swept_to END"
    f" WHERE name = :name RETURNING {_COLUMNS}"
)
_DEMOTE = sa.text("UPDATE embedding_models SET role = 'former', role_since = now() WHERE role = :role")
_PROMOTE = sa.text("UPDATE embedding_models SET role = 'current', role_since = now() WHERE number = :number")
_WAITS = sa.text(
    "SELECT EXISTS (SELECT FROM embedding_backlog WHERE claimed_until < 'infinity') OR EXISTS"
    " (SELECT FROM embedding_models WHERE number = :number AND swept_to > CAST(:end AS timestamptz))"
)
_DROPPABLE = sa.text(
    "SELECT number FROM embedding_models WHERE role = 'former'"
    " AND role_since < now() - make_interval(secs => :seconds) FOR UPDATE SKIP LOCKED"
)
_SWEPT_TO = sa.text("SELECT swept_to::text FROM embedding_models WHERE number = :number FOR UPDATE")
_NOTE_SWEEP = sa.text(
    "UPDATE embedding_models SET swept_to = CAST(:reached AS timestamptz) WHERE number = :number"
)
_SWEEP_AGAIN = sa.text("UPDATE embedding_models SET swept_to = 'infinity' WHERE role <> 'former'")
_SWEEP = (
    "WITH seen AS (SELECT id, updated_at FROM works WHERE updated_at < CAST(:swept_to AS timestamptz)"
    "   ORDER BY updated_at DESC FETCH FIRST :page ROWS WITH TIES),"
    " added AS (INSERT INTO embedding_backlog (work_id, changed_at) SELECT id, updated_at FROM seen"
    "   WHERE NOT EXISTS (SELECT FROM {table} AS v WHERE v.work_id = seen.id) ON CONFLICT DO NOTHING)"
    " SELECT min(updated_at)::text FROM seen"
)
_LACKING = (
    "SELECT EXISTS (SELECT FROM works AS w WHERE NOT EXISTS (SELECT FROM {table} AS v WHERE v.work_id = w.id)"
    " AND NOT EXISTS (SELECT FROM embedding_backlog AS b WHERE b.work_id = w.id))"
)


class PostgresEmbeddingStore:
    """What the embedding worker reads and writes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def register(self, name: str, spec: str, dimensions: int) -> EmbeddingModel:
        """The model is the one to embed with: `current` where there is none yet, else `next` beside it.

        A model that is known keeps its vectors, whatever its role; another one that was being filled is given up.
        """
        with self._database.begin() as connection:
            # writers that do not know of the model yet are over before the sweep begins
            connection.execute(sa.text("LOCK TABLE works IN SHARE MODE"))
            row = connection.execute(_BY_NAME, {"name": name}).one_or_none()
            if row is None:
                connection.execute(_DEMOTE, {"role": ModelRole.NEXT})
                return _added(connection, name, spec, dimensions)
            if row.role != ModelRole.NEXT:
                connection.execute(_DEMOTE, {"role": ModelRole.NEXT})
            role = ModelRole.NEXT if row.role == ModelRole.FORMER else row.role
            return _model(connection.execute(_RENEW, {"name": name, "spec": spec, "role": role}).one())

    def claim(self, limit: int, seconds: float) -> list[WaitingText]:
        """The newest works of the backlog, left to the caller alone for so long."""
        with self._database.begin() as connection:
            rows = connection.execute(_CLAIM, {"limit": limit, "seconds": seconds}).all()
        found = [WaitingText(row.id, row.changed_at, row.title, row.abstract) for row in rows]
        return sorted(found, key=lambda one: (one.changed_at, one.work_id), reverse=True)

    def store(self, model: EmbeddingModel, texts: Sequence[WaitingText], vectors: Matrix) -> None:
        """The works have these vectors, and those that did not change meanwhile wait no more."""
        insert = sa.text(
            f"INSERT INTO {partition_name(model.number)} (model, work_id, embedding)"  # noqa: S608 - the table's name ends in a number
            " SELECT :model, given.id, CAST(given.vector AS halfvec) FROM"
            " unnest(CAST(:ids AS text[]), CAST(:vectors AS text[])) AS given (id, vector)"
            " JOIN works AS w ON w.id = given.id"
            " ON CONFLICT (work_id, model) DO UPDATE SET embedding = excluded.embedding"
        )
        values = {"model": model.number, "vectors": [HalfVector(row).to_text() for row in vectors]}
        with self._database.begin() as connection:
            connection.execute(insert, {**values, "ids": [one.work_id for one in texts]})
            connection.execute(_DONE, _names(texts))

    def fail(self, texts: Sequence[WaitingText], seconds: float) -> None:
        """Each failed once more and waits so long; after the third time it waits until its text changes."""
        with self._database.begin() as connection:
            connection.execute(_FAILED, {**_names(texts), "most": MAX_FAILURES, "seconds": seconds})

    def release(self, texts: Sequence[WaitingText], seconds: float) -> None:
        """Nobody has them, and they wait so long: that no vector came is no fault of theirs."""
        with self._database.begin() as connection:
            connection.execute(_RELEASE, {"ids": [one.work_id for one in texts], "seconds": seconds})

    def trim(self, most: int) -> int:
        """At most so many works wait; the oldest beyond are left to the next sweep. The count of those."""
        with self._database.begin() as connection:
            gone = int(connection.execute(_TRIM, {"most": most}).scalar_one())
            if gone:
                connection.execute(_SWEEP_AGAIN)
            return gone

    def top_up(self, model: EmbeddingModel, page: int) -> bool:
        """Some `page` works without a vector are in the backlog, newest first, from where the sweep stood.

        True once a sweep has ended and every work has a vector or waits for one. A work that was written during
        the sweep may have moved behind it, so the end is checked, and another sweep begins where one is missing.
        """
        with self._database.begin() as connection:
            state = connection.execute(_SWEPT_TO, {"number": model.number}).scalar_one()
            if state == _END:
                return True
            sweep = sa.text(_SWEEP.format(table=partition_name(model.number)))
            reached = connection.execute(sweep, {"swept_to": state, "page": page}).scalar_one()
            if reached is None:
                check = sa.text(_LACKING.format(table=partition_name(model.number)))
                reached = _START if connection.execute(check).scalar_one() else _END
            connection.execute(_NOTE_SWEEP, {"number": model.number, "reached": reached})
            return False

    def promote(self, model: EmbeddingModel) -> bool:
        """`next` is `current`, if nothing of it waits any more; what was current is `former`. True where it is now."""
        with self._database.begin() as connection:
            waits = connection.execute(_WAITS, {"number": model.number, "end": _END}).scalar_one()
            if waits:
                return False
            connection.execute(_DEMOTE, {"role": ModelRole.CURRENT})
            connection.execute(_PROMOTE, {"number": model.number})
            return True

    def drop_former(self, after_seconds: float) -> int:
        """Vectors of models that are former for so long are gone; the count of models."""
        with self._database.begin() as connection:
            numbers = connection.execute(_DROPPABLE, {"seconds": after_seconds}).scalars().all()
            for number in numbers:
                connection.execute(sa.text(f"DROP TABLE IF EXISTS {partition_name(number)}"))
                connection.execute(sa.text("DELETE FROM embedding_models WHERE number = :n"), {"n": number})
            return len(numbers)

    def progress(self) -> EmbeddingProgress | None:
        """How far the model that is being filled, else the current one, has come; None without a model."""
        with self._database.connect() as connection:
            row = connection.execute(_PROGRESS, {"end": _END}).one_or_none()
            if row is None:
                return None
            count = sa.text(f"SELECT count(*) FROM {partition_name(row.number)}")  # noqa: S608 - the table's name ends in a number
            done = int(connection.execute(count).scalar_one())
        return EmbeddingProgress(
            row.name, ModelRole(row.role), done, row.waiting, row.failed, row.is_swept, row.waits_seconds
        )


def _added(connection: sa.Connection, name: str, spec: str, dimensions: int) -> EmbeddingModel:
    """A new model with an empty partition and its graph."""
    role = ModelRole.NEXT if connection.execute(_HAS_CURRENT).scalar_one() else ModelRole.CURRENT
    values = {"name": name, "spec": spec, "dimensions": dimensions, "role": role}
    row = connection.execute(_ADD, values).one()
    table = partition_name(row.number)
    connection.execute(
        sa.text(f"CREATE TABLE {table} PARTITION OF work_vectors FOR VALUES IN ({int(row.number)})")
    )
    connection.execute(
        sa.text(
            f"CREATE INDEX {table}_graph ON {table} USING hnsw"
            f" ((embedding::halfvec({int(dimensions)})) halfvec_ip_ops) WITH ({_GRAPH})"
        )
    )
    return _model(row)


def _model(row: Any) -> EmbeddingModel:
    return EmbeddingModel(row.number, row.name, row.spec, row.dimensions, ModelRole(row.role))


def _names(texts: Sequence[WaitingText]) -> dict[str, Any]:
    return {"ids": [one.work_id for one in texts], "times": [one.changed_at for one in texts]}
