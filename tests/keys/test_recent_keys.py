"""Keys that were looked up a moment ago."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from research_api.services.keys import KeyRequest, KeysService
from research_api.services.recent_keys import RecentKeys
from tests.services.fakes import FakeTime


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def recent(store, time):
    return RecentKeys(store, monotonic=time.monotonic)


@pytest.fixture
def made(store, clock):
    return KeysService(store, clock, b"pepper").create(KeyRequest("one", ["search"]))


def finds(store) -> int:
    return store.calls.count("find")


def test_a_key_is_looked_up_once_in_half_a_second(recent, store, time, made):
    found = [recent.find(made.key.id) for _ in range(3)]
    time.now += 0.6
    later = recent.find(made.key.id)

    assert found == [found[0]] * 3 == [later] * 3
    assert finds(store) == 2


def test_a_revocation_elsewhere_holds_within_half_a_second_and_here_at_once(recent, store, time, made):
    recent.find(made.key.id)
    store.revoke(made.key.id, datetime.now(UTC))

    assert recent.find(made.key.id)[0].revoked_at is None
    time.now += 0.5
    assert recent.find(made.key.id)[0].revoked_at is not None

    recent.revoke(made.key.id, datetime.now(UTC))
    before = finds(store)
    recent.find(made.key.id)
    assert finds(store) == before + 1


def test_what_is_unknown_is_asked_for_every_time(recent, store):
    assert [recent.find("aaaaaaaa") for _ in range(3)] == [None] * 3
    assert finds(store) == 3
