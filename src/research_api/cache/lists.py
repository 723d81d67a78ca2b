"""Ranked lists in Redis: a JSON head, then all numbers of works and all scores, 16 bytes for each work."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from types import MappingProxyType

import structlog
from redis import Redis, RedisError

from research_api.domain.errors import Unavailable
from research_api.domain.index import KeptList
from research_api.domain.search import FacetCount, request_from_body, request_to_body

log = structlog.get_logger(__name__)


class RedisListStore:
    """Keeps a list of 1,000 works in 16 kB."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def put(self, kept: KeptList, ttl_seconds: int) -> str | None:
        """The id under which the list is kept, or None where Redis does not take it."""
        data = _encoded(kept)
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
        return _decoded(data) if isinstance(data, bytes) else None


def _name(list_id: str) -> str:
    return f"list:5:{list_id}"


def _encoded(kept: KeptList) -> bytes:
    head = {
        "request": request_to_body(kept.request),
        "total": kept.total,
        "degraded": kept.degraded,
        "is_counted": kept.is_counted,
        "facets": {name: [[one.value, one.count] for one in counts] for name, counts in kept.facets.items()},
    }
    count = len(kept.numbers)
    return json.dumps(head).encode() + b"\n" + struct.pack(f"<{count}Q{count}d", *kept.numbers, *kept.scores)


def _decoded(data: bytes) -> KeptList:
    head_text, _, body = data.partition(b"\n")
    head = json.loads(head_text)
    count = len(body) // 16
    values = struct.unpack(f"<{count}Q{count}d", body)
    facets: Mapping[str, tuple[FacetCount, ...]] = MappingProxyType(
        {
            name: tuple(FacetCount(value, count) for value, count in counts)
            for name, counts in head["facets"].items()
        }
    )
    return KeptList(
        request=request_from_body(head["request"]),
        numbers=values[:count],
        scores=values[count:],
        total=head["total"],
        facets=facets,
        degraded=head["degraded"],
        is_counted=head["is_counted"],
    )
