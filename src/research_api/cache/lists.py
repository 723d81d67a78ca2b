"""Ranked lists in Redis."""

from __future__ import annotations

import hashlib

import structlog
from redis import Redis, RedisError

from research_api.domain.errors import Unavailable
from research_api.domain.index import KeptList
from research_api.domain.kept_lists import decode_kept

log = structlog.get_logger(__name__)


class RedisListStore:
    """Keeps a list of 1,000 works of the catalog in 16 kB; works that other sources told of take their texts."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def put(self, data: bytes, ttl_seconds: int) -> str | None:
        """The id under which the list that `encode_kept` wrote is kept, or None where Redis does not take it."""
        # equal lists share one key, so that the same question asked all day takes 16 kB and not 16 kB each time
        list_id = hashlib.blake2b(data, digest_size=12).hexdigest()
        try:
            self._redis.set(_name(list_id), data, ex=ttl_seconds)
        except RedisError as error:
            log.warning("list_not_kept", error=type(error).__name__)
            return None
        return list_id

    def get(self, list_id: str) -> KeptList | None:
        """The list, or None where its time is over. Raises Unavailable where Redis does not answer."""
        try:
            data = self._redis.get(_name(list_id))
        except RedisError as error:
            raise Unavailable("The kept list cannot be read. Try again in a moment.") from error
        return decode_kept(data) if isinstance(data, bytes) else None


def _name(list_id: str) -> str:
    return f"list:6:{list_id}"
