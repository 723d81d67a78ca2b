"""Kept lists in a real Valkey."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace

import pytest
from redis import Redis

from research_api.domain.errors import Expired, Unavailable
from research_api.domain.index import KeptList
from research_api.domain.kept_lists import encode_kept
from research_api.domain.search import FacetCount, Filters, Mode, SearchRequest, Sort
from research_api.services.list_keeping import keep_list, kept_list
from tests.cache.conftest import MakeCache

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


def test_a_list_comes_back_as_it_was_until_its_time_is_over(
    redis_url: str, make_cache: MakeCache, client: Redis
) -> None:
    cache = make_cache(redis_url)

    id_ = keep_list(encode_kept(KEPT), cache.visit())

    assert id_ is not None
    assert kept_list(id_, cache.visit()) == KEPT
    (name,) = client.keys("*list-*")
    assert 1_700 < client.ttl(name) <= 1_800
    assert client.strlen(name) < 17_000
    client.delete(name)
    with pytest.raises(Expired):
        kept_list(id_, cache.visit())


def test_equal_lists_share_one_key(redis_url: str, make_cache: MakeCache) -> None:
    visit = make_cache(redis_url).visit()

    assert keep_list(encode_kept(KEPT), visit) == keep_list(encode_kept(KEPT), visit)
    assert keep_list(encode_kept(replace(KEPT, total=1)), visit) != keep_list(encode_kept(KEPT), visit)


def test_a_frozen_redis_costs_a_moment_and_heals(
    redis_url: str, make_cache: MakeCache, client: Redis
) -> None:
    """With the library's default time-outs each call would hang for as long as Redis is frozen, or ten seconds."""
    cache = make_cache(redis_url)
    id_ = str(keep_list(encode_kept(KEPT), cache.visit()))
    process = int(client.info("server")["process_id"])
    os.kill(process, signal.SIGSTOP)
    try:
        begin = time.monotonic()
        assert keep_list(encode_kept(KEPT), cache.visit()) is None
        with pytest.raises(Unavailable):
            kept_list(id_, cache.visit())
        assert time.monotonic() - begin < HANGS_SECONDS
    finally:
        os.kill(process, signal.SIGCONT)

    assert kept_list(id_, cache.visit()) == KEPT
