"""Work that no answer waits for."""

from __future__ import annotations

import threading

from research_api.services.behind import Behind
from tests.timing import wait_until


def threads_named(name: str) -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name == name]


def fail() -> None:
    raise RuntimeError("on purpose")


def test_tasks_are_done_one_after_the_other() -> None:
    done: list[int] = []
    behind = Behind("one-by-one", idle_seconds=0.1)

    assert all(behind.submit(lambda number=number: done.append(number)) for number in range(50))
    behind.settle()

    assert done == list(range(50))


def test_a_task_that_fails_takes_no_other_with_it() -> None:
    done: list[str] = []
    behind = Behind("failing", idle_seconds=0.1)

    behind.submit(fail)
    behind.submit(lambda: done.append("after"))
    behind.settle()

    assert done == ["after"]


def test_what_finds_no_room_is_left_out_and_counted() -> None:
    gate, begun = threading.Event(), threading.Event()
    behind = Behind("full", max_waiting=2, idle_seconds=0.1)

    def hold() -> None:
        begun.set()
        gate.wait(30)

    behind.submit(hold)
    assert begun.wait(30)
    taken = [behind.submit(gate.is_set) for _ in range(4)]
    gate.set()
    behind.settle()

    assert taken == [True, True, False, False]
    assert behind.left_out == 2


def test_its_thread_ends_when_there_is_nothing_to_do_and_comes_back() -> None:
    done: list[int] = []
    behind = Behind("resting", idle_seconds=0.05)

    for number in range(2):
        behind.submit(lambda number=number: done.append(number))
        behind.settle()
        wait_until(lambda: threads_named("resting") == [], "the end of the thread")

    assert done == [0, 1]
