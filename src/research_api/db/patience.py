"""A limit on the wait for a server that does not answer at all.

`statement_timeout` runs inside Postgres, and a frozen one never comes to it: without a limit on this side a request
hung for 90 s and longer. psycopg2 hands every wait to a callback; ours gives up.
Source: psycopg2 documentation, "Support for coroutine libraries" (read 2026-11)
"""

from __future__ import annotations

import select
import time

import psycopg2
from psycopg2.extensions import POLL_OK, POLL_READ, STATUS_SETUP, connection, set_wait_callback

CONNECT_SECONDS = 3.0


class PatientConnection(connection):
    """A connection that waits this long for an answer; None waits for ever."""

    patience_seconds: float | None = None


def connection_factory(patience_seconds: float | None) -> type[PatientConnection]:
    """For psycopg2.connect: connections that wait no longer than that, and CONNECT_SECONDS for a new one."""
    return type("BoundedConnection", (PatientConnection,), {"patience_seconds": patience_seconds})


def install() -> None:
    """Every wait of psycopg2 in this process goes through here; calling it again changes nothing."""
    set_wait_callback(_wait)


def _wait(waiting: connection) -> None:
    patience = getattr(waiting, "patience_seconds", None)
    if waiting.status == STATUS_SETUP and patience is not None:
        patience = CONNECT_SECONDS
    deadline = None if patience is None else time.monotonic() + patience
    while (state := waiting.poll()) != POLL_OK:
        poller = select.poll()
        poller.register(waiting.fileno(), select.POLLIN if state == POLL_READ else select.POLLOUT)
        left = None if deadline is None else deadline - time.monotonic()
        if left is not None and (left <= 0 or not poller.poll(left * 1000)):
            # SQLAlchemy knows these words for a lost connection and opens others
            raise psycopg2.OperationalError("could not receive data from server: no answer in time")
        if left is None:
            poller.poll()
