"""Wake-ups through a real broker: every host's index worker gets its own copy."""

from __future__ import annotations

import socket
import threading
import time

import pytest
from celery import Celery
from kombu import Consumer

from research_api import enqueue
from research_api.enqueue import APPLY_CHANGES, INDEX, QUEUES, QUIET_SECONDS, CeleryWakeUps, make_celery


def test_every_task_goes_to_a_queue_that_exists() -> None:
    app = make_celery("memory://")
    tasks = {
        value
        for name, value in vars(enqueue).items()
        if isinstance(value, str) and value.startswith("tasks.")
    }

    assert tasks == set(app.conf.task_routes)
    assert {route["queue"] for route in app.conf.task_routes.values()} <= set(QUEUES)
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= tasks


class HangsUp:
    """A server that ends each connection at once, and counts them."""

    def __init__(self) -> None:
        self.calls = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._accept)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._socket.getsockname()[1]}/0"

    def _accept(self) -> None:
        while True:
            caller, _ = self._socket.accept()
            with caller:
                if self._stopping:
                    return
                self.calls += 1

    def __enter__(self) -> HangsUp:
        self._stopping = False
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping = True
        with socket.create_connection(self._socket.getsockname()):
            self._thread.join()
        self._socket.close()


def _collect(app: Celery, found: list[str], ready: threading.Event, stop: threading.Event) -> None:
    with app.connection_for_read() as connection:

        def take(_body: object, message: object) -> None:
            found.append(message.headers["task"])  # type: ignore[attr-defined] # a kombu message
            message.ack()  # type: ignore[attr-defined] # a kombu message

        with Consumer(connection, queues=[app.amqp.queues[INDEX]], callbacks=[take], accept=["json"]):
            ready.set()
            while not stop.is_set():
                try:
                    connection.drain_events(timeout=0.2)
                except TimeoutError:
                    continue


@pytest.mark.services
def test_each_index_worker_gets_a_copy_from_a_process_that_only_sends(redis_url: str) -> None:
    """Without the declared exchange the Redis transport drops the message silently."""
    stop = threading.Event()
    hosts: list[list[str]] = [[], []]
    threads = []
    for found in hosts:
        ready = threading.Event()
        thread = threading.Thread(target=_collect, args=(make_celery(redis_url), found, ready, stop))
        thread.start()
        threads.append(thread)
        assert ready.wait(10)
    time.sleep(0.5)

    CeleryWakeUps(make_celery(redis_url)).index()
    until = time.monotonic() + 10
    while time.monotonic() < until and not all(hosts):
        time.sleep(0.05)
    stop.set()
    for thread in threads:
        thread.join()

    assert hosts == [[APPLY_CHANGES], [APPLY_CHANGES]]


@pytest.mark.services
def test_a_broker_that_is_down_is_no_error_and_is_left_alone_for_a_while() -> None:
    """The next beat finds the changes all the same; an import must not wait for the broker batch after batch."""
    now = 0.0
    with HangsUp() as broker:
        wake_ups = CeleryWakeUps(make_celery(broker.url), monotonic=lambda: now)
        calls = []
        for now in (0.0, 1.0, QUIET_SECONDS - 1, QUIET_SECONDS + 1):  # noqa: B007 - the clock reads it
            before = broker.calls
            wake_ups.index()
            calls.append(broker.calls - before)

    assert [bool(number) for number in calls] == [True, False, False, True]
