"""Equal searches at once, searches in a hurry, and those that want no kept answer."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.replay.faults import Fault
from tests.system.federating import ASKED, Federation, failed, ids, outcomes, reports
from tests.system.running import Answer, wait_until

pytestmark = pytest.mark.services
SLACK_SECONDS = 0.5
# requests that are answered at the same time: two processes of eight threads
AT_ONCE = 16


def undisturbed(federation: Federation, count: int, **parameters: object) -> list[Answer]:
    """Equal searches of a time in which Valkey answered: where the machine gives it no time, each process asks."""
    for _ in range(5):
        faults = len(federation.events("answer_cache_fault"))
        federation.server.forget()
        answers = federation.at_once(count, federation.text(), **parameters)
        if len(federation.events("answer_cache_fault")) == faults:
            return answers
    pytest.skip("Valkey gets no time on this machine")


def test_equal_searches_at_once_ask_each_source_once(federation: Federation) -> None:
    for name in ASKED:
        federation.server.delay(name, 0.3)

    answers = undisturbed(federation, 30, limit=10)

    assert federation.counts() == dict.fromkeys(ASKED, 1)
    assert {one.status for one in answers} == {200}
    assert len({tuple(ids(one.json)) for one in answers}) == 1
    assert all(failed(one.json) == {} for one in answers)


def test_equal_searches_at_once_ask_a_source_that_hangs_once(federation: Federation) -> None:
    federation.server.fault("crossref", Fault.HANG)

    answers = undisturbed(federation, AT_ONCE // 2, limit=10, deadline_ms=1_000)

    assert [failed(one.json) for one in answers] == [{"crossref": "timeout"}] * len(answers)
    assert all(ids(one.json) for one in answers)
    # those that the busy process took up only after the first had landed ask it once more
    assert federation.counts()["openalex"] == 1
    assert federation.counts()["crossref"] <= 2


def test_equal_searches_at_a_frozen_valkey_ask_each_source_once_in_each_process(
    federation: Federation,
) -> None:
    """Without Redis no process knows of the other; those of one still meet."""
    for name in ASKED:
        federation.server.delay(name, 0.5)
    processes = len(federation.web_workers())
    with federation.system.frozen("valkey-server"):
        federation.server.forget()
        # no more than either process takes up at once
        answers = federation.at_once(AT_ONCE // 2, federation.text(), limit=10, deadline_ms=4_000)

    assert [one.status for one in answers] == [200] * len(answers)
    assert all(failed(one.json) == {} and ids(one.json) for one in answers)
    assert all(1 <= count <= processes for count in federation.counts().values())
    # afterwards nobody holds a lock that has others wait for nothing
    again = federation.ask(federation.text(), limit=10)
    assert (again.status, failed(again.json)) == (200, {})


@pytest.mark.parametrize("number", [0, 1])
def test_who_waits_for_a_process_that_is_killed_answers_within_the_deadline(
    federation: Federation, number: int
) -> None:
    """One of the two asks for both."""
    text, deadline_ms = federation.text(), 2_000
    federation.found(text)
    federation.flush()
    federation.server.forget()
    federation.server.fault("crossref", Fault.HANG)
    wait_until(lambda: len(federation.web_workers()) == 2, "both processes")

    def ask(_: int) -> Answer | None:
        try:
            return federation.ask(text, limit=10, deadline_ms=deadline_ms)
        except OSError:
            return None  # it was asked of the process that was killed

    with ThreadPoolExecutor(AT_ONCE // 2) as pool:
        asked = [pool.submit(ask, number) for number in range(AT_ONCE // 2)]
        wait_until(lambda: federation.server.count("crossref"), "somebody asks")
        time.sleep(0.3)
        federation.web_workers()[number].kill()
        answers = [answer for one in asked if (answer := one.result()) is not None]

    assert answers
    for answer in answers:
        assert answer.status == 200
        assert answer.seconds < deadline_ms / 1000 + SLACK_SECONDS + 0.4
        assert outcomes(answer.json)["catalog"] in {"ok", "empty", "stale"}
    federation.server.clear("crossref")
    wait_until(lambda: len(federation.web_workers()) == 2, "another process")
    wait_until(lambda: failed(federation.found(text)) == {}, "it works again")


def test_a_search_in_a_hurry_leaves_what_comes_late_to_the_next(federation: Federation) -> None:
    text = federation.text()
    federation.server.delay("crossref", 1.0)

    hasty = federation.ask(text, limit=25, deadline_ms=200)
    time.sleep(1.5)
    federation.server.delay("crossref", 0)
    federation.server.forget()
    second = federation.found(text, limit=25)

    assert hasty.seconds < 0.2 + SLACK_SECONDS
    assert failed(hasty.json)["crossref"] == "timeout"
    assert failed(second) == {}
    assert reports(second)["crossref"]["count"] > 0
    assert "crossref" not in federation.counts()


def test_a_fresh_answer_is_to_be_had_once_a_minute_for_each_key(federation: Federation) -> None:
    text = federation.text()
    federation.found(text)
    wait_until(lambda: federation.found(text)["cache"] == "hit", "the kept answer")
    federation.server.forget()

    first = federation.found(text, fresh="true")
    asked_by_first = federation.counts()
    second = federation.found(text, fresh="true")

    assert (first["cache"], asked_by_first) == ("miss", dict.fromkeys(ASKED, 1))
    assert "fresh_refused" not in [one["code"] for one in first["warnings"]]
    assert (second["cache"], federation.counts()) == ("hit", asked_by_first)
    assert "fresh_refused" in [one["code"] for one in second["warnings"]]
