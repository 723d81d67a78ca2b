"""Equal questions are asked once: by events within a process, by a lock in Redis over processes.

The lock holds the flyer's token and ends by itself. He lands the body under his token, and lets the lock go in the same
step; so who waits sees either the lock, the body, or that neither will come.
"""

from __future__ import annotations

import secrets
import threading
import time

from research_api.cache.allowance import Allowance, RedisAway, values_of
from research_api.cache.bodies import CorruptAnswer, pack, unpack
from research_api.cache.counts import AnswerCounter

# long enough for whoever waits to look again, short enough that a body that may not be cached is not
LANDED_MS = 3_000
POLL_SECONDS = 0.015
# where Redis was away when the lock was to go; most often it is frozen for a moment
RELEASE_AFTER_SECONDS = (0.0, 0.5)
# Redis counts in whole milliseconds
LATE_SECONDS = 0.005

CLAIM = """
if redis.call('set', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return ARGV[1] end
return redis.call('get', KEYS[1])
"""
RELEASE = """
if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end
return 0
"""
# a full Redis takes no body and still lets the lock go
LAND = """
local kept = redis.pcall('set', KEYS[2], ARGV[2], 'PX', ARGV[3])
if redis.call('get', KEYS[1]) == ARGV[1] then redis.call('del', KEYS[1]) end
return kept
"""


class _Question:
    """One question in flight, as this process knows it. Everything but the names changes under `changed`.

    token: of whoever flies, None while that is being found out, and where Redis does not say. doubtful: what it was to
    be, where Redis did not answer in time and may have taken it. body: None where it was given up. is_watched: one of
    those who wait here asks Redis for all of them.
    """

    def __init__(self, key: str, seconds: float) -> None:
        self.key = key
        self.ends_at = time.monotonic() + seconds
        self.changed = threading.Condition()
        self.token: str | None = None
        self.doubtful: str | None = None
        self.is_elsewhere = False
        self.is_over = False
        self.is_watched = False
        self.waiting = 0
        self.body: bytes | None = None

    def left_seconds(self, until: float) -> float:
        """How long is still to be waited by who waits until then; 0 where it is over, or the flyer must have died."""
        return 0.0 if self.is_over else max(0.0, min(until, self.ends_at) - time.monotonic())

    @property
    def lock_name(self) -> str:
        return f"flight:1:{self.key}"

    @property
    def landed_name(self) -> str:
        return f"landed:1:{self.token}"


class Flights:
    """What this process knows of the questions in flight. May be made before a fork."""

    def __init__(self, counter: AnswerCounter) -> None:
        self._counter = counter
        self._lock = threading.Lock()
        self._questions: dict[str, _Question] = {}

    def __len__(self) -> int:
        return len(self._questions)

    def board(self, key: str, seconds: float, allowance: Allowance) -> RedisFlight:
        """A part in the flight of that key. Where Redis is away, equal questions of this process still meet."""
        question, is_new = self._joined(key, seconds)
        if not is_new:
            return RedisFlight(self, question, allowance, is_mine=False)
        token = secrets.token_hex(16)
        try:
            holder = allowance.run("EVAL", CLAIM, 1, question.lock_name, token, max(1, int(seconds * 1000)))
        except RedisAway as away:
            question.doubtful = token if away.was_sent else None
            return RedisFlight(self, question, allowance, is_mine=True)
        if not isinstance(holder, bytes):
            return RedisFlight(self, question, allowance, is_mine=True)
        with question.changed:
            # by now the time of the lock runs: where the flyer dies, nobody here may go on before the lock has ended
            question.ends_at = time.monotonic() + seconds + LATE_SECONDS
            question.token = holder.decode(errors="replace")
            question.is_elsewhere = question.token != token
            question.changed.notify_all()
        return RedisFlight(self, question, allowance, is_mine=not question.is_elsewhere)

    def end(self, question: _Question, body: bytes | None) -> bool:
        """Everybody who waits here has the body or asks for himself. False where it was over before."""
        self.forget(question)
        with question.changed:
            if question.is_over:
                return False
            question.is_over, question.body = True, body
            question.changed.notify_all()
            return True

    def forget(self, question: _Question) -> None:
        """Who asks from now on flies anew, or finds out who does."""
        with self._lock:
            if self._questions.get(question.key) is question:
                del self._questions[question.key]

    def landed_body(self, packed: bytes, allowance: Allowance) -> bytes | None:
        """What somebody in another process landed; None where it is broken."""
        try:
            return unpack(packed, time.time()).body
        except CorruptAnswer as error:
            allowance.note(error)
            return None

    def packed(self, body: bytes) -> bytes | None:
        """As it is landed for other processes; None where it is too large."""
        packed = pack(body, time.time())
        if packed is None:
            self._counter.add(too_large=1)
        return packed

    def _joined(self, key: str, seconds: float) -> tuple[_Question, bool]:
        """The question of that key, and whether it is new; whoever died in flight is cleared away."""
        now = time.monotonic()
        with self._lock:
            for question in [one for one in self._questions.values() if one.ends_at <= now]:
                del self._questions[question.key]
            question = self._questions.get(key) or _Question(key, seconds)
            is_new = key not in self._questions
            self._questions[key] = question
        return question, is_new


class RedisFlight:
    """One caller's part in a flight."""

    def __init__(self, flights: Flights, question: _Question, allowance: Allowance, *, is_mine: bool) -> None:
        self.is_mine = is_mine
        self._flights = flights
        self._question = question
        self._allowance = allowance
        self._is_to_tell = False

    def land(self, body: bytes) -> None:
        """Whoever waits in this process has it at once. Not mine, or over: nothing."""
        self._is_to_tell = self._ends(body)

    def tell_others(self, body: bytes) -> None:
        """Whoever waits in another process has it when he looks again. Not landed by me: nothing."""
        if not self._is_to_tell:
            return
        self._is_to_tell = False
        packed = self._flights.packed(body)
        if packed is None:
            self._release()
            return
        question = self._question
        names = (question.lock_name, question.landed_name)
        self._send("EVAL", LAND, 2, *names, str(question.token), packed, LANDED_MS)

    def give_up(self) -> None:
        """Whoever waits asks for himself. Not mine, or over: nothing."""
        if self._ends(None):
            self._release()

    def wait(self, seconds: float) -> bytes | None:
        """The body, or None where it did not come in so many seconds, or never will."""
        question = self._question
        until = time.monotonic() + seconds
        with question.changed:
            question.waiting += 1
        try:
            while question.left_seconds(until):
                if self._is_mine_to_watch(until):
                    self._watch(until)
            return question.body
        finally:
            self._leave()

    def _ends(self, body: bytes | None) -> bool:
        """True where the flight was mine and still under way, and Redis has to know of its end."""
        is_ended = self.is_mine and self._flights.end(self._question, body)
        if is_ended and self._question.doubtful is not None:
            self._release_anyway(self._question.doubtful)
        return is_ended and self._question.token is not None

    def _release_anyway(self, token: str) -> None:
        """A lock that is held for nothing would have other processes wait until it ends by itself."""
        threading.Thread(target=self._try_to_release, args=(token,), name="release", daemon=True).start()

    def _try_to_release(self, token: str) -> None:
        for seconds in RELEASE_AFTER_SECONDS:
            time.sleep(seconds)
            if self._allowance.try_anyway("EVAL", RELEASE, 1, self._question.lock_name, token):
                return

    def _release(self) -> None:
        self._send("EVAL", RELEASE, 1, self._question.lock_name, str(self._question.token))

    def _send(self, *command: str | bytes | int) -> None:
        try:
            self._allowance.run(*command)
        except RedisAway:
            # counted and logged where it happened
            self._release_anyway(str(self._question.token))

    def _is_mine_to_watch(self, until: float) -> bool:
        """True where this caller watches Redis from now on; else something changed or the time is over."""
        question = self._question
        with question.changed:
            left_seconds = question.left_seconds(until)
            is_free = question.is_elsewhere and not question.is_watched and not self._allowance.is_over
            if is_free and left_seconds:
                question.is_watched = True
                return True
            question.changed.wait(left_seconds)
        return False

    def _watch(self, until: float) -> None:
        """The flight is over here once it is in Redis, or Redis is away, or the time is over."""
        question = self._question
        try:
            while question.left_seconds(until):
                self._look()
                time.sleep(min(POLL_SECONDS, question.left_seconds(until)))
        finally:
            with question.changed:
                question.is_watched = False
                question.changed.notify_all()

    def _look(self) -> None:
        question = self._question
        try:
            answer = self._allowance.run_waiting("MGET", question.landed_name, question.lock_name)
        except RedisAway:
            self._flights.end(question, None)
            return
        landed, holder = values_of(answer, 2)
        if landed is not None:
            self._flights.end(question, self._flights.landed_body(landed, self._allowance))
        elif holder != str(question.token).encode():
            self._flights.end(question, None)

    def _leave(self) -> None:
        """Without anybody who watches, the end of a flight elsewhere would not be seen: it is forgotten here."""
        question = self._question
        with question.changed:
            question.waiting -= 1
            is_alone = question.is_elsewhere and not question.waiting
        if is_alone:
            self._flights.forget(question)
