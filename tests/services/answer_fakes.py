"""A cache of answers in memory."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from research_api.domain.answers import KeptAnswer
from research_api.services.answer_ports import AnswerCache


@dataclass
class _Entry:
    body: bytes
    put_at: float
    keep_seconds: float


class FakeFlight:
    """One question in flight; the waiters of other threads wait in earnest."""

    def __init__(self, cache: FakeAnswerCache, key: str, ends_at: float) -> None:
        self.ends_at = ends_at
        self._cache = cache
        self._key = key
        self.told = cache.told
        self._is_over = threading.Event()
        self._body: bytes | None = None

    def end(self, body: bytes | None) -> None:
        """The first end counts."""
        if self._is_over.is_set():
            return
        self._body = body
        self._cache.ended(self._key, self)
        self._is_over.set()

    def wait(self, seconds: float) -> bytes | None:
        return self._body if self._is_over.wait(seconds) else None


@dataclass
class FakeTicket:
    """One caller's part in a flight."""

    flight: FakeFlight
    is_mine: bool

    def land(self, body: bytes) -> None:
        assert self.is_mine
        self.flight.end(body)

    def tell_others(self, body: bytes) -> None:
        self.flight.told.append(body)

    def give_up(self) -> None:
        assert self.is_mine
        self.flight.end(None)

    def wait(self, seconds: float) -> bytes | None:
        assert not self.is_mine
        return self.flight.wait(seconds)


@dataclass
class FakeAnswerCache:
    """Its time stands still until `pass_time`; `is_broken` makes each visit a broken one.

    asked, put_keys: the keys of each `get` and of each `put`, in order.
    told: the bodies that other processes were told. seconds_put: what was asked to be kept, by key. boarded: how many
    wanted a part in a flight.
    """

    is_broken: bool = False
    asked: list[tuple[str, ...]] = field(default_factory=list)
    put_keys: list[tuple[str, ...]] = field(default_factory=list)
    seconds_put: dict[str, int] = field(default_factory=dict)
    told: list[bytes] = field(default_factory=list)
    boarded: int = 0
    _now: float = 1000.0
    _entries: dict[str, _Entry] = field(default_factory=dict)
    _flights: dict[str, FakeFlight] = field(default_factory=dict)
    _firsts: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def visit(self) -> FakeCacheVisit:
        return FakeCacheVisit(self)

    def given(self, key: str, body: bytes, *, age_seconds: float = 0.0, keep_seconds: float = 86_400) -> None:
        """The answer is kept since so long."""
        self._entries[key] = _Entry(body, self._now - age_seconds, keep_seconds)

    def pass_time(self, seconds: float) -> None:
        """Everything is older by that, and gone where its time is over."""
        self._now += seconds

    def lose(self) -> None:
        """Nothing is kept any more."""
        self._entries.clear()

    @property
    def kept(self) -> dict[str, KeptAnswer]:
        """What is kept now."""
        return {
            key: KeptAnswer(one.body, max(0.0, self._now - one.put_at))
            for key, one in self._entries.items()
            if self._now < one.put_at + one.keep_seconds
        }

    @property
    def flying(self) -> set[str]:
        """The keys that are in flight: empty once everybody has landed or given up."""
        return set(self._flights)

    def put(self, answers: Mapping[str, bytes], keep_seconds: int) -> None:
        with self._lock:
            self.put_keys.append(tuple(answers))
            self.seconds_put.update(dict.fromkeys(answers, keep_seconds))
            self._entries.update(
                {key: _Entry(body, self._now, keep_seconds) for key, body in answers.items()}
            )

    def board(self, key: str, seconds: float) -> FakeTicket:
        with self._lock:
            self.boarded += 1
            flight = self._flights.get(key)
            if flight is not None and self._now < flight.ends_at:
                return FakeTicket(flight, is_mine=False)
            self._flights[key] = FakeFlight(self, key, self._now + seconds)
            return FakeTicket(self._flights[key], is_mine=True)

    def ended(self, key: str, flight: FakeFlight) -> None:
        with self._lock:
            if self._flights.get(key) is flight:
                del self._flights[key]

    def is_first(self, key: str, seconds: int) -> bool:
        with self._lock:
            if self._now < self._firsts.get(key, 0.0):
                return False
            self._firsts[key] = self._now + seconds
            return True


@dataclass
class FakeCacheVisit:
    """One request's use of it; a broken one stays so. Equal questions of one process still meet then."""

    cache: FakeAnswerCache
    _has_broken: bool = False

    def beside(self) -> FakeCacheVisit:
        return self

    @property
    def is_broken(self) -> bool:
        self._has_broken = self._has_broken or self.cache.is_broken
        return self._has_broken

    def get(self, keys: Sequence[str]) -> dict[str, KeptAnswer]:
        self.cache.asked.append(tuple(keys))
        kept = {} if self.is_broken else self.cache.kept
        return {key: kept[key] for key in keys if key in kept}

    def put(self, answers: Mapping[str, bytes], keep_seconds: int) -> bool:
        if not self.is_broken:
            self.cache.put(answers, keep_seconds)
        return not self.is_broken

    def fly(self, key: str, seconds: float) -> FakeTicket:
        return self.cache.board(key, seconds)

    def first(self, key: str, seconds: int) -> bool:
        return not self.is_broken and self.cache.is_first(key, seconds)


def as_port(cache: FakeAnswerCache) -> AnswerCache:
    """The fake is what the service is given: mypy checks it here."""
    return cache
