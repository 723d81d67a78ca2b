"""Connections that give up: on a server that is frozen, gone, or slow."""

from __future__ import annotations

import os
import signal
import time

import pytest
import sqlalchemy as sa

from research_api.db.engine import READ_SECONDS, Database
from research_api.domain.errors import DatabaseUnavailable

pytestmark = pytest.mark.services


def _backend(database: Database) -> int:
    with database.connect() as connection:
        return int(connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one())


def test_a_frozen_server_process_costs_a_few_seconds_and_heals(database_url: str) -> None:
    """statement_timeout runs in the server: alone it would wait for as long as the server is frozen."""
    database = Database("postgresql+psycopg2://" + database_url.partition("://")[2], pool_size=1)
    process = _backend(database)
    os.kill(process, signal.SIGSTOP)
    try:
        begin = time.monotonic()
        with pytest.raises(DatabaseUnavailable):
            _backend(database)
        assert time.monotonic() - begin > READ_SECONDS
    finally:
        os.kill(process, signal.SIGCONT)

    assert _backend(database) != process
    database.close()


def test_a_statement_that_takes_too_long_is_ended(database: Database) -> None:
    with pytest.raises(DatabaseUnavailable), database.connect() as connection:
        connection.execute(sa.text("SELECT pg_sleep(60)"))

    assert _backend(database) > 0


def test_a_server_that_is_not_there_is_a_clear_error() -> None:
    database = Database("postgresql+psycopg2://nobody:secret@127.0.0.1:1/none")

    with pytest.raises(DatabaseUnavailable) as caught:
        _backend(database)

    assert "secret" not in str(caught.value)


def test_connections_that_the_server_ended_are_replaced(database: Database) -> None:
    process = _backend(database)
    with database.begin() as connection:
        connection.execute(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": process})
    time.sleep(0.2)

    with pytest.raises(DatabaseUnavailable):
        _backend(database)
    assert _backend(database) != process


def test_tables_that_are_not_there_ask_for_a_migration(empty_database: Database) -> None:
    with pytest.raises(DatabaseUnavailable, match="make migrate"), empty_database.connect() as connection:
        connection.execute(sa.text("SELECT id FROM works"))


def test_a_snapshot_sees_one_moment_and_leaves_its_connection_as_it_was(database_url: str) -> None:
    database = Database("postgresql+psycopg2://" + database_url.partition("://")[2], pool_size=1)
    add = sa.text("CREATE TABLE added (number int)")
    count = sa.text("SELECT count(*) FROM pg_tables WHERE tablename = 'added'")
    try:
        with database.snapshot() as connection:
            before = connection.execute(count).scalar_one()
            with database.begin() as other:
                other.execute(add)
            during = connection.execute(count).scalar_one()
        with pytest.raises(DatabaseUnavailable), database.snapshot() as connection:
            connection.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))
        with pytest.raises(ValueError, match="not of the database"), database.snapshot():
            raise ValueError("not of the database")
        with database.connect() as connection:
            after = connection.execute(count).scalar_one()
            time.sleep(0.2)
            is_within = sa.text("SELECT now() < statement_timestamp()")
            is_still_open = connection.execute(is_within).scalar_one()

        assert (before, during, after, is_still_open) == (0, 0, 1, False)
    finally:
        database.close()
