"""Importers take turns batch by batch, and so does what must not run beside one of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from psycopg2.errors import LockNotAvailable
from sqlalchemy import exc

from research_api.db.engine import Database

# two importers at once would each make a work for the same DOI; the number is arbitrary and ours
CATALOG_WRITERS_LOCK = 7_216_540_002
TURN = sa.text("SELECT pg_advisory_xact_lock(:lock)")
# a batch of an import takes a second or two
TURN_SECONDS = 3.0
# what waits for a lock on a table lets nobody else in: the time that importers may have to stand behind it
TABLE_LOCK_SECONDS = 1.0
_LOCK_TIMEOUT = sa.text("SELECT set_config('lock_timeout', :timeout, true)")


class TurnMissed(Exception):
    """An import or another writer was in the way for too long; the next wake-up is another chance."""


@contextmanager
def turn_of(database: Database) -> Iterator[sa.Connection]:
    """One transaction during which no importer writes.

    Raises TurnMissed where its turn did not come within TURN_SECONDS, or a lock within TABLE_LOCK_SECONDS of it;
    DatabaseUnavailable as `Database.begin` does.
    """
    with database.begin() as connection:
        try:
            connection.execute(_LOCK_TIMEOUT, {"timeout": f"{TURN_SECONDS:g}s"})
            connection.execute(TURN, {"lock": CATALOG_WRITERS_LOCK})
            connection.execute(_LOCK_TIMEOUT, {"timeout": f"{TABLE_LOCK_SECONDS:g}s"})
            yield connection
        except exc.OperationalError as error:
            if isinstance(error.orig, LockNotAvailable):
                raise TurnMissed from error
            raise
