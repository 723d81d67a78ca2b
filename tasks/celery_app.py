"""The Celery application that workers, beat and Flower start with."""

from __future__ import annotations

from celery.signals import setup_logging

from research_api import config, telemetry
from research_api.enqueue import make_celery

settings = config.load()
app = make_celery(settings.celery_broker_url)


@setup_logging.connect
def _configure_logging(**_: object) -> None:
    telemetry.configure(settings)
