"""Many sources at once: what each of them answered in time, and nothing left of the others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from research_api.domain.calls import CallBroken, CallRefused, CallTimedOut, Outgoing, Reply, Send
from research_api.domain.errors import DatabaseUnavailable
from research_api.domain.search import SourceOutcome
from research_api.domain.sources import SourceFailed
from research_api.services.fan_out import FanOut, Hooks, Result
from tests.timing import wait_until


class Gate:
    """Holds calls until it is opened."""

    def __init__(self) -> None:
        self._opened = threading.Event()

    def open(self) -> None:
        self._opened.set()

    def wait(self, _send: Send) -> str:
        assert self._opened.wait(30)
        return "late"


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open()


def sender(until: float) -> Send:
    def send(outgoing: Outgoing, /) -> Reply:
        return Reply(200, {"until": str(until)}, b"")

    return send


def send_nothing(outgoing: Outgoing, /) -> Reply:
    raise AssertionError(outgoing.url)


def failing(failure: Exception) -> Callable[[Send], str]:
    def call(_send: Send) -> str:
        raise failure

    return call


def asking_threads() -> list[str]:
    return [one.name for one in threading.enumerate() if one.name.startswith("ask-")]


def test_all_are_asked_at_the_same_time() -> None:
    meeting = threading.Barrier(3, timeout=10)

    def meet(_send: Send) -> str:
        meeting.wait()
        return "met"

    found = FanOut(sender).ask(dict.fromkeys("abc", meet), time.monotonic() + 10)

    assert {name: one.value for name, one in found.items()} == {"a": "met", "b": "met", "c": "met"}


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [
        (SourceFailed("Too often.", SourceOutcome.RATE_LIMITED), SourceOutcome.RATE_LIMITED),
        (SourceFailed("No JSON."), SourceOutcome.ERROR),
        (CallTimedOut("slow"), SourceOutcome.TIMEOUT),
        (CallRefused("private"), SourceOutcome.ERROR),
        (CallBroken("reset"), SourceOutcome.ERROR),
        (DatabaseUnavailable("Try again."), SourceOutcome.ERROR),
        (RecursionError("deep"), SourceOutcome.ERROR),
    ],
)
def test_a_failure_is_a_result_and_the_others_answer(failure: Exception, outcome: SourceOutcome) -> None:
    found = FanOut(sender).ask({"bad": failing(failure), "good": lambda _: "yes"}, time.monotonic() + 10)

    assert (found["bad"].value, found["bad"].outcome) == (None, outcome)
    assert found["good"].value == "yes"


def test_the_time_that_a_source_asks_for_is_told() -> None:
    failure = SourceFailed("Too often.", SourceOutcome.RATE_LIMITED, retry_after_seconds=7.5)

    found = FanOut(sender).ask({"bad": failing(failure)}, time.monotonic() + 10)

    assert found["bad"].retry_after_seconds == 7.5


def test_the_answer_goes_out_at_the_deadline_with_what_is_there(gate: Gate) -> None:
    begin = time.monotonic()

    found = FanOut(sender).ask({"slow": gate.wait, "good": lambda _: "yes"}, begin + 0.2)

    assert 0.2 <= time.monotonic() - begin < 1.0
    assert (found["slow"].value, found["slow"].outcome) == (None, SourceOutcome.TIMEOUT)
    assert found["slow"].latency_ms >= 200
    assert found["good"].value == "yes"


def test_what_comes_afterwards_is_handed_over_and_leaves_no_thread(gate: Gate) -> None:
    late: list[Result[str]] = []
    FanOut(sender).ask(
        {"slow": gate.wait, "bad": gate.wait}, time.monotonic() + 0.05, Hooks(late=late.append)
    )
    assert len(asking_threads()) == 2

    gate.open()

    wait_until(lambda: asking_threads() == [], "the end of the calls")
    assert sorted(one.name for one in late) == ["bad", "slow"]
    assert {one.value for one in late} == {"late"}


def test_a_value_is_refined_while_others_are_waited_for() -> None:
    done: list[Result[str]] = []
    hooks = Hooks(refine=str.upper, after=done.append)

    found = FanOut(sender).ask(
        {"good": lambda _: "yes", "bad": failing(CallBroken("reset"))}, time.monotonic() + 10, hooks
    )

    assert (found["good"].value, found["bad"].value) == ("YES", None)
    wait_until(lambda: len(done) == 1, "the hook")
    assert done == [found["good"]]


def test_what_cannot_be_refined_in_time_counts_as_it_came(gate: Gate) -> None:
    done: list[str] = []
    late: list[Result[str]] = []

    def refine(value: str) -> str:
        return gate.wait(send_nothing) if value == "plain" else value

    hooks = Hooks(refine, after=lambda one: done.append(one.name), late=late.append)
    found = FanOut(sender).ask(
        {"a": lambda _: "plain", "b": lambda _: "other"}, time.monotonic() + 0.2, hooks
    )
    gate.open()

    wait_until(lambda: asking_threads() == [], "the end of the calls")
    assert (found["a"].value, found["a"].outcome, found["a"].latency_ms < 200) == ("plain", None, True)
    assert (done, [one.value for one in late]) == (["b"], ["late"])


def test_a_value_that_nobody_could_refine_counts_as_it_came() -> None:
    def fail(_value: str) -> str:
        raise DatabaseUnavailable("Try again.")

    found = FanOut(sender).ask({"a": lambda _: "plain"}, time.monotonic() + 10, Hooks(fail))

    assert (found["a"].value, found["a"].outcome) == ("plain", None)


def test_a_failure_afterwards_is_handed_to_nobody(gate: Gate) -> None:
    late: list[Result[str]] = []

    def fail(send: Send) -> str:
        gate.wait(send)
        raise CallTimedOut("slow")

    FanOut(sender).ask({"slow": fail}, time.monotonic() + 0.05, Hooks(late=late.append))
    gate.open()

    wait_until(lambda: asking_threads() == [], "the end of the calls")
    assert late == []


def test_a_call_may_go_on_for_ten_seconds_after_the_deadline() -> None:
    until = time.monotonic() + 5

    def call(send: Send) -> float:
        return float(send(Outgoing("https://a.example")).headers["until"])

    found = FanOut(sender).ask({"a": call}, until)

    assert found["a"].value == pytest.approx(until + 10)


def test_a_source_that_hangs_holds_no_more_threads_than_its_places(gate: Gate) -> None:
    """Without places a source that hangs would take a thread for each request of the last ten seconds."""
    fan_out = FanOut(sender, calls_at_once=2)

    for _ in range(4):
        found = fan_out.ask({"slow": gate.wait, "good": lambda _: "yes"}, time.monotonic() + 0.05)
        assert found["good"].value == "yes"
        assert found["slow"].outcome is SourceOutcome.TIMEOUT

    wait_until(lambda: len(asking_threads()) == 2, "the end of those without a place")
