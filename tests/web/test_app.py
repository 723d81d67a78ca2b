"""How the application is put together."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import pytest
from flask import Flask
from structlog.testing import capture_logs

from research_api.app import _Once, create_app, warm_up
from tests.web.fakes import FakeSearch, FakeServices, FakeSettings


def test_making_the_app_and_its_commands_builds_no_service():
    app = create_app()

    result = app.test_cli_runner().invoke(args=["--help"])

    assert result.exit_code == 0
    assert "keys" in app.cli.commands


def test_what_is_given_is_what_the_app_uses():
    services, settings = FakeServices(), FakeSettings()

    app = create_app(services, settings)

    assert app.extensions["services"]() is services
    assert app.extensions["settings"]() is settings


def test_threads_that_come_at_once_share_one_thing():
    made = []
    once = _Once(lambda: (time.sleep(0.01), made.append(object()), made[-1])[-1])
    got = []
    threads = [threading.Thread(target=lambda: got.append(once())) for _ in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(made) == 1
    assert set(got) == set(made)


def test_a_failure_to_make_is_tried_again():
    outcomes = iter([RuntimeError("not yet"), "made"])

    def make():
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    once = _Once(make)

    with pytest.raises(RuntimeError):
        once()
    assert once() == "made"


@pytest.mark.slow
def test_one_process_serves_both_ports_from_the_environment():
    """gunicorn imports this module; a bad setting stops it there and not at the first request."""
    environment = {
        "PATH": os.environ["PATH"],
        "PRODUCTION": "0",
        "DATABASE_URL": "postgresql://user:word@127.0.0.1:1/none",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "KEY_PEPPER": "0123456789abcdefghij",
    }
    program = (
        "from research_api.wsgi import app, internal_app\n"
        "print(*(one.test_client().get('/livez').status_code for one in (app, internal_app)))"
    )

    good = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    bad = subprocess.run(
        [sys.executable, "-c", program], env={**environment, "PORT": "x"}, capture_output=True, text=True
    )

    assert (good.stdout.split(), good.returncode) == (["200", "200"], 0)
    assert bad.returncode != 0
    assert "PORT" in bad.stderr


class FakeWarmth(FakeSearch):
    """Counts how often it was warmed up; fails where it is told to."""

    def __init__(self, failure: Exception | None = None) -> None:
        super().__init__(failure=failure)
        self.warmed = 0

    def warm_up(self) -> None:
        self.warmed += 1
        if self.failure is not None:
            raise self.failure


def warmed(app: Flask) -> None:
    """The thread ended."""
    thread = warm_up(app)
    assert thread is not None
    thread.join(60)
    assert not thread.is_alive()


def test_warming_up_does_beforehand_what_the_first_search_would_wait_for():
    search = FakeWarmth()

    warmed(create_app(FakeServices(search=search), FakeSettings()))

    assert search.warmed == 1


def test_warming_up_waits_for_nothing():
    """The server takes requests meanwhile, and readiness does not depend on it."""
    is_let_go = threading.Event()
    search = FakeWarmth()
    search.warm_up = lambda: is_let_go.wait(60) and None
    app = create_app(FakeServices(search=search), FakeSettings())

    thread = warm_up(app)

    assert thread is not None
    assert app.test_client().get("/readyz").status_code == 200
    assert thread.is_alive()
    assert thread.daemon
    is_let_go.set()
    thread.join(60)


def test_a_failure_to_warm_up_is_logged_and_nothing_else():
    app = create_app(FakeServices(search=FakeWarmth(RuntimeError("broken"))), FakeSettings())

    with capture_logs() as logged:
        warmed(app)

    assert [(one["event"], one["log_level"]) for one in logged] == [("not_warmed_up", "warning")]
    assert app.test_client().get("/livez").status_code == 200


def test_the_internal_app_answers_no_search_and_needs_no_warmth():
    search = FakeWarmth()

    assert warm_up(create_app(FakeServices(search=search), FakeSettings(), internal=True)) is None
    assert search.warmed == 0
