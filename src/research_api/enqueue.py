"""The one seam that names Celery's queues and tasks."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from celery import Celery
from kombu import Exchange, Queue
from kombu.common import Broadcast
from kombu.exceptions import OperationalError as BrokerError

log = structlog.get_logger(__name__)

MAINTENANCE = "maintenance"
# every host has its own index, so each index worker gets its own copy of a message
INDEX = "index"
QUEUES = (INDEX, MAINTENANCE)
_INDEX_EXCHANGE = Exchange(INDEX, type="fanout")  # type: ignore[no-untyped-call] # kombu has no types
# Celery 5.7 declares no broadcast queue before it publishes, and kombu's Redis transport takes an exchange that it
# was not told of for a direct one: without this the message goes nowhere.
_DECLARED = {"declare": [_INDEX_EXCHANGE]}

APPLY_CHANGES = "tasks.index.apply_changes"
EMBED_WORKS = "tasks.index.embed_works"
PRUNE_CHANGES = "tasks.maintenance.prune_changes"

APPLY_EVERY_SECONDS = 5.0
EMBED_EVERY_SECONDS = 5.0
PRUNE_EVERY_SECONDS = 3600.0
BROKER_TIMEOUT_SECONDS = 5.0
QUIET_SECONDS = 30.0


def make_celery(broker_url: str) -> Celery:
    """A Celery application: JSON only, late acknowledgement, one at a time, no results: Postgres holds what matters."""
    app = Celery("research_api", broker=broker_url)
    socket = {"socket_timeout": BROKER_TIMEOUT_SECONDS, "socket_connect_timeout": BROKER_TIMEOUT_SECONDS}
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_send_task_events=True,
        task_send_sent_event=True,
        task_create_missing_queues=False,
        task_queues=_queues(),
        task_default_queue=MAINTENANCE,
        task_routes={
            APPLY_CHANGES: {"queue": INDEX},
            EMBED_WORKS: {"queue": INDEX},
            PRUNE_CHANGES: {"queue": MAINTENANCE},
        },
        broker_connection_retry_on_startup=True,
        # the default gives up after 100 tries, some 46 minutes, and the worker with it
        broker_connection_max_retries=None,
        broker_transport_options=socket if broker_url.startswith(("redis", "rediss")) else {},
        imports=("tasks.index", "tasks.maintenance"),
        timezone="UTC",
        beat_schedule=_beat_schedule(),
    )
    return app


def _beat_schedule() -> dict[str, dict[str, object]]:
    """What beat sends; a message that nobody took in time is as good as the next one."""
    return {
        "apply-changes": {
            "task": APPLY_CHANGES,
            "schedule": APPLY_EVERY_SECONDS,
            "options": {"expires": APPLY_EVERY_SECONDS, **_DECLARED},
        },
        "embed-works": {
            "task": EMBED_WORKS,
            "schedule": EMBED_EVERY_SECONDS,
            "options": {"expires": EMBED_EVERY_SECONDS, **_DECLARED},
        },
        "prune-changes": {"task": PRUNE_CHANGES, "schedule": PRUNE_EVERY_SECONDS},
    }


def _queues() -> tuple[Queue, ...]:
    maintenance = Queue(  # type: ignore[no-untyped-call] # kombu has no types
        MAINTENANCE,
        Exchange(MAINTENANCE),  # type: ignore[no-untyped-call] # kombu has no types
        routing_key=MAINTENANCE,
    )
    return (Broadcast(INDEX, exchange=_INDEX_EXCHANGE), maintenance)  # type: ignore[no-untyped-call] # kombu has no types


class CeleryWakeUps:
    """Sends wake-up messages; a broker that is down costs a delay until the next beat, never the work.

    To find out that it is down takes the client some seconds, so it is then left alone for a while.
    """

    def __init__(self, celery: Celery, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._celery = celery
        self._monotonic = monotonic
        self._quiet_until = 0.0

    def index(self) -> None:
        """Every host's index worker is told of changes. Never raises."""
        if self._monotonic() < self._quiet_until:
            return
        try:
            self._celery.send_task(
                APPLY_CHANGES,
                queue=INDEX,
                expires=APPLY_EVERY_SECONDS,
                retry=False,
                ignore_result=True,
                **_DECLARED,
            )
        except (BrokerError, OSError) as error:
            self._quiet_until = self._monotonic() + QUIET_SECONDS
            log.warning("wake_up_not_sent", queue=INDEX, error=type(error).__name__)
