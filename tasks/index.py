"""Keeps the index of this host in step with the catalog, and gives works their vectors."""

from __future__ import annotations

from celery.signals import worker_ready

from research_api.enqueue import APPLY_CHANGES, EMBED_EVERY_SECONDS, EMBED_WORKS, CeleryWakeUps
from tasks.celery_app import app
from tasks.services import services


@app.task(name=APPLY_CHANGES)
def apply_changes() -> None:
    """Every settled change is in this host's index; a copy that comes while another runs has nothing to do."""
    services().catalog.apply_changes()


@app.task(name=EMBED_WORKS)
def embed_works() -> None:
    """Some works more have their vectors; changes that wait for the index go first."""
    services().embedding.run(EMBED_EVERY_SECONDS, services().catalog.has_changes)


@worker_ready.connect
def apply_at_start(**_: object) -> None:
    """What changed while no worker ran is not left until the next beat."""
    CeleryWakeUps(app).index()
