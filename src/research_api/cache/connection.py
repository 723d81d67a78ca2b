"""One Redis client for the process, bounded in time."""

from __future__ import annotations

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

# a frozen Redis costs a request at most this; measured with library defaults it was 10 s
TIMEOUT_SECONDS = 0.2


def connect(url: str, *, max_connections: int = 16) -> Redis:
    """A lazy client: nothing is opened before the first command. Commands raise redis.RedisError."""
    return Redis.from_url(
        url,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        max_connections=max_connections,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=30,
    )
