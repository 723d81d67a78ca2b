"""Connections to Postgres: opened late (after a fork), bounded in time, their faults translated once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
import structlog
from psycopg2.errors import UndefinedColumn, UndefinedTable
from sqlalchemy import exc

from research_api.db import patience
from research_api.domain.errors import DatabaseUnavailable

log = structlog.get_logger(__name__)

POOL_TIMEOUT_SECONDS = 5
# what answers a request reads, by key and in small pages; what writes stores one batch
READ_SECONDS = 5.0
WRITE_SECONDS = 120.0
# how much later than the server this side gives up on a statement
GRACE_SECONDS = 1.0
# nothing that answers a request writes; workers and commands write one batch at a time
WRITERS = 2
_SNAPSHOT = sa.text("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
_END = sa.text("COMMIT")


class Database:
    """A lazy pool; nothing is opened before the first use, so an object made before a fork is safe after it.

    write_seconds None: statements of transactions may take any time, as those of migrations do.
    """

    def __init__(self, url: str, pool_size: int = 8, *, write_seconds: float | None = WRITE_SECONDS) -> None:
        patience.install()
        self._engine = _made(url, WRITERS, write_seconds, {})
        # set once when the connection is opened: per checkout it cost 0.7 ms a request
        self._reader = _made(url, pool_size, READ_SECONDS, {"isolation_level": "AUTOCOMMIT"})

    @property
    def engine(self) -> sa.Engine:
        """For migrations, which drive their own transactions."""
        return self._engine

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """One transaction: committed at the end, rolled back on an exception.

        Raises DatabaseUnavailable where Postgres does not answer, the pool stays exhausted, or a statement
        takes longer than allowed.
        """
        with _translated(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def connect(self) -> Iterator[sa.Connection]:
        """For reading: each statement stands alone, without BEGIN and COMMIT round trips.

        Raises DatabaseUnavailable as `begin` does.
        """
        with _translated(), self._reader.connect() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[sa.Connection]:
        """For reading what belongs together: every statement sees the same moment.

        Raises DatabaseUnavailable as `begin` does.
        """
        with self.connect() as connection:
            connection.execute(_SNAPSHOT)
            try:
                yield connection
                connection.execute(_END)
            except BaseException:
                # the pool's reset does not end a transaction that the driver knows nothing of
                connection.invalidate()
                raise

    def close(self) -> None:
        """Every pooled connection is closed."""
        self._engine.dispose()
        self._reader.dispose()


def _made(url: str, pool_size: int, seconds: float | None, options: dict[str, str]) -> sa.Engine:
    return sa.create_engine(
        url,
        **options,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_SECONDS,
        connect_args={
            "connection_factory": patience.connection_factory(seconds and seconds + GRACE_SECONDS),
            "application_name": "research-api",
            "options": f"-c statement_timeout={round((seconds or 0) * 1000)} -c timezone=UTC",
        },
    )


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except exc.ProgrammingError as error:
        if not isinstance(error.orig, UndefinedTable | UndefinedColumn):
            raise
        raise DatabaseUnavailable("The database lacks tables of this version: run `make migrate`.") from error
    except (exc.OperationalError, exc.InterfaceError, exc.TimeoutError) as error:
        # the driver's text may hold host, user and statement: it goes to the log's class name only
        log.warning("database_unavailable", error=type(error).__name__, cause=type(error.__cause__).__name__)
        raise DatabaseUnavailable("The database does not answer. Try again in a moment.") from error
