"""Sources that fail in every way there is, and what is left: the others' works, within the deadline, told as such."""

from __future__ import annotations

import time
from urllib.parse import quote

import psutil
import pytest

from research_api.egress.pools import KEPT_CONNECTIONS
from research_api.services.behind import IDLE_SECONDS
from research_api.services.fan_out import LATE_SECONDS
from tests.replay.faults import Fault
from tests.system.federating import ASKED, GOOD, SOURCE_KEY, Federation, failed, ids, reports
from tests.system.running import wait_until

pytestmark = pytest.mark.services
DEADLINE_MS = 1_500
# merging, and what a busy machine adds
SLACK_SECONDS = 0.5
LIMITED = {Fault.TOO_MANY_REQUESTS, Fault.TOO_MANY_REQUESTS_RETRY_AFTER}
SLOW = {Fault.HANG, Fault.DRIP_BODY, Fault.DRIP_HEADERS}
FAULTS = [("crossref", fault) for fault in Fault] + [
    pytest.param(source, fault, marks=pytest.mark.long)
    for source in ("arxiv", "openalex", "pubmed", "semanticscholar", "europepmc", "doaj", "datacite")
    for fault in Fault
]


def told_of(fault: Fault) -> str:
    if fault in LIMITED:
        return "rate_limited"
    return "timeout" if fault in SLOW else "error"


@pytest.mark.parametrize(("source", "fault"), FAULTS)
def test_one_source_that_fails_costs_its_own_works_alone(
    federation: Federation, source: str, fault: Fault
) -> None:
    text = federation.text()
    federation.server.fault(source, fault)

    answer = federation.ask(text, limit=25, deadline_ms=DEADLINE_MS)
    federation.server.clear(source)
    federation.server.forget()
    again = federation.found(text, limit=25)

    assert (answer.status, answer.json["cache"]) == (200, "miss")
    assert answer.seconds < DEADLINE_MS / 1000 + SLACK_SECONDS
    told = failed(answer.json)
    if told == {} and fault is Fault.UTF_16_AS_UTF_8:
        # JSON tells its encoding by its first bytes, whatever a header says. Source: RFC 4627, 3 (read 2026-11)
        assert reports(answer.json)[source]["count"] == reports(again)[source]["count"]
        return
    assert told == {source: told_of(fault)}
    assert (answer.json["complete"], answer.json["degraded"]) == (False, True)
    assert len(ids(answer.json)) > 10
    assert reports(answer.json)[source]["count"] == 0
    assert failed(again) == {}
    assert federation.counts() == {source: 1}


def test_nothing_of_a_fault_is_shown_or_logged_but_its_kind(federation: Federation) -> None:
    """The text that people search for, the keys of the sources and their addresses are nobody's business."""
    texts = [federation.text() for _ in range(3)]
    for text, fault in zip(
        texts, (Fault.HTML, Fault.REDIRECT_ELSEWHERE, Fault.CLOSED_IN_THE_MIDDLE), strict=True
    ):
        for name in ASKED:
            federation.server.fault(name, fault)
        answer = federation.ask(text)
        assert answer.status == 200
        for secret in (SOURCE_KEY, federation.server.address, "Error", "Traceback", "replayed fault"):
            assert secret not in answer.body.decode()

    log = federation.log()

    assert len(federation.events("source_failed")) >= 3 * len(ASKED)
    for secret in (SOURCE_KEY, federation.server.address, "Traceback", "source_broke", *texts):
        assert secret not in log
        assert quote(secret) not in log
        assert secret.replace(" ", "+") not in log


def test_when_all_sources_fail_the_catalog_answers(federation: Federation) -> None:
    text = federation.text()
    known = federation.found(text, limit=10)
    wait_until(
        lambda: set(ids(known)) <= set(ids(federation.found(text, sources="catalog", limit=100))),
        "the works in the index",
    )
    federation.flush()
    for name in ASKED:
        federation.server.fault(name, Fault.SERVER_ERROR)

    body = federation.found(text, limit=25)

    assert failed(body) == dict.fromkeys(ASKED, "error")
    assert reports(body)["catalog"]["outcome"] in GOOD
    assert set(ids(known)) & set(ids(body))
    assert (body["complete"], body["degraded"]) == (False, True)


@pytest.mark.long
def test_hanging_sources_leave_no_thread_and_no_socket_behind(federation: Federation) -> None:
    """Ten seconds after the deadline each call has ended, whatever the source does."""
    federation.found(federation.text())
    wait_until(lambda: is_quiet(federation), "the end of threads that have nothing to do")
    before = {one.pid: one.num_threads() for one in federation.web_workers()}
    hanging = ASKED[:5]
    for name in hanging:
        federation.server.fault(name, Fault.HANG)

    for _ in range(3):
        body = federation.found(federation.text(), deadline_ms=400)
        assert failed(body) == dict.fromkeys(hanging, "timeout")
    begin = time.monotonic()
    wait_until(
        lambda: all(one.num_threads() <= before[one.pid] for one in federation.web_workers()),
        "the end of all threads",
    )

    assert time.monotonic() - begin < LATE_SECONDS + IDLE_SECONDS + 5
    for process in federation.web_workers():
        # all replays have one address, so these are those that are kept for the next calls
        assert len(connections(process, federation.server.address)) <= KEPT_CONNECTIONS


def is_quiet(federation: Federation) -> bool:
    """Nothing begins or ends within the time after which threads that have nothing to do end."""
    before = [one.num_threads() for one in federation.web_workers()]
    time.sleep(IDLE_SECONDS + 0.5)
    return before == [one.num_threads() for one in federation.web_workers()]


def connections(process: psutil.Process, address: str) -> list[object]:
    return [
        one
        for one in process.net_connections()
        if one.raddr and f"{one.raddr.ip}:{one.raddr.port}" == address
    ]


def test_a_frozen_valkey_costs_the_cache_and_nothing_else(federation: Federation) -> None:
    text = federation.text()
    with federation.system.frozen("valkey-server"):
        answers = [federation.ask(text, limit=10, deadline_ms=3_000) for _ in range(2)]

    for answer in answers:
        assert (answer.status, answer.json["cache"], failed(answer.json)) == (200, "miss", {})
        assert answer.seconds < 3 + SLACK_SECONDS
        assert ids(answer.json)
    wait_until(lambda: federation.found(text)["cache"] == "hit", "the cache works again")
