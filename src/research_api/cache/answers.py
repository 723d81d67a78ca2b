"""Answers of federated searches in Redis; whatever is wrong with it is a miss."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from research_api.cache.allowance import Allowance, RedisAway, values_of
from research_api.cache.bodies import CorruptAnswer, pack, unpack
from research_api.cache.bounded import BoundedRedis
from research_api.cache.counts import AnswerCounter, AnswerCounts
from research_api.cache.flights import Flights, RedisFlight
from research_api.domain.answers import KeptAnswer

REQUEST_SECONDS = 0.25
# a Redis on the same network answers within 1 ms; one that is frozen costs each request this, not all of the above
COMMAND_SECONDS = 0.1


class RedisAnswerCache:
    """Nothing is opened before the first use; it may be made before a fork.

    request_seconds: what Redis gets of one request in all, command_seconds: at most for one command of it.
    wall_seconds: the time since 1970.
    """

    def __init__(
        self,
        redis: BoundedRedis,
        *,
        request_seconds: float = REQUEST_SECONDS,
        command_seconds: float = COMMAND_SECONDS,
        wall_seconds: Callable[[], float] = time.time,
    ) -> None:
        self._redis = redis
        self._request_seconds = request_seconds
        self._command_seconds = command_seconds
        self._wall_seconds = wall_seconds
        self._counter = AnswerCounter()
        self._flights = Flights(self._counter)

    @property
    def counts(self) -> AnswerCounts:
        """What became of the answers so far, in this process."""
        return self._counter.counts

    @property
    def in_flight(self) -> int:
        """How many questions this process asks, or waits for, now."""
        return len(self._flights)

    def visit(self) -> RedisCacheVisit:
        """One request's use of the cache. Nothing is sent yet."""
        allowance = Allowance(self._redis, self._counter, self._request_seconds, self._command_seconds)
        return RedisCacheVisit(allowance, self._counter, self._flights, self._wall_seconds)


class RedisCacheVisit:
    """One request's use; its threads may share it."""

    def __init__(
        self,
        allowance: Allowance,
        counter: AnswerCounter,
        flights: Flights,
        wall_seconds: Callable[[], float],
    ) -> None:
        self._allowance = allowance
        self._counter = counter
        self._flights = flights
        self._wall_seconds = wall_seconds

    def beside(self) -> RedisCacheVisit:
        """The same for what no answer waits for: a time of its own, and over with this one."""
        return RedisCacheVisit(self._allowance.beside(), self._counter, self._flights, self._wall_seconds)

    @property
    def is_broken(self) -> bool:
        """True where Redis is asked no more in this request."""
        return self._allowance.is_over

    def get(self, keys: Sequence[str]) -> dict[str, KeptAnswer]:
        """What is kept under these keys, in one round trip; missing ones are left out."""
        packed = self._packed(keys) if keys else []
        found = {key: self._unpacked(one) for key, one in zip(keys, packed, strict=True) if one is not None}
        kept = {key: answer for key, answer in found.items() if answer is not None}
        self._counter.add(hits=len(kept), misses=len(keys) - len(kept))
        return kept

    def put(self, answers: Mapping[str, bytes], keep_seconds: int) -> bool:
        """Each is kept for so long, but for those that are too large; all in one round trip. True: all are."""
        now = self._wall_seconds()
        packed = {} if self.is_broken else {key: pack(body, now) for key, body in answers.items()}
        commands = [
            ("SET", _name(key), one, "EX", keep_seconds) for key, one in packed.items() if one is not None
        ]
        self._counter.add(too_large=len(packed) - len(commands))
        try:
            taken = self._allowance.run_all(commands) if commands else []
        except RedisAway:
            return False
        stored = len([one for one in taken if one is not None])
        self._counter.add(stored=stored)
        return stored == len(answers)

    def fly(self, key: str, seconds: float) -> RedisFlight:
        """Who first asks flies, for so many seconds at most; the others wait for him."""
        return self._flights.board(key, seconds, self._allowance)

    def first(self, key: str, seconds: int) -> bool:
        """True for the first caller within so many seconds; False for the others, and where Redis is broken."""
        try:
            return self._allowance.run("SET", f"first:1:{key}", 1, "NX", "EX", seconds) is not None
        except RedisAway:
            return False

    def _packed(self, keys: Sequence[str]) -> list[bytes | None]:
        try:
            return values_of(self._allowance.run("MGET", *map(_name, keys)), len(keys))
        except RedisAway:
            return [None] * len(keys)

    def _unpacked(self, packed: bytes) -> KeptAnswer | None:
        try:
            return unpack(packed, self._wall_seconds())
        except CorruptAnswer as error:
            self._allowance.note(error)
            return None


def _name(key: str) -> str:
    return f"answer:1:{key}"
