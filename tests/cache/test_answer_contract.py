"""The fake that the services are tested with does what the cache in Valkey does."""

from __future__ import annotations

import threading

import pytest

from research_api.services.answer_ports import AnswerCache
from tests.cache.conftest import MakeCache
from tests.services.answer_fakes import FakeAnswerCache

pytestmark = pytest.mark.services


@pytest.fixture(params=["valkey", "fake"])
def cache(request: pytest.FixtureRequest, redis_url: str, make_cache: MakeCache) -> AnswerCache:
    if request.param == "fake":
        return FakeAnswerCache()
    return make_cache(redis_url, request_seconds=60, command_seconds=60)


def test_what_was_put_is_got(cache: AnswerCache) -> None:
    cache.visit().put({"one": b"1", "two": b"2"}, 60)
    cache.visit().put({"two": b"second"}, 60)

    kept = cache.visit().get(["one", "two", "three"])

    assert {key: answer.body for key, answer in kept.items()} == {"one": b"1", "two": b"second"}
    assert all(0 <= answer.age_seconds < 60 for answer in kept.values())
    assert cache.visit().get([]) == {}
    assert not cache.visit().is_broken


def test_the_first_is_first_once_for_each_key(cache: AnswerCache) -> None:
    firsts = [cache.visit().first(key, 60) for key in ("one", "one", "two")]

    assert firsts == [True, False, True]


def test_who_waits_gets_what_landed_first(cache: AnswerCache) -> None:
    flyer, near = (cache.visit().fly("key", 60) for _ in range(2))
    other = cache.visit().fly("other", 60)

    def land() -> None:
        flyer.land(b"body")
        flyer.tell_others(b"body")
        flyer.land(b"again")
        flyer.tell_others(b"again")
        flyer.give_up()

    landing = threading.Timer(0.1, land)

    landing.start()

    assert (flyer.is_mine, near.is_mine, other.is_mine) == (True, False, True)
    assert near.wait(60) == b"body"
    landing.join()
    assert near.wait(60) == b"body"
    assert cache.visit().fly("key", 60).is_mine


def test_who_waits_gets_nothing_where_it_was_given_up_or_takes_too_long(cache: AnswerCache) -> None:
    flyer, near = (cache.visit().fly("key", 60) for _ in range(2))

    too_long = near.wait(0.05)
    flyer.give_up()

    assert (too_long, near.wait(60)) == (None, None)
    assert cache.visit().fly("key", 60).is_mine


def test_a_broken_fake_is_a_miss() -> None:
    cache = FakeAnswerCache()
    cache.given("key", b"body", age_seconds=5)
    visit = cache.visit()
    assert visit.get(["key"])["key"].age_seconds == 5

    cache.is_broken = True

    assert visit.get(["key"]) == {}
    assert not visit.first("key", 60)
    cache.is_broken = False
    assert visit.is_broken
    assert not cache.visit().is_broken


def test_the_time_of_a_fake_passes_when_it_is_told_so() -> None:
    cache = FakeAnswerCache()
    cache.visit().put({"key": b"body"}, 60)
    assert cache.visit().first("key", 60)
    flight = cache.visit().fly("key", 60)

    cache.pass_time(59)

    assert cache.visit().get(["key"])["key"].age_seconds == 59
    assert not cache.visit().first("key", 60)
    assert not cache.visit().fly("key", 60).is_mine
    cache.pass_time(1)
    assert cache.visit().get(["key"]) == {}
    assert cache.visit().first("key", 60)
    assert cache.visit().fly("key", 60).is_mine
    flight.give_up()
    assert cache.flying == {"key"}
