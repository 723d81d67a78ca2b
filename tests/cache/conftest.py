"""Caches on the throw-away Valkey."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from redis import Redis

from research_api.cache.answers import RedisAnswerCache
from research_api.cache.bounded import BoundedRedis
from tests.timing import wait_until

MakeCache = Callable[..., RedisAnswerCache]


def releasing() -> list[str]:
    """Threads that try to let go of a lock."""
    return [one.name for one in threading.enumerate() if one.name == "release"]


@pytest.fixture
def make_cache() -> Iterator[MakeCache]:
    """A cache at that URL with a client of its own, as another process would have it."""
    clients: list[BoundedRedis] = []

    def make(url: str, **options: Any) -> RedisAnswerCache:
        clients.append(BoundedRedis(url))
        return RedisAnswerCache(clients[-1], **options)

    yield make
    # what they open after their client was closed, nobody closes
    wait_until(lambda: not releasing(), "the last try")
    for client in clients:
        client.close()


@pytest.fixture
def client(redis_url: str) -> Iterator[Redis]:
    """What stands in Valkey, seen past the cache."""
    with Redis.from_url(redis_url) as client:
        yield client
