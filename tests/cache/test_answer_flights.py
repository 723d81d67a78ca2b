"""Equal questions are asked once: by the threads of one process, and by processes that share a Valkey."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from functools import partial

import pytest
from redis import Redis

from research_api.cache.answers import RedisAnswerCache
from tests.cache.conftest import MakeCache
from tests.cache.redis_stand_ins import frozen, in_threads, scripted_redis

pytestmark = pytest.mark.services

# where the point is who flies, a machine that is busy for a moment shall not look like a Redis that is away
PATIENT = {"request_seconds": 60.0, "command_seconds": 60.0}
# far more than any wait here should take, and far less than what is waited for where it goes wrong
SOON_SECONDS = 15.0
LONG_SECONDS = 60.0
BODY = b"body of an answer " * 3_000

PROCESS = """
import sys, time
from redis import Redis
from research_api.cache.answers import RedisAnswerCache
from research_api.cache.bounded import BoundedRedis
from tests.cache.redis_stand_ins import in_threads

client = Redis.from_url(sys.argv[1])
cache = RedisAnswerCache(BoundedRedis(sys.argv[1]), request_seconds=60, command_seconds=60)

def ask():
    flight = cache.visit().fly("key", 60)
    client.incr("boarded")
    if not flight.is_mine:
        return flight.wait(60)
    client.incr("asked")
    while int(client.get("boarded")) < 100:
        time.sleep(0.02)
    flight.land(b"landed")
    flight.tell_others(b"landed")
    return b"landed"

client.incr("started")
while int(client.get("started")) < 2:
    time.sleep(0.01)
print(in_threads([ask] * 50).count(b"landed"), cache.in_flight)
"""


class Crowd:
    """So many who ask the same; whoever flies asks the sources until all of them are on board."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.asked = 0
        self._boarded = threading.Semaphore(0)

    def ask(self, cache: RedisAnswerCache) -> bytes | None:
        flight = cache.visit().fly("key", LONG_SECONDS)
        self._boarded.release()
        if not flight.is_mine:
            return flight.wait(LONG_SECONDS)
        self.asked += 1
        assert all(self._boarded.acquire(timeout=LONG_SECONDS) for _ in range(self.size))
        flight.land(BODY)
        flight.tell_others(BODY)
        return BODY


def test_of_a_hundred_threads_over_two_clients_one_flies(redis_url: str, make_cache: MakeCache) -> None:
    caches = [make_cache(redis_url, **PATIENT) for _ in range(2)]
    crowd = Crowd(100)

    bodies = in_threads([partial(crowd.ask, cache) for cache in caches * 50])

    assert crowd.asked == 1
    assert bodies == [BODY] * 100
    assert [cache.in_flight for cache in caches] == [0, 0]


def test_of_two_processes_with_fifty_threads_one_flies(redis_url: str, client: Redis) -> None:
    runs = [
        subprocess.Popen([sys.executable, "-c", PROCESS, redis_url], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]

    printed = [run.communicate(timeout=100)[0] for run in runs]

    assert printed == ["50 0\n", "50 0\n"]
    assert client.get("asked") == b"1"


def test_fifty_who_wait_in_one_process_ask_redis_as_one(
    redis_url: str, make_cache: MakeCache, client: Redis
) -> None:
    """Each look is a round trip: a hundred threads that look every 15 ms would be 6,600 a second."""
    flyer = make_cache(redis_url).visit().fly("key", LONG_SECONDS)
    waiting = make_cache(redis_url, **PATIENT)
    client.config_resetstat()

    def land() -> None:
        time.sleep(0.5)
        flyer.land(BODY)
        flyer.tell_others(BODY)

    bodies = in_threads([land, *[lambda: waiting.visit().fly("key", LONG_SECONDS).wait(LONG_SECONDS)] * 50])

    assert bodies[1:] == [BODY] * 50
    assert 1 < client.info("commandstats")["cmdstat_mget"]["calls"] < 200


@pytest.mark.parametrize("is_same_process", [True, False])
def test_those_who_wait_go_on_when_the_flyer_dies(
    redis_url: str, make_cache: MakeCache, client: Redis, is_same_process: bool
) -> None:
    cache = make_cache(redis_url, **PATIENT)
    other = cache if is_same_process else make_cache(redis_url, **PATIENT)
    begin = time.monotonic()
    assert cache.visit().fly("key", 0.6).is_mine

    waited = in_threads([lambda: other.visit().fly("key", 0.6).wait(LONG_SECONDS)] * 10)

    assert waited == [None] * 10
    assert client.keys("flight:*") == []
    assert 0.4 < time.monotonic() - begin < SOON_SECONDS
    again = in_threads([lambda: other.visit().fly("key", LONG_SECONDS).is_mine] * 10)
    assert sorted(again) == [False] * 9 + [True]


@pytest.mark.parametrize("is_same_process", [True, False])
def test_those_who_wait_go_on_at_once_when_the_flyer_gives_up(
    redis_url: str, make_cache: MakeCache, is_same_process: bool
) -> None:
    cache = make_cache(redis_url, **PATIENT)
    other = cache if is_same_process else make_cache(redis_url, **PATIENT)
    flight = cache.visit().fly("key", LONG_SECONDS)

    def give_up() -> None:
        time.sleep(0.1)
        flight.give_up()

    begin = time.monotonic()
    waited = in_threads([give_up, lambda: other.visit().fly("key", LONG_SECONDS).wait(LONG_SECONDS)])

    assert waited[1] is None
    assert time.monotonic() - begin < SOON_SECONDS
    assert other.visit().fly("key", LONG_SECONDS).is_mine


def test_who_waits_shorter_than_others_leaves_the_watch_to_them(
    redis_url: str, make_cache: MakeCache
) -> None:
    flyer = make_cache(redis_url).visit().fly("key", LONG_SECONDS)
    waiting = make_cache(redis_url, **PATIENT)
    short, long = (waiting.visit().fly("key", LONG_SECONDS) for _ in range(2))
    bodies: list[bytes | None] = []
    first = threading.Thread(target=lambda: bodies.append(short.wait(0.4)))
    second = threading.Thread(target=lambda: bodies.append(long.wait(LONG_SECONDS)))

    first.start()
    time.sleep(0.1)
    second.start()
    first.join()
    flyer.land(BODY)
    flyer.tell_others(BODY)
    second.join(SOON_SECONDS)

    assert bodies == [None, BODY]


def test_a_flight_elsewhere_that_nobody_waits_for_is_asked_about_anew(
    redis_url: str, make_cache: MakeCache
) -> None:
    """Nobody here saw it end, so nobody here may go by what was known of it."""
    flyer = make_cache(redis_url).visit().fly("key", LONG_SECONDS)
    cache = make_cache(redis_url)
    assert cache.visit().fly("key", LONG_SECONDS).wait(0.05) is None
    assert not cache.visit().fly("key", LONG_SECONDS).is_mine
    assert cache.visit().fly("key", LONG_SECONDS).wait(0.05) is None

    flyer.give_up()

    assert cache.visit().fly("key", LONG_SECONDS).is_mine


def test_only_its_own_lock_is_released(redis_url: str, make_cache: MakeCache) -> None:
    """Who was so slow that his lock ended shall not end the flight of the next one."""
    for has_landed in (True, False):
        late = make_cache(redis_url).visit().fly("key", 0.1)
        time.sleep(0.3)
        flyer = make_cache(redis_url).visit().fly("key", LONG_SECONDS)
        assert flyer.is_mine

        if has_landed:
            late.land(b"late")
            late.tell_others(b"late")
        else:
            late.give_up()

        waiting = make_cache(redis_url).visit().fly("key", LONG_SECONDS)
        assert not waiting.is_mine
        flyer.land(b"in time")
        flyer.tell_others(b"in time")
        assert waiting.wait(SOON_SECONDS) == b"in time"


def test_who_asks_after_the_landing_flies_anew(redis_url: str, make_cache: MakeCache) -> None:
    """What landed may be no answer to keep: some source was away, and is back now."""
    for _ in range(2):
        cache = make_cache(redis_url)
        first = cache.visit().fly("key", LONG_SECONDS)
        first.land(BODY)
        first.tell_others(BODY)

        assert first.is_mine
        for one in (cache, make_cache(redis_url)):
            again = one.visit().fly("key", LONG_SECONDS)
            assert again.is_mine
            again.give_up()


def test_a_body_that_is_too_large_lands_in_its_own_process_only(
    redis_url: str, make_cache: MakeCache
) -> None:
    noise = os.urandom(1_000_001)
    cache, other = (make_cache(redis_url, **PATIENT) for _ in range(2))
    flyer, near, far = (one.visit().fly("key", LONG_SECONDS) for one in (cache, cache, other))

    flyer.land(noise)
    flyer.tell_others(noise)

    begin = time.monotonic()
    assert near.wait(LONG_SECONDS) == noise
    assert far.wait(LONG_SECONDS) is None
    assert time.monotonic() - begin < SOON_SECONDS
    assert cache.counts.too_large == 1


def test_waiting_is_not_charged_to_the_request(make_cache: MakeCache) -> None:
    with scripted_redis() as scripted:
        scripted.replies = {"EVAL": b"$7\r\nanother\r\n", "MGET": b"*2\r\n$-1\r\n$7\r\nanother\r\n"}
        cache = make_cache(scripted.url)
        cache.visit().first("key", 60)
        scripted.reply_seconds = 0.04
        visit = cache.visit()

        assert visit.fly("key", LONG_SECONDS).wait(1.5) is None

        assert scripted.commands.count("MGET") > 6
        assert not visit.is_broken
        assert visit.first("key", 60)


def test_a_redis_that_freezes_ends_the_wait(redis_url: str, make_cache: MakeCache) -> None:
    make_cache(redis_url).visit().fly("key", LONG_SECONDS)
    cache = make_cache(redis_url)
    visits = [cache.visit() for _ in range(5)]
    flights = [visit.fly("key", LONG_SECONDS) for visit in visits]
    assert not any(flight.is_mine for flight in flights)

    with frozen(redis_url):
        begin = time.monotonic()
        waited = in_threads([partial(flight.wait, LONG_SECONDS) for flight in flights])
        took = time.monotonic() - begin

    assert waited == [None] * 5
    assert took < SOON_SECONDS
    assert [visit.is_broken for visit in visits].count(True) == 1
    assert cache.in_flight == 0


def test_equal_questions_of_one_process_meet_while_redis_is_frozen(
    redis_url: str, make_cache: MakeCache
) -> None:
    cache = make_cache(redis_url)
    crowd = Crowd(20)

    with frozen(redis_url):
        bodies = in_threads([partial(crowd.ask, cache)] * 20)

    assert crowd.asked == 1
    assert bodies == [BODY] * 20


def test_a_landed_body_that_is_broken_is_none(redis_url: str, make_cache: MakeCache, client: Redis) -> None:
    flyer = make_cache(redis_url).visit().fly("key", LONG_SECONDS)
    other = make_cache(redis_url)
    waiting = other.visit().fly("key", LONG_SECONDS)
    flyer.land(BODY)
    flyer.tell_others(BODY)
    [name] = client.keys("landed:*")

    client.set(name, b"junk")

    assert waiting.wait(SOON_SECONDS) is None
    assert other.counts.faults == 1


def test_those_who_died_in_flight_leave_nothing_behind(redis_url: str, make_cache: MakeCache) -> None:
    cache = make_cache(redis_url)
    for number in range(20):
        cache.visit().fly(str(number), 0.05)
    time.sleep(0.1)

    cache.visit().fly("another", LONG_SECONDS)

    assert cache.in_flight == 1
