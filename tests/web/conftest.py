"""An app over fakes, and a client that has a key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from research_api.app import create_app
from tests.web.fakes import FakeServices, FakeSettings, KeyedClient


def make_app(services: Any, settings: Any = None, *, internal: bool = False) -> Flask:
    """The real application over these services."""
    app = create_app(services, settings or FakeSettings(), internal=internal)
    app.test_client_class = KeyedClient
    return app


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[Any]]:
    """What is logged, with what is bound to the request."""
    with capture_logs(processors=[merge_contextvars]) as entries:
        yield entries


@pytest.fixture
def services() -> FakeServices:
    """Fresh fakes."""
    return FakeServices()


@pytest.fixture(scope="session")
def shared_app() -> Flask:
    """The public application; to make it takes longer than most tests."""
    return make_app(FakeServices())


@pytest.fixture
def app(shared_app: Flask, services: FakeServices) -> Flask:
    """The public application over the fakes of this test."""
    shared_app.extensions["services"] = lambda: services
    return shared_app


@pytest.fixture
def client(app: Flask) -> Any:
    """Calls the public application."""
    return app.test_client()


@pytest.fixture
def internal_client(services: FakeServices) -> Any:
    """Calls the application of the internal port."""
    return make_app(services, internal=True).test_client()
