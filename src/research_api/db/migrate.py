"""Brings the schema to a revision by the scripts in `migrations/`."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy.exc import NotSupportedError

from research_api.db.engine import Database
from research_api.domain.errors import DatabaseUnavailable, Invalid

SCRIPTS = Path(__file__).resolve().parents[3] / "migrations"


def _config(database: Database | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["database"] = database
    return config


def _run(step: Callable[[Config, str], None], database: Database, revision: str) -> None:
    with database.begin():
        pass
    try:
        step(_config(database), revision)
    except NotSupportedError as error:
        raise DatabaseUnavailable(
            "This Postgres lacks the extension vector: install pgvector 0.8 or newer for it, and where the database"
            " has an older one, let a superuser run ALTER EXTENSION vector UPDATE in it."
        ) from error
    except CommandError as error:
        raise Invalid("There is no such revision: `ls migrations/versions` shows them.") from error


def upgrade(database: Database, revision: str = "head") -> None:
    """The schema is at the revision; data are kept. Raises DatabaseUnavailable, Invalid without such a revision."""
    _run(command.upgrade, database, revision)


def downgrade(database: Database, revision: str) -> None:
    """The schema is back at an older revision. Raises DatabaseUnavailable, Invalid without such a revision."""
    _run(command.downgrade, database, revision)


def current(database: Database) -> str | None:
    """The revision the database is at, None where it was never migrated."""
    with database.connect() as connection:
        if not connection.execute(sa.text("SELECT to_regclass('alembic_version') IS NOT NULL")).scalar_one():
            return None
        revision: str | None = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return revision


@cache
def newest() -> str | None:
    """The revision that the scripts lead to."""
    head: str | None = ScriptDirectory.from_config(_config()).get_current_head()
    return head
