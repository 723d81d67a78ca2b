"""A Redis client each of whose commands ends in its own time, connecting included.

The library bounds each read by itself: a connection made anew takes three to five of them, and a value that drips has
no bound at all.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from redis import ConnectionPool, Redis, RedisError
from redis.backoff import NoBackoff
from redis.connection import AbstractConnection
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

Command = tuple[str | bytes | int, ...]
MAX_CONNECTIONS = 16
# zero would mean a socket that never waits
LEAST_SECONDS = 0.001


class _Turn(threading.local):
    """When the command that this thread is about must be over."""

    ends_at = math.inf

    def left_seconds(self) -> float:
        return self.ends_at - time.monotonic()


_turn = _Turn()


class BoundedRedis:
    """Commands with a time each. Nothing is opened before the first; it may be made before a fork."""

    def __init__(self, url: str, *, max_connections: int = MAX_CONNECTIONS) -> None:
        # RESP2: one round trip less at the start of a connection, and nothing that comes unasked
        pool = ConnectionPool.from_url(
            url, max_connections=max_connections, retry=Retry(NoBackoff(), 0), protocol=2
        )
        pool.connection_class = _bounded(pool.connection_class)
        self._redis = Redis(connection_pool=pool)
        self._free = threading.BoundedSemaphore(max_connections)

    def run(self, seconds: float, *command: str | bytes | int) -> object:
        """Its answer. Raises RedisError, RedisTimeoutError where it did not come in so many seconds."""
        with self._connection(seconds):
            return self._redis.execute_command(*command)  # type: ignore[no-untyped-call]  # redis-py types it not

    def run_all(self, seconds: float, commands: Sequence[Command]) -> list[object]:
        """The answers in order, a RedisError in place of one that was refused; all in one round trip.

        Raises RedisError, RedisTimeoutError where they did not come in so many seconds.
        """
        with self._connection(seconds), self._redis.pipeline(transaction=False) as pipeline:
            for command in commands:
                pipeline.execute_command(*command)  # type: ignore[no-untyped-call]  # redis-py types it not
            return list(pipeline.execute(raise_on_error=False))

    def close(self) -> None:
        """All connections are closed; the next command opens one."""
        self._redis.connection_pool.disconnect()

    @contextmanager
    def _connection(self, seconds: float) -> Iterator[None]:
        """One of the connections may be used, and the time runs."""
        ends_at = time.monotonic() + seconds
        if not self._free.acquire(timeout=max(seconds, 0.0)):
            raise RedisTimeoutError("No connection became free in time.")
        _turn.ends_at = ends_at
        try:
            yield
        except (OSError, ValueError) as error:
            # a number that is none: whoever answers does not speak Redis
            raise RedisError("The connection broke.") from error
        finally:
            _turn.ends_at = math.inf
            self._free.release()


class _BoundedSocket:
    """A connected socket that waits as long as the turn of its thread lasts."""

    def __init__(self, connected: Any) -> None:
        self._socket = connected
        self._may_wait = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)

    def settimeout(self, seconds: float | None) -> None:
        """Zero asks what is there without waiting, as a pool does of a kept connection; else the turn decides."""
        self._may_wait = seconds != 0
        if not self._may_wait:
            self._socket.settimeout(0)

    def recv(self, size: int) -> bytes:
        received: bytes = self._within_turn(self._socket.recv, size)
        return received

    def sendall(self, data: bytes) -> None:
        self._within_turn(self._socket.sendall, data)

    def _within_turn(self, act: Any, argument: bytes | int) -> Any:
        if not self._may_wait:
            return act(argument)
        left_seconds = _turn.left_seconds()
        # what has come already is taken even late: threads that wait for the interpreter are no fault of Redis
        self._socket.settimeout(None if left_seconds == math.inf else max(left_seconds, 0.0))
        try:
            return act(argument)
        except BlockingIOError as error:
            raise TimeoutError("timed out") from error


def _bounded(kind: type[AbstractConnection]) -> type[AbstractConnection]:
    """The same kind of connection (plain, TLS or a local socket), bounded by the turn."""

    class BoundedConnection(kind):  # type: ignore[valid-type, misc]  # the class is chosen by the URL
        """Asked for its time-outs at each address of the host, and before the handshake of TLS."""

        @property
        def socket_connect_timeout(self) -> float:
            return max(min(_turn.left_seconds(), threading.TIMEOUT_MAX), LEAST_SECONDS)

        @socket_connect_timeout.setter
        def socket_connect_timeout(self, seconds: float | None) -> None:
            """The library's own is not used."""

        @property
        def socket_timeout(self) -> float:
            return self.socket_connect_timeout

        @socket_timeout.setter
        def socket_timeout(self, seconds: float | None) -> None:
            """Nor is this."""

        def _connect(self) -> Any:
            return _BoundedSocket(super()._connect())

    return BoundedConnection
