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
from research_api.domain.errors import DatabaseUnavailable
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


@pytest.mark.parametrize("versions", [(), ("0.7.4",)], ids=["none", "too old"])
def test_a_postgres_without_pgvector_is_told_in_one_sentence(
    empty_database: Database, versions: tuple[str, ...]
) -> None:
    """A view of that name before the catalog's own says what such a server says."""
    with empty_database.begin() as connection:
        connection.execute(sa.text("CREATE SCHEMA other"))
        rows = " UNION ALL ".join(f"SELECT 'vector', '{version}'" for version in versions)
        rows = rows or "SELECT 'x', '1' WHERE false"
        connection.execute(
            sa.text(f"CREATE VIEW other.pg_available_extensions (name, default_version) AS {rows}")
        )
        name = connection.execute(sa.text("SELECT current_database()")).scalar_one()
        connection.execute(sa.text(f"ALTER DATABASE {name} SET search_path = other, pg_catalog, public"))
    empty_database.close()

    with pytest.raises(DatabaseUnavailable, match=r"pgvector 0\.8 or newer"):
        migrate.upgrade(empty_database)
    assert migrate.current(empty_database) is None


def test_an_older_pgvector_in_the_database_is_told_as_well(empty_database: Database) -> None:
    """CREATE EXTENSION IF NOT EXISTS leaves what an older pgvector made."""
    with empty_database.begin() as connection:
        connection.execute(sa.text("CREATE EXTENSION vector"))
        connection.execute(sa.text("UPDATE pg_extension SET extversion = '0.7.4' WHERE extname = 'vector'"))

    with pytest.raises(DatabaseUnavailable, match="ALTER EXTENSION vector UPDATE"):
        migrate.upgrade(empty_database)
