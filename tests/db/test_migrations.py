"""The scripts in migrations/, up and down, on a real Postgres."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy.dialects.postgresql.base import PGDialect

from research_api.db import migrate
from research_api.db.engine import Database
from research_api.db.tables import Xid8, metadata
from research_api.db.works import PostgresWorkStore
from research_api.domain.works import Identifier, Record
from tests.db.batches import prepared

pytestmark = pytest.mark.services


def _tables(database: Database) -> set[str]:
    with database.connect() as connection:
        return set(sa.inspect(connection).get_table_names()) - {"alembic_version"}


def test_the_schema_goes_up_down_and_up_again_with_data_in_it(empty_database: Database) -> None:
    doi = Identifier("doi", "10.1000/one")
    for _ in range(2):
        migrate.upgrade(empty_database)
        store = PostgresWorkStore(empty_database)
        store.upsert(prepared([Record("crossref", "10.1000/one", "A title", identifiers=(doi,))]))
        assert store.count() == 1
        assert migrate.current(empty_database) == migrate.newest()
        migrate.downgrade(empty_database, "base")
        assert _tables(empty_database) == set()


def test_upgrading_twice_keeps_the_data(database: Database) -> None:
    store = PostgresWorkStore(database)
    store.upsert(prepared([Record("crossref", "1", "A title")]))

    migrate.upgrade(database)

    assert store.count() == 1


def test_the_scripts_make_what_the_tables_say(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLAlchemy cannot reflect xid8 unless it is told of it."""
    monkeypatch.setitem(PGDialect.ischema_names, "xid8", Xid8)
    with database.connect() as connection:
        differences = compare_metadata(
            MigrationContext.configure(connection, opts={"compare_type": True}), metadata
        )

    assert differences == []
