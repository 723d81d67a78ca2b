"""Which models make vectors: one is searched, and one is being filled, mostly the same."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from research_api.db.engine import Database
from research_api.db.turns import TurnMissed, turn_of
from research_api.db.vectors import partition_name
from research_api.domain.errors import EmbeddingUnavailable
from research_api.domain.vectors import MAX_DIMENSIONS, EmbeddingModel, ModelRole

# HNSW: neighbours kept at each node, and looked at when one is added; pgvector's default is 16 and 64
_GRAPH = "m = 16, ef_construction = 100"

_COLUMNS = "number, name, spec, dimensions, role"
_FILLED = f"SELECT {_COLUMNS} FROM embedding_models WHERE idle_since IS NULL"  # noqa: S608 - a constant
_READ_FILLED = sa.text(f"{_FILLED} LIMIT 1")
_LOCK_FILLED = sa.text(f"{_FILLED} FOR NO KEY UPDATE")
_BY_NAME = sa.text(
    f"SELECT {_COLUMNS}, idle_since FROM embedding_models WHERE name = :name FOR NO KEY UPDATE"  # noqa: S608 - a constant
)
_HAS_CURRENT = sa.text("SELECT EXISTS (SELECT FROM embedding_models WHERE role = 'current')")
_ADD = sa.text(
    "INSERT INTO embedding_models (name, spec, dimensions, role) VALUES (:name, :spec, :dimensions, :role)"  # noqa: S608 - a constant
    f" RETURNING {_COLUMNS}"
)
# Texts that wait are known by the backlog alone, which from now on is another model's. Vectors older than their text
# are told by the time from which texts may have changed (an import that began earlier may end later); works without
# one, by another sweep.
_IDLE = (
    "UPDATE embedding_models AS m SET"
    " idle_since = least(now() - interval '10 minutes', (SELECT min(b.changed_at) FROM embedding_backlog AS b"
    "   JOIN {table} AS v ON v.work_id = b.work_id)),"
    " swept_to = CASE WHEN EXISTS (SELECT FROM embedding_backlog AS b WHERE NOT EXISTS"
    "   (SELECT FROM {table} AS v WHERE v.work_id = b.work_id)) THEN 'infinity' ELSE swept_to END,"
    " role = CASE role WHEN 'next' THEN 'former' ELSE role END,"
    " role_since = CASE role WHEN 'next' THEN now() ELSE role_since END"
    " WHERE number = :number"
)
_FORGET_STALE = (
    "DELETE FROM {table} WHERE work_id IN (SELECT w.id FROM works AS w, embedding_models AS m"
    " WHERE m.number = :number AND w.updated_at >= m.idle_since)"
)
_WAKE = sa.text(
    "UPDATE embedding_models SET role = :role, idle_since = NULL, swept_to = 'infinity',"  # noqa: S608 - a constant
    " role_since = CASE role WHEN :role THEN role_since ELSE now() END"
    f" WHERE number = :number RETURNING {_COLUMNS}"
)
_RESPELL = sa.text(f"UPDATE embedding_models SET spec = :spec WHERE number = :number RETURNING {_COLUMNS}")  # noqa: S608 - a constant
_LOCK_NEXT = sa.text(
    "SELECT swept_to = '-infinity' FROM embedding_models WHERE number = :number AND role = 'next' FOR NO KEY UPDATE"
)
_WAITS = sa.text("SELECT EXISTS (SELECT FROM embedding_backlog WHERE claimed_until < 'infinity')")
_RETIRE = sa.text("UPDATE embedding_models SET role = 'former', role_since = now() WHERE role = 'current'")
_PROMOTE = sa.text("UPDATE embedding_models SET role = 'current', role_since = now() WHERE number = :number")
_DROPPABLE = (
    "SELECT number FROM embedding_models WHERE role = 'former'"
    " AND role_since < now() - make_interval(secs => :seconds) ORDER BY number"
)
_ARE_DROPPABLE = sa.text(f"SELECT EXISTS ({_DROPPABLE})")
_LOCK_DROPPABLE = sa.text(f"{_DROPPABLE} FOR UPDATE SKIP LOCKED")
_DROP = sa.text("DELETE FROM embedding_models WHERE number = :number")


class PostgresModelStore:
    """Each model has a partition of `work_vectors` with a graph of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def register(self, name: str, spec: str, dimensions: int) -> EmbeddingModel | None:
        """The model is the one that is filled: as `current` where there is none yet, else as `next` beside it.

        One that was filled before keeps the vectors of texts that cannot have changed meanwhile; a `next` that was
        being filled is given up. None where writers were in the way: ask again. Raises EmbeddingUnavailable where
        vectors of such a length cannot be kept.
        """
        if not 1 <= dimensions <= MAX_DIMENSIONS:
            raise EmbeddingUnavailable(
                f"The model makes vectors of {dimensions} numbers; at most {MAX_DIMENSIONS} can be kept."
            )
        try:
            with turn_of(self._database) as connection:
                return _registered(connection, {"name": name, "spec": spec, "dimensions": dimensions})
        except TurnMissed:
            return None

    def filled(self) -> EmbeddingModel | None:
        """The model whose vectors are being made: the last that was registered, None before the first."""
        with self._database.connect() as connection:
            row = connection.execute(_READ_FILLED).one_or_none()
        return _model(row) if row else None

    def promote(self, model: EmbeddingModel) -> bool:
        """`next` is `current`, if nothing of it waits any more; what was current is `former`. True where it is now."""
        with self._database.begin() as connection:
            is_swept = connection.execute(_LOCK_NEXT, {"number": model.number}).scalar_one_or_none()
            if not is_swept or connection.execute(_WAITS).scalar_one():
                return False
            connection.execute(_RETIRE)
            connection.execute(_PROMOTE, {"number": model.number})
            return True

    def drop_former(self, after_seconds: float) -> int:
        """Vectors of models that are former for so long are gone; the count of models, 0 also where it has to wait."""
        seconds = {"seconds": after_seconds}
        with self._database.connect() as connection:
            # asked at every wake-up: no reason to wait for an import each time
            if not connection.execute(_ARE_DROPPABLE, seconds).scalar_one():
                return 0
        try:
            with turn_of(self._database) as connection:
                numbers = connection.execute(_LOCK_DROPPABLE, seconds).scalars().all()
                for number in numbers:
                    connection.execute(sa.text(f"DROP TABLE IF EXISTS {partition_name(number)}"))
                    connection.execute(_DROP, {"number": number})
                return len(numbers)
        except TurnMissed:
            return 0


def _registered(connection: sa.Connection, given: dict[str, Any]) -> EmbeddingModel:
    known = connection.execute(_BY_NAME, {"name": given["name"]}).one_or_none()
    if known is not None and known.idle_since is None:
        # what is written down is rewritten only where it differs: every worker of every host comes here at its start
        is_same = known.spec == given["spec"]
        number = {"number": known.number}
        return _model(
            known if is_same else connection.execute(_RESPELL, {**number, "spec": given["spec"]}).one()
        )
    filled = connection.execute(_LOCK_FILLED).one_or_none()
    if filled is None:
        # writers that are not of ours and know of no model yet are over before the sweep begins
        connection.execute(sa.text("LOCK TABLE works IN SHARE MODE"))
    else:
        connection.execute(
            sa.text(_IDLE.format(table=partition_name(filled.number))), {"number": filled.number}
        )
    if known is None:
        return _added(connection, given)
    number = {"number": known.number}
    connection.execute(sa.text(_FORGET_STALE.format(table=partition_name(known.number))), number)
    connection.execute(_RESPELL, {**number, "spec": given["spec"]})
    role = ModelRole.CURRENT if known.role == ModelRole.CURRENT else ModelRole.NEXT
    return _model(connection.execute(_WAKE, {**number, "role": role}).one())


def _added(connection: sa.Connection, given: dict[str, Any]) -> EmbeddingModel:
    """A new model with an empty partition and its graph."""
    role = ModelRole.NEXT if connection.execute(_HAS_CURRENT).scalar_one() else ModelRole.CURRENT
    row = connection.execute(_ADD, {**given, "role": role}).one()
    table = partition_name(row.number)
    connection.execute(
        sa.text(f"CREATE TABLE {table} PARTITION OF work_vectors FOR VALUES IN ({int(row.number)})")
    )
    connection.execute(
        sa.text(
            f"CREATE INDEX {table}_graph ON {table} USING hnsw"
            f" ((embedding::halfvec({int(row.dimensions)})) halfvec_ip_ops) WITH ({_GRAPH})"
        )
    )
    return _model(row)


def _model(row: Any) -> EmbeddingModel:
    return EmbeddingModel(row.number, row.name, row.spec, row.dimensions, ModelRole(row.role))
