"""How the application is put together."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import pytest

from research_api.app import _Once, create_app
from tests.web.fakes import FakeServices, FakeSettings


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
