"""The change table: which works changed, readable by any number of hosts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from research_api.db.engine import Database
from research_api.db.tables import catalog_state, works
from research_api.db.work_rows import WORK_COLUMNS, work_of
from research_api.domain.feed import ChangeBatch, Position
from research_api.domain.works import Work

# A row is settled once no transaction with its id or a lower one is open: nothing can then appear before it.
# Source: PostgreSQL 18, "9.26.11 Transaction ID and Snapshot Information Functions" (read 2026-11)
_SETTLED = "xid < pg_snapshot_xmin(pg_current_snapshot())"
_AFTER = "(xid, row) > (CAST(CAST(:xid AS text) AS xid8), :row)"

_NEXT = sa.text(
    "SELECT CAST(CAST(xid AS text) AS bigint) AS xid, row, work_id FROM work_changes"  # noqa: S608 - constants of this module
    f" WHERE {_AFTER} AND {_SETTLED} ORDER BY work_changes.xid, work_changes.row LIMIT :limit"
)
_UNSETTLED = sa.text(
    "SELECT EXISTS (SELECT 1 FROM work_changes WHERE xid >= pg_snapshot_xmin(pg_current_snapshot()))"
)
_PENDING = sa.text(f"SELECT count(DISTINCT work_id) FROM work_changes WHERE {_AFTER}")  # noqa: S608 - constants of this module
_HORIZON = sa.text("SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint)")
_REPORT = sa.text(
    "INSERT INTO index_hosts (host, xid, row) VALUES (:host, :xid, :row)"
    " ON CONFLICT (host) DO UPDATE SET xid = excluded.xid, row = excluded.row, seen_at = now()"
)
_OLDEST = sa.text(
    "SELECT xid, row FROM index_hosts WHERE seen_at > now() - make_interval(days => :days) ORDER BY xid, row LIMIT 1"
)
_PRUNE = sa.text(f"DELETE FROM work_changes WHERE NOT ({_AFTER})")  # noqa: S608 - constants of this module
_NOTE_PRUNED = sa.text("UPDATE catalog_state SET pruned_xid = :xid, pruned_row = :row")


class PostgresChangeFeed:
    """Reads changes in commit-safe order; see `domain.feed.Position`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def epoch(self) -> str:
        """Names this catalog; another value means that nothing indexed before can be trusted."""
        with self._database.connect() as connection:
            return str(connection.execute(sa.select(catalog_state.c.epoch)).scalar_one())

    def horizon(self) -> Position:
        """A position after which every change still to be seen will stand."""
        with self._database.connect() as connection:
            # every transaction below the snapshot's xmin is over; their rows are seen by whoever reads now
            return Position(int(connection.execute(_HORIZON).scalar_one()) - 1, 2**62)

    def after(self, position: Position, limit: int) -> ChangeBatch:
        """At most `limit` settled changes after the position, in order, and the position they lead to."""
        with self._database.connect() as connection:
            rows = connection.execute(_NEXT, {**_bound(position), "limit": limit}).all()
            # what is not settled yet waits, and an index that waits is not up to date
            is_last = len(rows) < limit and not connection.execute(_UNSETTLED).scalar_one()
        newest_last = dict.fromkeys(row.work_id for row in reversed(rows))
        last = Position(rows[-1].xid, rows[-1].row) if rows else position
        return ChangeBatch(tuple(reversed(newest_last)), last, is_last)

    def pending(self, position: Position) -> int:
        """How many works have settled or unsettled changes after the position."""
        with self._database.connect() as connection:
            return int(connection.execute(_PENDING, _bound(position)).scalar_one())

    def report(self, host: str, position: Position) -> None:
        """Remembers how far the host's index has come, so that only changes that all have seen are pruned."""
        with self._database.begin() as connection:
            connection.execute(_REPORT, {**_bound(position), "host": host})

    def is_pruned(self, position: Position) -> bool:
        """True where changes after the position are no longer kept."""
        with self._database.connect() as connection:
            row = connection.execute(sa.select(catalog_state.c.pruned_xid, catalog_state.c.pruned_row)).one()
        return position < Position(row.pruned_xid, row.pruned_row)

    def prune(self, host_ttl_days: int) -> int:
        """Changes that every host seen in the last days has applied are gone; the count of them."""
        with self._database.begin() as connection:
            oldest = connection.execute(_OLDEST, {"days": host_ttl_days}).one_or_none()
            if oldest is None:
                return 0
            bound = _bound(Position(oldest.xid, oldest.row))
            gone = connection.execute(_PRUNE, bound).rowcount
            if gone:
                connection.execute(_NOTE_PRUNED, bound)
            return int(gone)

    def all_works(self, page: int) -> Iterator[list[Work]]:
        """Every work, in pages by id; each page is its own short read."""
        last = ""
        while True:
            query = sa.select(*WORK_COLUMNS).where(works.c.id > last).order_by(works.c.id).limit(page)
            with self._database.connect() as connection:
                found = [work_of(row) for row in connection.execute(query)]
            if not found:
                return
            yield found
            last = found[-1].id

    def works(self, ids: Sequence[str]) -> dict[str, Work]:
        """The works that exist under exactly these ids."""
        query = sa.select(*WORK_COLUMNS).where(
            works.c.id == sa.any_(sa.bindparam("ids", type_=sa.ARRAY(sa.Text)))
        )
        with self._database.connect() as connection:
            return {row.id: work_of(row) for row in connection.execute(query, {"ids": list(ids)})}


def _bound(position: Position) -> dict[str, Any]:
    return {"xid": position.xid, "row": position.row}
