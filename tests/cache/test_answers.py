"""Kept answers in a real Valkey."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest
from redis import Redis

from research_api.cache.counts import AnswerCounts
from tests.cache.conftest import MakeCache

pytestmark = pytest.mark.services

NOISE = os.urandom(1_000_001)

FORK = """
import os, sys, threading
import psutil
from research_api.cache.answers import RedisAnswerCache
from research_api.cache.bounded import BoundedRedis

cache = RedisAnswerCache(BoundedRedis(sys.argv[1]), request_seconds=30, command_seconds=30)
assert threading.active_count() == 1 and psutil.Process().net_connections() == []
child = os.fork()
visit = cache.visit()
visit.put({str(child == 0): b"mine"}, 60)
flight = visit.fly("key", 30)
assert visit.get([str(child == 0)])[str(child == 0)].body == b"mine"
os.write(1, b"flies " if flight.is_mine else b"waits ")
if child == 0:
    os._exit(0)
sys.exit(os.waitpid(child, 0)[1])
"""


def test_answers_come_back_and_missing_ones_are_left_out(redis_url: str, make_cache: MakeCache) -> None:
    make_cache(redis_url).visit().put({"one": b"1", "two": b"", "three": b"3"}, 60)

    kept = make_cache(redis_url).visit().get(["one", "two", "none"])

    assert {key: answer.body for key, answer in kept.items()} == {"one": b"1", "two": b""}


def test_an_answer_says_how_old_it_is(redis_url: str, make_cache: MakeCache) -> None:
    make_cache(redis_url, wall_seconds=lambda: 1000.0).visit().put({"key": b"body"}, 60)

    ages = [
        make_cache(redis_url, wall_seconds=lambda now=now: now).visit().get(["key"])["key"].age_seconds
        for now in (1000.0, 1042.5, 10.0)
    ]

    assert ages == [0.0, 42.5, 0.0]


def test_an_answer_is_gone_after_its_time(redis_url: str, make_cache: MakeCache) -> None:
    visit = make_cache(redis_url).visit()
    visit.put({"key": b"body"}, 1)
    assert list(visit.get(["key"])) == ["key"]

    time.sleep(1.2)

    assert visit.get(["key"]) == {}


def test_many_answers_are_one_question_to_redis(redis_url: str, make_cache: MakeCache, client: Redis) -> None:
    visit = make_cache(redis_url).visit()
    visit.put({"0": b"body"}, 60)
    client.config_resetstat()

    visit.get([str(number) for number in range(12)])
    visit.get([])

    stats = client.info("commandstats")
    asked = {name: stats[name]["calls"] for name in stats if name.startswith("cmdstat_") and "get" in name}
    assert asked == {"cmdstat_mget": 1}


def test_what_is_too_large_is_not_kept_and_the_rest_is(
    redis_url: str, make_cache: MakeCache, client: Redis
) -> None:
    cache = make_cache(redis_url)

    cache.visit().put({"large": NOISE, "small": b"body"}, 60)

    assert client.keys("*") == [b"answer:1:small"]
    assert not cache.visit().is_broken
    assert (cache.counts.stored, cache.counts.too_large, cache.counts.faults) == (1, 1, 0)


def test_only_the_first_caller_within_the_time_is_the_first(redis_url: str, make_cache: MakeCache) -> None:
    visits = [make_cache(redis_url).visit() for _ in range(2)]

    firsts = [visit.first(key, 1) for key in ("one", "two") for visit in visits]
    time.sleep(1.2)

    assert firsts == [True, False, True, False]
    assert visits[1].first("one", 1)


def test_nothing_stays_for_ever(redis_url: str, make_cache: MakeCache, client: Redis) -> None:
    """Redis here evicts nothing: a key without an end would stay until Redis is full."""
    visit = make_cache(redis_url).visit()
    visit.put({"key": b"body"}, 60)
    visit.first("key", 60)
    visit.fly("flying", 60)
    flight = visit.fly("landed", 60)
    flight.land(b"body")
    flight.tell_others(b"body")
    visit.fly("given up", 60).give_up()

    ends = {str(name, "ascii"): client.pttl(name) for name in client.keys("*") if isinstance(name, bytes)}

    assert sorted(name.partition(":")[0] for name in ends) == ["answer", "first", "flight", "landed"]
    assert all(0 < milliseconds <= 60_000 for milliseconds in ends.values())


def test_what_became_of_the_answers_is_counted(redis_url: str, make_cache: MakeCache) -> None:
    cache = make_cache(redis_url)

    cache.visit().put({"one": b"1", "two": b"2"}, 60)
    cache.visit().get(["one", "two", "three"])

    assert cache.counts == AnswerCounts(hits=2, misses=1, stored=2, too_large=0, faults=0)


def test_it_may_be_made_before_a_fork(redis_url: str) -> None:
    """Web servers make everything once and fork: no connection, thread or held lock may be carried over."""
    run = subprocess.run(
        [sys.executable, "-c", FORK, redis_url], capture_output=True, text=True, check=False, timeout=100
    )

    assert (run.returncode, run.stderr) == (0, "")
    assert sorted(run.stdout.split()) == ["flies", "waits"]
