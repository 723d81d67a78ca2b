"""Housekeeping."""

from __future__ import annotations

from research_api.enqueue import PRUNE_CHANGES
from tasks.celery_app import app
from tasks.services import services


@app.task(name=PRUNE_CHANGES)
def prune_changes() -> None:
    """Changes that every host's index has are gone."""
    services().catalog.prune_changes()
