"""Alembic's entry: runs the scripts on the database that the caller passes in `attributes`."""

from __future__ import annotations

from alembic import context

from research_api.db.tables import metadata

LOCK_TIMEOUT_MS = 5_000
# two hosts that start at once must not migrate at once; the number is arbitrary and ours
MIGRATION_LOCK = 7_216_540_001


def run() -> None:
    """Every script runs in one transaction under one lock."""
    database = context.config.attributes["database"]
    with database.begin() as connection:
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")
        context.configure(connection=connection, target_metadata=metadata)
        with context.begin_transaction():
            context.run_migrations()


run()
