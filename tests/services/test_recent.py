"""What was found a moment ago."""

from __future__ import annotations

from research_api.services.recent import Recent
from tests.services.fakes import FakeTime


def make(time: FakeTime, most: int = 3) -> Recent[str]:
    return Recent(0.5, most, takes=lambda value: len(value) < 5, monotonic=time.monotonic)


def test_a_value_is_found_once_in_its_time() -> None:
    time = FakeTime()
    recent, finds = make(time), iter("abc")

    found = [recent.get("key", lambda: next(finds)) for _ in range(3)]
    time.now += 0.5

    assert found == ["a"] * 3
    assert recent.get("key", lambda: next(finds)) == "b"


def test_what_took_long_to_find_is_believed_the_shorter() -> None:
    time = FakeTime()
    recent = make(time)

    def find_slowly() -> str:
        time.now += 0.4
        return "slow"

    recent.get("key", find_slowly)
    time.now += 0.1

    assert recent.get("key", lambda: "new") == "new"


def test_nothing_and_what_is_too_large_are_asked_for_every_time() -> None:
    recent, finds = make(FakeTime()), iter([None, "large", "b"])

    assert [recent.get("key", lambda: next(finds)) for _ in range(3)] == [None, "large", "b"]


def test_of_too_many_the_first_one_is_forgotten() -> None:
    recent = make(FakeTime())
    for key in "abcd":
        recent.get(key, lambda key=key: key)

    assert [recent.get(key, lambda: "new") for key in "dcba"] == ["d", "c", "b", "new"]


def test_all_can_be_forgotten() -> None:
    recent = make(FakeTime())
    recent.get("key", lambda: "old")

    recent.forget()

    assert recent.get("key", lambda: "new") == "new"
