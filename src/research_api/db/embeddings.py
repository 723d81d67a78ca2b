"""Which works wait for a vector, and the vectors that were made.

Importers lock many rows in an order of their own. Nothing here waits for a row of theirs while it holds another:
what is done work by work skips locked rows, whose texts are about to change anyway, and what is done in bulk takes
its turn among the importers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from pgvector import HalfVector

from research_api.db.engine import Database
from research_api.db.turns import TurnMissed, turn_of
from research_api.db.vectors import partition_name
from research_api.domain.vectors import (
    EmbeddingModel,
    EmbeddingProgress,
    Matrix,
    ModelRole,
    WaitingText,
    check_vectors,
)

MAX_FAILURES = 3

_CLAIM = sa.text(
    "WITH chosen AS (SELECT work_id FROM embedding_backlog WHERE claimed_until < now()"
    "   ORDER BY changed_at DESC, work_id LIMIT :limit FOR UPDATE SKIP LOCKED)"
    " UPDATE embedding_backlog AS b SET claimed_until = now() + make_interval(secs => :seconds)"
    " FROM chosen WHERE b.work_id = chosen.work_id RETURNING b.work_id, b.changed_at"
)
# A statement of its own, after the rows are locked: in the one above the text could be older than changed_at says.
_TEXTS = sa.text(
    "SELECT b.work_id AS id, b.changed_at, w.title, w.abstract FROM embedding_backlog AS b"
    " JOIN works AS w ON w.id = b.work_id WHERE b.work_id = ANY(CAST(:ids AS text[]))"
    " ORDER BY b.changed_at DESC, b.work_id LIMIT :limit"
)
# those of the given texts that are still the newest of their works
_MINE = (
    "WITH mine AS (SELECT b.work_id FROM unnest(CAST(:ids AS text[]), CAST(:times AS timestamptz[])) AS given (id, at)"
    " JOIN embedding_backlog AS b ON b.work_id = given.id AND b.changed_at = given.at FOR UPDATE OF b SKIP LOCKED)"
    " UPDATE embedding_backlog AS b SET"
)
_FAILED = sa.text(
    f"{_MINE} failures = b.failures + 1,"
    " claimed_until = CASE WHEN b.failures + 1 >= :most THEN 'infinity'"
    "   ELSE now() + make_interval(secs => :seconds) END"
    " FROM mine WHERE b.work_id = mine.work_id"
)
_RELEASE = sa.text(
    f"{_MINE} claimed_until = now() + make_interval(secs => :seconds)"
    " FROM mine WHERE b.work_id = mine.work_id AND b.claimed_until < 'infinity'"
)
_IS_FILLED = sa.text("SELECT idle_since IS NULL FROM embedding_models WHERE number = :number FOR SHARE")
_STORE = (
    "WITH kept AS (SELECT w.id, given.vector"
    "   FROM unnest(CAST(:ids AS text[]), CAST(:times AS timestamptz[]), CAST(:vectors AS text[]))"
    "   AS given (id, at, vector) JOIN works AS w ON w.id = given.id"
    "   JOIN embedding_backlog AS b ON b.work_id = given.id AND b.changed_at = given.at"
    "   FOR KEY SHARE OF w SKIP LOCKED FOR UPDATE OF b SKIP LOCKED),"
    " done AS (DELETE FROM embedding_backlog AS b USING kept WHERE b.work_id = kept.id)"
    " INSERT INTO {table} (model, work_id, embedding) SELECT :model, id, CAST(vector AS halfvec) FROM kept"
    " ON CONFLICT (work_id, model) DO UPDATE SET embedding = excluded.embedding"
)
_IS_MORE = sa.text(
    "SELECT EXISTS (SELECT FROM embedding_backlog ORDER BY changed_at DESC, work_id OFFSET :most LIMIT 1)"
)
# what is too old for the backlog loses its vector, if it has one, so that the sweep finds it again
_TRIM = (
    "WITH gone AS (DELETE FROM embedding_backlog WHERE work_id IN"
    "   (SELECT work_id FROM embedding_backlog ORDER BY changed_at DESC, work_id OFFSET :most) RETURNING work_id),"
    " stale AS (DELETE FROM {table} WHERE work_id IN (SELECT work_id FROM gone))"
    " SELECT count(*) FROM gone"
)
_PROGRESS = sa.text(
    "SELECT m.number, m.name, m.role, m.swept_to = CAST(:end AS timestamptz) AS is_swept, b.*"
    " FROM embedding_models AS m CROSS JOIN (SELECT count(*) FILTER (WHERE claimed_until < 'infinity') AS waiting,"
    "   count(*) FILTER (WHERE claimed_until = 'infinity') AS failed,"
    "   extract(epoch FROM now() - min(changed_at) FILTER (WHERE claimed_until < 'infinity'))::float AS waits_seconds"
    "   FROM embedding_backlog) AS b WHERE m.idle_since IS NULL"
)
_START, _END = "infinity", "-infinity"
_IS_SWEPT = sa.text(
    "SELECT swept_to = '-infinity' OR idle_since IS NOT NULL FROM embedding_models WHERE number = :number"
)
_SWEPT_TO = sa.text(
    "SELECT swept_to::text FROM embedding_models WHERE number = :number AND idle_since IS NULL FOR NO KEY UPDATE"
)
_NOTE_SWEEP = sa.text(
    "UPDATE embedding_models SET swept_to = CAST(:reached AS timestamptz) WHERE number = :number"
)
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
    """What is read and written while a model is filled."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, limit: int, seconds: float) -> list[WaitingText]:
        """The newest works of the backlog, newest first, left to the caller alone for so long."""
        with self._database.begin() as connection:
            claimed = connection.execute(_CLAIM, {"limit": limit, "seconds": seconds}).all()
            if not claimed:
                return []
            values = {"ids": [row.work_id for row in claimed], "limit": limit}
            return [WaitingText(*row) for row in connection.execute(_TEXTS, values)]

    def store(self, model: EmbeddingModel, texts: Sequence[WaitingText], vectors: Matrix) -> bool:
        """The works that did not change meanwhile have these vectors and wait no more.

        False where another model is filled now: nothing is stored then. Raises EmbeddingUnavailable where the
        vectors are none, so that such are never kept.
        """
        check_vectors(vectors, len(texts), model.dimensions)
        insert = sa.text(_STORE.format(table=partition_name(model.number)))
        values = {"model": model.number, "vectors": [HalfVector(row).to_text() for row in vectors]}
        with self._database.begin() as connection:
            # held to the end, so that no other model can be registered in between
            if not connection.execute(_IS_FILLED, {"number": model.number}).scalar_one_or_none():
                return False
            connection.execute(insert, {**values, **_names(texts)})
            return True

    def fail(self, texts: Sequence[WaitingText], seconds: float) -> None:
        """Each failed once more and waits so long; after the third time it waits until its text changes."""
        with self._database.begin() as connection:
            connection.execute(_FAILED, {**_names(texts), "most": MAX_FAILURES, "seconds": seconds})

    def release(self, texts: Sequence[WaitingText], seconds: float) -> None:
        """Nobody has them, and they wait so long: that no vector came is no fault of theirs."""
        with self._database.begin() as connection:
            connection.execute(_RELEASE, {**_names(texts), "seconds": seconds})

    def trim(self, model: EmbeddingModel, most: int) -> int:
        """At most so many works wait; the oldest beyond are left to the next sweep. The count of those.

        0 also where importers were in the way, or where another model is filled now.
        """
        with self._database.connect() as connection:
            if not connection.execute(_IS_MORE, {"most": most}).scalar_one():
                return 0
        number = {"number": model.number}
        try:
            with turn_of(self._database) as connection:
                if connection.execute(_SWEPT_TO, number).scalar_one_or_none() is None:
                    return 0
                trim = sa.text(_TRIM.format(table=partition_name(model.number)))
                gone = int(connection.execute(trim, {"most": most}).scalar_one())
                connection.execute(_NOTE_SWEEP, {**number, "reached": _START})
                return gone
        except TurnMissed:
            return 0

    def top_up(self, model: EmbeddingModel, page: int) -> bool:
        """Some `page` works without a vector are in the backlog, newest first, from where the sweep stood.

        True once a sweep has ended and every work has a vector or waits for one, and where another model is filled
        now. A work that was written during the sweep may have moved behind it, so the end is checked, and another
        sweep begins where one is missing.
        """
        with self._database.connect() as connection:
            # asked at every wake-up: no reason to wait for an import each time
            if connection.execute(_IS_SWEPT, {"number": model.number}).scalar_one_or_none() is not False:
                return True
        try:
            with turn_of(self._database) as connection:
                state = connection.execute(_SWEPT_TO, {"number": model.number}).scalar_one_or_none()
                if state in (_END, None):
                    return True
                sweep = sa.text(_SWEEP.format(table=partition_name(model.number)))
                reached = connection.execute(sweep, {"swept_to": state, "page": page}).scalar_one()
                if reached is None:
                    check = sa.text(_LACKING.format(table=partition_name(model.number)))
                    reached = _START if connection.execute(check).scalar_one() else _END
                connection.execute(_NOTE_SWEEP, {"number": model.number, "reached": reached})
                return False
        except TurnMissed:
            return False

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


def _names(texts: Sequence[WaitingText]) -> dict[str, Any]:
    return {"ids": [one.work_id for one in texts], "times": [one.changed_at for one in texts]}
