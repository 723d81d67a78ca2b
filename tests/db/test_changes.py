"""The change feed on a real Postgres."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from research_api.db.changes import PostgresChangeFeed
from research_api.db.engine import Database
from research_api.db.works import PostgresWorkStore
from research_api.domain.feed import START, Position
from research_api.domain.works import Identifier, Record
from tests.db.batches import prepared

pytestmark = pytest.mark.services


@pytest.fixture
def feed(database: Database) -> PostgresChangeFeed:
    return PostgresChangeFeed(database)


@pytest.fixture
def store(database: Database) -> PostgresWorkStore:
    return PostgresWorkStore(database)


def stored(store: PostgresWorkStore, name: str, title: str = "A title") -> str:
    """The id of a work that was stored or updated."""
    local = Identifier("local", f"tests:{name}")
    store.upsert(prepared([Record("tests", name, title, identifiers=(local,))]))
    return store.ids_of([local])[local]


def test_changes_come_in_order_each_work_once(feed: PostgresChangeFeed, store: PostgresWorkStore) -> None:
    one, two = stored(store, "one"), stored(store, "two")
    stored(store, "one", "A newer title")

    batch = feed.after(START, 10)

    assert batch.work_ids == (two, one)
    assert batch.is_last
    assert feed.after(batch.position, 10).work_ids == ()
    assert feed.pending(START) == 2
    assert feed.pending(batch.position) == 0


def test_a_limited_read_goes_on_where_it_stopped(feed: PostgresChangeFeed, store: PostgresWorkStore) -> None:
    ids = [stored(store, str(number)) for number in range(5)]

    first = feed.after(START, 3)
    second = feed.after(first.position, 3)

    assert first.work_ids + second.work_ids == tuple(ids)
    assert not first.is_last
    assert second.is_last


def test_a_change_that_commits_late_is_not_passed_over(
    database: Database, feed: PostgresChangeFeed, store: PostgresWorkStore
) -> None:
    """A reader that went by row numbers would have gone past the open transaction's row for ever."""
    late = stored(store, "late")
    position = feed.after(START, 10).position
    with database.engine.connect() as slow:
        slow.execute(sa.text("UPDATE works SET title = 'late' WHERE id = :id"), {"id": late})
        early = stored(store, "early")

        meanwhile = feed.after(position, 10)
        slow.commit()

    assert meanwhile.work_ids == ()
    assert not meanwhile.is_last
    assert set(feed.after(meanwhile.position, 10).work_ids) == {late, early}


def test_the_horizon_lies_before_every_change_still_to_come(
    database: Database, feed: PostgresChangeFeed, store: PostgresWorkStore
) -> None:
    """A rebuild reads all works after it took the horizon; what it cannot have seen must come after that."""
    late, settled = stored(store, "late"), stored(store, "settled")
    with database.engine.connect() as slow:
        slow.execute(sa.text("UPDATE works SET title = 'late' WHERE id = :id"), {"id": late})
        horizon = feed.horizon()
        slow.commit()

    assert late in feed.after(horizon, 10).work_ids
    assert settled not in feed.after(horizon, 10).work_ids


def test_only_what_every_living_host_has_seen_is_pruned(
    feed: PostgresChangeFeed, store: PostgresWorkStore, database: Database
) -> None:
    stored(store, "one")
    after_one = feed.after(START, 10).position
    two = stored(store, "two")
    after_two = feed.after(after_one, 10).position
    feed.report("slow", after_one)
    feed.report("fast", after_two)

    assert feed.prune(host_ttl_days=7) == 1
    assert feed.after(START, 10).work_ids == (two,)
    assert feed.is_pruned(START)
    assert not feed.is_pruned(after_one)

    with database.begin() as connection:
        connection.execute(
            sa.text("UPDATE index_hosts SET seen_at = now() - interval '8 days' WHERE host = 'slow'")
        )

    assert feed.prune(host_ttl_days=7) == 1
    assert feed.is_pruned(after_one)


def test_nothing_is_pruned_before_any_host_reported(
    feed: PostgresChangeFeed, store: PostgresWorkStore
) -> None:
    stored(store, "one")

    assert feed.prune(host_ttl_days=7) == 0


def test_every_work_is_read_once_in_pages(feed: PostgresChangeFeed, store: PostgresWorkStore) -> None:
    ids = {stored(store, str(number)) for number in range(7)}

    pages = list(feed.all_works(3))

    assert [len(page) for page in pages] == [3, 3, 1]
    assert {work.id for page in pages for work in page} == ids


def test_a_deleted_work_is_a_change_too(
    feed: PostgresChangeFeed, store: PostgresWorkStore, database: Database
) -> None:
    work_id = stored(store, "one")
    position = feed.after(START, 10).position
    with database.begin() as connection:
        for table, column in (("identifiers", "work_id"), ("work_records", "work_id"), ("works", "id")):
            connection.execute(sa.text(f"DELETE FROM {table} WHERE {column} = :id"), {"id": work_id})

    assert feed.after(position, 10).work_ids == (work_id,)
    assert feed.works([work_id]) == {}


def test_positions_are_ordered_by_transaction_then_row() -> None:
    assert START < Position(1, 0) < Position(1, 5) < Position(2, 0)
