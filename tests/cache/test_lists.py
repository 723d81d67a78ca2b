"""Kept lists in a real Valkey."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace

import pytest
from redis import Redis

from research_api.cache.connection import connect
from research_api.cache.lists import RedisListStore
from research_api.domain.errors import Unavailable
from research_api.domain.index import KeptList
from research_api.domain.kept_lists import encode_kept
from research_api.domain.search import FacetCount, Filters, Mode, SearchRequest, Sort

pytestmark = pytest.mark.services

# what one call costs with the library's default time-outs
HANGS_SECONDS = 10

KEPT = KeptList(
    request=SearchRequest(
        "naïve ☃",
        Mode.STRICT,
        Sort.NEWEST,
        Filters(2001, None, ("book",), False, 3, True),
        ("catalog",),
        ("year",),
    ),
    numbers=tuple(2**60 - 1 - number for number in range(1000)),
    scores=tuple(number / 7 for number in range(1000)),
    total=12_345,
    facets={"year": (FacetCount("2001", 4),)},
    degraded=True,
)


def test_a_list_comes_back_as_it_was_until_its_time_is_over(redis_url: str) -> None:
    store = RedisListStore(connect(redis_url))

    list_id = store.put(encode_kept(KEPT), ttl_seconds=1)

    assert list_id is not None
    assert store.get(list_id) == KEPT
    time.sleep(1.2)
    assert store.get(list_id) is None


def test_a_list_of_a_thousand_works_takes_less_than_17_kilobytes(redis_url: str) -> None:
    store = RedisListStore(connect(redis_url))
    store.put(encode_kept(KEPT), ttl_seconds=60)

    with Redis.from_url(redis_url) as client:
        (name,) = client.keys("list:*")
        assert client.strlen(name) < 17_000


def test_equal_lists_share_one_key(redis_url: str) -> None:
    store = RedisListStore(connect(redis_url))

    assert store.put(encode_kept(KEPT), ttl_seconds=60) == store.put(encode_kept(KEPT), ttl_seconds=60)
    assert store.put(encode_kept(replace(KEPT, total=1)), ttl_seconds=60) != store.put(
        encode_kept(KEPT), ttl_seconds=60
    )


def test_a_frozen_redis_costs_a_moment_and_heals(redis_url: str) -> None:
    """With the library's default time-outs each call would hang for as long as Redis is frozen, or ten seconds."""
    store = RedisListStore(connect(redis_url))
    list_id = store.put(encode_kept(KEPT), ttl_seconds=60)
    with Redis.from_url(redis_url) as client:
        process = int(client.info("server")["process_id"])
    os.kill(process, signal.SIGSTOP)
    try:
        begin = time.monotonic()
        assert store.put(encode_kept(KEPT), ttl_seconds=60) is None
        with pytest.raises(Unavailable):
            store.get(str(list_id))
        assert time.monotonic() - begin < HANGS_SECONDS
    finally:
        os.kill(process, signal.SIGCONT)

    assert store.get(str(list_id)) == KEPT
