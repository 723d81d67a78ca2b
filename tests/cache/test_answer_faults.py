"""A cache that is frozen, slow, full, away or broken is a miss, and costs a request a quarter of a second at most."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from redis import Redis
from redis.exceptions import TimeoutError as RedisTimeoutError
from structlog.testing import capture_logs

from research_api.cache.allowance import Allowance, RedisAway
from research_api.cache.answers import REQUEST_SECONDS, RedisAnswerCache, RedisCacheVisit
from research_api.cache.bounded import BoundedRedis
from research_api.cache.counts import AnswerCounter
from tests.cache.conftest import MakeCache, releasing
from tests.cache.redis_stand_ins import ScriptedRedis, closed_port, frozen, in_threads, scripted_redis
from tests.timing import wait_until

pytestmark = pytest.mark.services

AT_MOST_SECONDS = REQUEST_SECONDS * 1.2
# longer than any test waits for a lock to end
AN_HOUR = 3_600
BODY = b"body of an answer " * 3_000


@pytest.fixture
def scripted() -> Iterator[ScriptedRedis]:
    with scripted_redis() as server:
        yield server
        wait_until(lambda: not releasing(), "the last try")


def use(visit: RedisCacheVisit) -> None:
    """Everything that a request may want of it; all is a miss."""
    assert visit.get(["key", "other"]) == {}
    visit.put({"key": BODY, "other": BODY}, 60)
    flight = visit.fly("key", 5)
    assert flight.is_mine
    assert visit.get(["key"]) == {}
    flight.land(BODY)
    flight.tell_others(BODY)
    assert not visit.first("key", 60)
    assert visit.is_broken


def least_seconds(act: Callable[[], object]) -> float:
    """Of three times, since others use this machine as well."""
    took = []
    for _ in range(3):
        begin = time.monotonic()
        act()
        took.append(time.monotonic() - begin)
    return min(took)


@pytest.mark.parametrize("is_connected", [True, False])
def test_a_frozen_redis_costs_a_request_a_quarter_of_a_second_at_most(
    redis_url: str, make_cache: MakeCache, is_connected: bool
) -> None:
    cache = make_cache(redis_url)
    if is_connected:
        cache.visit().put({"key": BODY}, 60)

    with frozen(redis_url):
        took = least_seconds(lambda: use(cache.visit()))

    assert 0.05 < took < AT_MOST_SECONDS
    cache.visit().put({"key": BODY}, 60)
    assert cache.visit().get(["key"])["key"].body == BODY


def test_redis_is_asked_no_more_after_the_first_time_out(
    scripted: ScriptedRedis, make_cache: MakeCache
) -> None:
    cache = make_cache(scripted.url)
    cache.visit().first("key", 60)
    scripted.reply = None
    del scripted.commands[:]

    visit = cache.visit()
    use(visit)
    use(visit)

    assert scripted.commands == ["MGET"]
    assert cache.counts.faults == 1


def test_a_wait_that_is_under_way_asks_no_more_either(scripted: ScriptedRedis) -> None:
    """A thread of the request may have found Redis away while another waits for a flight."""
    allowance = Allowance(BoundedRedis(scripted.url), AnswerCounter(), 60, 60)
    allowance.end(RedisTimeoutError("over"))

    with pytest.raises(RedisAway):
        allowance.run_waiting("MGET", "landed", "lock")

    assert scripted.commands == []


def test_many_slow_answers_together_have_a_quarter_of_a_second(
    scripted: ScriptedRedis, make_cache: MakeCache
) -> None:
    """None of them is a time-out by itself."""
    cache = make_cache(scripted.url)
    cache.visit().first("key", 60)
    scripted.reply_seconds = 0.06
    del scripted.commands[:]
    visit = cache.visit()

    begin = time.monotonic()
    firsts = [visit.first(str(number), 60) for number in range(10)]
    took = time.monotonic() - begin

    assert took < AT_MOST_SECONDS
    assert firsts[0]
    assert not firsts[-1]
    assert len(scripted.commands) <= 5


def test_the_questions_at_the_start_of_a_connection_have_no_time_of_their_own(
    scripted: ScriptedRedis, make_cache: MakeCache
) -> None:
    """Two or three are sent before the first command, and each comes in time."""
    scripted.reply_seconds = 0.09
    cache = make_cache(scripted.url)

    took = least_seconds(lambda: use(cache.visit()))

    assert took < 0.17


def test_an_answer_that_drips_is_not_waited_for(scripted: ScriptedRedis, make_cache: MakeCache) -> None:
    """Each byte comes in time."""
    cache = make_cache(scripted.url)
    cache.visit().first("key", 60)
    scripted.reply = b"*2\r\n$100\r\n" + bytes(100) + b"\r\n$-1\r\n"
    scripted.drip_seconds = 0.02

    begin = time.monotonic()
    use(cache.visit())

    assert time.monotonic() - begin < 1.0


def test_two_threads_of_a_request_share_its_time(scripted: ScriptedRedis, make_cache: MakeCache) -> None:
    cache = make_cache(scripted.url, request_seconds=0.05, command_seconds=0.05)
    cache.visit().first("key", 60)
    scripted.reply = None
    del scripted.commands[:]
    visit = cache.visit()

    in_threads([lambda: visit.get(["key"])] * 8)

    assert scripted.commands == ["MGET"]


@pytest.mark.parametrize(
    "reply",
    [
        b"-ERR no\r\n",
        b"$no\r\n",
        b"nonsense\r\n",
        b"\xff\xfe\r\n",
        b"-\xff\xfe\r\n",
        b":7\r\n",
        b"*0\r\n",
        b"*-1\r\n",
    ],
)
def test_whatever_redis_answers_is_no_error_of_ours(
    scripted: ScriptedRedis, make_cache: MakeCache, reply: bytes
) -> None:
    cache = make_cache(scripted.url)
    cache.visit().first("key", 60)
    scripted.reply = reply
    visit = cache.visit()

    assert visit.get(["key", "other"]) == {}
    visit.put({"key": BODY}, 60)
    flight = cache.visit().fly("key", 5)
    flight.land(BODY)
    flight.tell_others(BODY)

    assert flight.is_mine


def test_without_redis_all_is_a_miss(make_cache: MakeCache) -> None:
    took = least_seconds(lambda: use(make_cache(f"redis://127.0.0.1:{closed_port()}/0").visit()))

    assert took < AT_MOST_SECONDS


def test_connections_that_redis_closed_are_made_anew(
    redis_url: str, make_cache: MakeCache, client: Redis
) -> None:
    cache = make_cache(redis_url)
    cache.visit().put({"key": BODY}, 60)
    assert client.client_kill_filter(_type="normal", skipme=True) > 0

    assert list(cache.visit().get(["key"])) == ["key"]
    assert cache.counts.faults == 0


@pytest.fixture
def fill(client: Redis) -> Iterator[Callable[[], object]]:
    """Valkey takes nothing more, once this is called."""
    yield lambda: client.config_set("maxmemory", 1)
    client.config_set("maxmemory", 0)


def test_a_full_redis_still_gives_what_it_has(
    redis_url: str, make_cache: MakeCache, fill: Callable[[], object]
) -> None:
    cache = make_cache(redis_url)
    cache.visit().put({"key": BODY}, 60)
    fill()

    writing, flying, reading = cache.visit(), cache.visit(), cache.visit()
    writing.put({"new": BODY, "newer": BODY}, 60)

    assert writing.is_broken
    assert flying.fly("key", 5).is_mine
    assert list(reading.get(["key", "new"])) == ["key"]
    assert (cache.counts.stored, cache.counts.faults) == (1, 3)


def test_a_redis_that_is_full_when_a_flight_lands_lets_nobody_wait(
    redis_url: str, make_cache: MakeCache, fill: Callable[[], object]
) -> None:
    flight = make_cache(redis_url).visit().fly("key", 60)
    other = make_cache(redis_url).visit().fly("key", 60)
    fill()

    flight.land(BODY)
    flight.tell_others(BODY)
    begin = time.monotonic()

    assert other.wait(50) is None
    assert time.monotonic() - begin < 10


@pytest.mark.parametrize("name", ["answer:1:key", "flight:1:key", "first:1:key"])
def test_a_key_of_another_type_is_a_miss(
    redis_url: str, make_cache: MakeCache, client: Redis, name: str
) -> None:
    client.rpush(name, "no text")
    cache = make_cache(redis_url)

    assert cache.visit().get(["key"]) == {}
    assert cache.visit().fly("key", 5).is_mine
    assert cache.visit().first("key", 60) is (name != "first:1:key")
    cache.visit().put({"key": BODY}, 60)
    assert cache.visit().get(["key"])["key"].body == BODY


@pytest.mark.parametrize("damage", [b"", b"junk", bytes(2_000_000)], ids=["empty", "junk", "large"])
def test_a_broken_entry_is_a_miss_and_a_fault(
    redis_url: str, make_cache: MakeCache, client: Redis, damage: bytes
) -> None:
    cache = make_cache(redis_url)
    cache.visit().put({"key": BODY, "whole": BODY}, 60)
    client.set("answer:1:key", damage)
    visit = cache.visit()

    assert list(visit.get(["key", "whole"])) == ["whole"]

    assert (cache.counts.hits, cache.counts.misses, cache.counts.faults) == (1, 1, 1)
    assert not visit.is_broken


def test_a_cut_entry_is_a_miss(redis_url: str, make_cache: MakeCache, client: Redis) -> None:
    cache = make_cache(redis_url)
    cache.visit().put({"key": BODY}, 60)
    whole = client.get("answer:1:key")
    assert isinstance(whole, bytes)

    client.set("answer:1:key", whole[:-1])

    assert cache.visit().get(["key"]) == {}


def test_a_fault_is_logged_once_for_each_request_and_tells_nothing(make_cache: MakeCache) -> None:
    cache: RedisAnswerCache = make_cache(f"redis://:secret@127.0.0.1:{closed_port()}/0")

    with capture_logs() as lines:
        for _ in range(2):
            visit = cache.visit()
            use(visit)
            use(visit)

    expected = {"event": "answer_cache_fault", "error": "ConnectionError", "log_level": "warning"}
    assert lines == [expected, expected]


@pytest.mark.parametrize("has_landed", [True, False])
def test_a_lock_that_redis_took_after_its_time_holds_nobody_up(
    redis_url: str, make_cache: MakeCache, client: Redis, has_landed: bool
) -> None:
    """Frozen for a moment, it does afterwards what nobody waits for any more."""
    visit = make_cache(redis_url).visit()
    visit.first("connected", 60)
    with frozen(redis_url):
        flight = visit.fly("key", AN_HOUR)
    wait_until(lambda: client.exists("flight:1:key"), "the lock")

    if has_landed:
        flight.land(BODY)
        flight.tell_others(BODY)
    else:
        flight.give_up()

    wait_until(lambda: not client.exists("flight:1:key"), "its end")
    assert make_cache(redis_url).visit().fly("key", 60).is_mine


def test_a_lock_that_could_not_be_let_go_in_time_is_let_go_afterwards(
    redis_url: str, make_cache: MakeCache, client: Redis
) -> None:
    visit = make_cache(redis_url).visit()
    flight = visit.fly("key", AN_HOUR)
    with frozen(redis_url):
        assert visit.get(["other"]) == {}
    assert visit.is_broken

    flight.land(BODY)
    flight.tell_others(BODY)

    wait_until(lambda: not client.exists("flight:1:key"), "its end")


def test_after_a_fault_nothing_is_sent_for_a_lock_that_was_never_asked_for(
    scripted: ScriptedRedis, make_cache: MakeCache
) -> None:
    scripted.reply = None
    visit = make_cache(scripted.url).visit()
    visit.get(["key"])
    came = list(scripted.commands)

    flight = visit.fly("key", 5)
    flight.land(BODY)
    flight.tell_others(BODY)

    assert flight.is_mine
    assert releasing() == []
    assert scripted.commands == came


def test_what_is_put_beside_a_request_ends_with_its_first_fault(
    scripted: ScriptedRedis, make_cache: MakeCache
) -> None:
    scripted.reply = None
    visit = make_cache(scripted.url).visit()
    beside = visit.beside()

    beside.put({"key": BODY}, 60)

    assert (beside.is_broken, visit.is_broken, visit.beside().is_broken) == (True, True, True)
