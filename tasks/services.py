"""The services of a worker process, built on first use: after the fork, so that no connection is shared."""

from __future__ import annotations

from functools import cache

from research_api.bootstrap import Services, build_services
from tasks.celery_app import settings


@cache
def services() -> Services:
    """One set for the process."""
    return build_services(settings)
