"""Waiting for vectors: until all are there, not for ever, and with an honest word on how long."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from ops.eval.errors import EvalFailed
from ops.eval.scratch import stats_of
from ops.eval.waiting import Patience, duration, wait_until_ready

WORKS = 1_000


@dataclass
class FakeSystem:
    """Makes vectors by a clock that only sleeping moves; before `loaded_at` it has no model."""

    speed: float = 10.0
    loaded_at: float = 0.0
    stops_at: float = float("inf")
    fails: int = 0
    pending_until: float = 0.0
    now: float = 0.0
    told: list[str] = field(default_factory=list)

    def look(self) -> dict[str, Any]:
        """As `flask catalog stats` says it."""
        is_loaded = self.now >= self.loaded_at
        worked = max(min(self.now, self.stops_at) - self.loaded_at, 0.0)
        done = min(int(worked * self.speed), WORKS - self.fails)
        failed = self.fails if done == WORKS - self.fails else 0
        return {
            "works": WORKS,
            "model": "small" if is_loaded else None,
            "with_vector": done,
            "without_vector": WORKS - done - failed if is_loaded else 0,
            "vectors_failed": failed,
            "pending": 0 if self.now >= self.pending_until else 5,
            "indexed": WORKS - 5,
        }

    def sleep(self, seconds: float) -> None:
        """The clock is later."""
        self.now += seconds

    def patience(self, limit_seconds: float | None = None) -> Patience:
        """By this clock."""
        return Patience(limit_seconds, lambda: self.now, self.sleep, self.told.append)


def test_it_ends_when_every_work_has_a_vector() -> None:
    system = FakeSystem(speed=10)

    stats = wait_until_ready(system.look, "tiny", system.patience())

    assert stats["with_vector"] == WORKS
    assert 100 <= system.now < 120


def test_before_there_is_a_model_nothing_is_ready() -> None:
    """No work counts as lacking a vector then."""
    system = FakeSystem(loaded_at=40)

    stats = wait_until_ready(system.look, "tiny", system.patience())

    assert (stats["model"], stats["with_vector"]) == ("small", WORKS)


def test_the_index_is_waited_for_as_well() -> None:
    system = FakeSystem(pending_until=200)

    stats = wait_until_ready(system.look, "tiny", system.patience())

    assert (stats["pending"], system.now >= 200) == (0, True)


def test_works_without_a_possible_vector_are_not_waited_for() -> None:
    system = FakeSystem(fails=3)

    assert wait_until_ready(system.look, "tiny", system.patience())["vectors_failed"] == 3


def seconds_told(lines: list[str]) -> Iterator[float]:
    """What each line says is to go, in seconds."""
    for line in lines:
        number, unit = line.split("about ")[1].split()[:2]
        yield float(number) * (60 if unit == "min" else 1)


def test_the_person_who_waits_is_answered_by_the_speed_so_far() -> None:
    system = FakeSystem(speed=5)

    wait_until_ready(system.look, "tiny", system.patience())

    assert system.told[-1].startswith("tiny: 9")
    assert " of 1,000 works have a vector, about " in system.told[-1]
    told = list(seconds_told(system.told))[3:]
    assert len(told) >= 8
    assert told == sorted(told, reverse=True)
    assert 90 <= told[0] <= 200


def test_it_ends_where_nothing_moves_any_more() -> None:
    system = FakeSystem(stops_at=30)

    with pytest.raises(EvalFailed, match=r"Nothing moved for 5 min: 300 of 1,000 works have a vector\."):
        wait_until_ready(system.look, "tiny", system.patience())

    assert 330 <= system.now < 360


def test_it_ends_after_the_limit_that_was_given() -> None:
    system = FakeSystem(speed=1)

    with pytest.raises(EvalFailed, match="EMBED_TIMEOUT="):
        wait_until_ready(system.look, "tiny", system.patience(60))

    assert 60 <= system.now < 80


def test_the_usual_limit_grows_with_the_works() -> None:
    assert Patience().limit_for(60_000) > 60_000 / 20 * 5
    assert Patience(30).limit_for(60_000) == 30


@pytest.mark.parametrize(("failures", "is_answered"), [(2, True), (3, False)])
def test_figures_are_asked_for_again_where_the_command_failed(failures: int, is_answered: bool) -> None:
    left, slept = [None] * failures, []

    def flask(*arguments: str) -> dict[str, Any]:
        if left:
            left.pop()
            raise subprocess.CalledProcessError(5, arguments)
        return {"works": WORKS}

    if is_answered:
        assert stats_of(flask, slept.append) == {"works": WORKS}
    else:
        with pytest.raises(subprocess.CalledProcessError):
            stats_of(flask, slept.append)
    assert len(slept) == 2


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, "0 s"), (89.4, "89 s"), (90, "2 min"), (3_540, "59 min"), (3_900, "1 h 5 min")],
)
def test_durations_read_as_a_person_says_them(seconds: float, expected: str) -> None:
    assert duration(seconds) == expected
