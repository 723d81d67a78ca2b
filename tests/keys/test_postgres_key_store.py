"""Keys in a real Postgres."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from research_api.db.engine import Database
from research_api.db.keys import PostgresKeyStore
from research_api.db.tables import credentials, keys, organizations
from research_api.domain.errors import Conflict, DatabaseUnavailable, Unauthenticated
from research_api.domain.keys import Credential, Key, Limits
from research_api.services.keys import KeyRequest, KeysService
from tests.keys.key_fakes import START, FakeClock

pytestmark = pytest.mark.services

FULL = Key(
    id="3fK9aQ2x",
    name="Ünïcode “name” 論文",
    scopes=("read", "search"),
    organization="Lab",
    created_at=START,
    limits=Limits(5, 100, 2_500_000, 2, 10),
    expires_at=START + timedelta(days=30, microseconds=1),
    allow_ip=("192.0.2.0/24", "2001:db8::/32"),
    is_test=True,
)
SECRET = Credential("3fK9aQ2x", bytes(range(16)), bytes(range(32)), 1, START, START + timedelta(days=30))


@pytest.fixture
def store(database: Database) -> PostgresKeyStore:
    return PostgresKeyStore(database)


def numbered(number: int, **changes: object) -> tuple[Key, Credential]:
    key_id = f"key{number:05d}"
    return replace(FULL, id=key_id, **changes), replace(SECRET, id=key_id)


def count(database: Database, table: sa.Table) -> int:
    with database.connect() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def test_a_key_and_its_credential_read_back_as_they_were_stored(store):
    assert store.add(FULL, SECRET) == FULL

    assert store.find(SECRET.id) == (FULL, SECRET)
    assert store.get(FULL.id) == FULL


def test_a_key_without_limits_expiry_or_networks_reads_back_too(store):
    bare = replace(FULL, limits=Limits(), expires_at=None, allow_ip=(), is_test=False)

    store.add(bare, replace(SECRET, expires_at=None))

    assert store.get(bare.id) == bare


def test_an_unknown_id_is_none(store):
    assert store.find("nobody00") is None
    assert store.get("nobody00") is None
    assert store.revoke("nobody00", START) is None


def test_a_taken_id_is_a_conflict_and_leaves_nothing_behind(store, database):
    store.add(FULL, SECRET)

    with pytest.raises(Conflict):
        store.add(replace(FULL, name="other", organization="Another"), SECRET)

    assert store.get(FULL.id) == FULL
    assert [count(database, table) for table in (organizations, keys, credentials)] == [1, 1, 1]


def test_keys_made_at_once_share_one_new_organization(store, database):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: store.add(*numbered(number)), range(24)))

    assert count(database, organizations) == 1
    assert len(store.list(organization="Lab", limit=100)) == 24


def test_keys_are_listed_newest_first_by_organization_and_no_more_than_asked(store):
    for number, organization in enumerate(["Lab", "Library", "Lab"]):
        store.add(*numbered(number, organization=organization, created_at=START + timedelta(seconds=number)))

    assert [key.id for key in store.list(organization=None, limit=2)] == ["key00002", "key00001"]
    assert [key.id for key in store.list(organization="Lab", limit=9)] == ["key00002", "key00000"]
    assert store.list(organization="lab'; --", limit=9) == []


def test_a_key_stays_revoked_since_the_first_time(store):
    store.add(FULL, SECRET)

    store.revoke(FULL.id, START)
    again = store.revoke(FULL.id, START + timedelta(days=1))

    assert again == replace(FULL, revoked_at=START)
    assert store.find(SECRET.id) == (again, SECRET)


def test_a_key_made_by_the_service_is_accepted_until_it_is_revoked(store):
    service = KeysService(store, FakeClock(), b"p3pper-of-these-T3sts")
    created = service.create(KeyRequest(name="notebook", scopes=["search"]))

    assert service.authenticate(created.text, "192.0.2.7").key_id == created.key.id

    service.revoke(created.key.id)
    with pytest.raises(Unauthenticated):
        service.authenticate(created.text, "192.0.2.7")


def test_a_database_that_is_down_is_told_as_such():
    store = PostgresKeyStore(Database("postgresql+psycopg2://nobody@127.0.0.1:1/none", pool_size=1))

    with pytest.raises(DatabaseUnavailable):
        store.find("3fK9aQ2x")
