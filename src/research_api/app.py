"""Puts the web application together."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock, Thread
from typing import TYPE_CHECKING, Generic, TypeVar

import structlog
from flask import Flask

from research_api.web import (
    access,
    documentation,
    envelope,
    health,
    negotiation,
    openapi,
    pages,
    problems,
    search,
    works,
)

if TYPE_CHECKING:
    from research_api.bootstrap import Services
    from research_api.config import Settings

log = structlog.get_logger(__name__)

T = TypeVar("T")


def create_app(
    services: Services | None = None, settings: Settings | None = None, *, internal: bool = False
) -> Flask:
    """The application; `internal` has only the health routes, with details, for the internal port.

    `extensions["settings"]` and `extensions["services"]` are functions that give them. Where they were not
    given here the first call makes them: connections are opened after the server has forked, and commands
    that need neither work without them.
    """
    app = Flask("research_api", static_folder=None, template_folder=None)
    app.config["INTERNAL"] = internal
    app.extensions["settings"] = _Once(_load_settings) if settings is None else lambda: settings
    app.extensions["services"] = _Once(lambda: _build_services(app)) if services is None else lambda: services
    # the order of these is the order in which a request meets them
    envelope.install(app)
    access.install(app)
    negotiation.install(app)
    problems.install(app)
    works.install(app)
    _add_routes(app, internal=internal)
    if not internal:
        _add_commands(app)
    return app


def warm_up(app: Flask) -> Thread | None:
    """A thread that does beforehand what the first search would wait for; None where the app answers no search.

    The server starts it in each of its processes. What fails there is logged, and left to the first search.
    """
    if app.config["INTERNAL"]:
        return None
    thread = Thread(target=_warm_up, args=(app,), name="warm-up", daemon=True)
    thread.start()
    return thread


def _warm_up(app: Flask) -> None:
    try:
        app.extensions["services"]().search.warm_up()
    except Exception:
        # whatever it is, the first search meets it again and answers for it
        log.warning("not_warmed_up", exc_info=True)


def _add_routes(app: Flask, *, internal: bool) -> None:
    api = openapi.attach(app)
    api.register_blueprint(health.blueprint)
    if internal:
        return
    for blueprint in (search.blueprint, works.blueprint, documentation.blueprint):
        api.register_blueprint(blueprint)
    app.register_blueprint(pages.blueprint)


def _add_commands(app: Flask) -> None:
    from research_api import cli

    cli.register(app)


def _load_settings() -> Settings:
    from research_api import config, telemetry

    settings = config.load()
    telemetry.configure(settings)
    return settings


def _build_services(app: Flask) -> Services:
    # its adapters take longer to import than everything else: not for `flask --help`
    from research_api import bootstrap

    return bootstrap.build_services(app.extensions["settings"]())


class _Once(Generic[T]):
    """Makes a thing at the first call, however many threads call at once; a failure is tried again."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = Lock()
        self._made: list[T] = []

    def __call__(self) -> T:
        if not self._made:
            with self._lock:
                if not self._made:
                    self._made.append(self._make())
        return self._made[0]
