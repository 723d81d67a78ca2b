"""Throw-away servers and databases for the tests that need them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest
from psycopg2 import sql
from redis import Redis

from research_api.db import migrate
from research_api.db.engine import Database
from research_api.local.servers import ServerUrls, throwaway_servers

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
TEMPLATE = "template_migrated"
_names = (f"test_{number}" for number in itertools.count())


def with_database(url: str, name: str) -> str:
    """The same server, another database."""
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def sqlalchemy_url(url: str) -> str:
    """With the driver named."""
    return "postgresql+psycopg2://" + url.partition("://")[2]


@pytest.fixture(scope="session")
def servers() -> Iterator[ServerUrls]:
    """One Postgres and one Valkey for the whole session."""
    with throwaway_servers() as urls:
        yield urls


def _run_sql(url: str, statement: sql.Composable) -> None:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.close()


def create_database(servers: ServerUrls, name: str, template: str) -> str:
    """The URL of a new database, a copy of the template."""
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
        sql.Identifier(name), sql.Identifier(template)
    )
    _run_sql(servers.database_url, statement)
    return with_database(servers.database_url, name)


def drop_database(servers: ServerUrls, name: str) -> None:
    """The database is gone, whoever is still connected."""
    _run_sql(servers.database_url, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def migrated_template(servers: ServerUrls) -> str:
    """The name of a migrated, empty database that others are copied from."""
    url = create_database(servers, TEMPLATE, "template0")
    database = Database(sqlalchemy_url(url), pool_size=1)
    migrate.upgrade(database)
    database.close()
    return TEMPLATE


@pytest.fixture
def database_url(servers: ServerUrls, migrated_template: str) -> Iterator[str]:
    """A migrated, empty database of the test's own."""
    name = next(_names)
    yield create_database(servers, name, migrated_template)
    drop_database(servers, name)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The same, as the application opens it."""
    database = Database(sqlalchemy_url(database_url), pool_size=8)
    yield database
    database.close()


@pytest.fixture
def empty_database(servers: ServerUrls) -> Iterator[Database]:
    """A database that was never migrated."""
    name = next(_names)
    database = Database(sqlalchemy_url(create_database(servers, name, "template0")), pool_size=2)
    yield database
    database.close()
    drop_database(servers, name)


@pytest.fixture
def redis_url(servers: ServerUrls) -> str:
    """An empty Valkey."""
    with Redis.from_url(servers.redis_url) as client:
        client.flushall()
    return servers.redis_url


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real records to develop against; the project passes its tests without them."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the folder shared/data with real records is not beside the project")
    return SHARED_DATA
