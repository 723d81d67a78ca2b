"""What every view may ask of the request it stands in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app, g

from research_api.domain.keys import Caller

if TYPE_CHECKING:
    from research_api.bootstrap import Services
    from research_api.config import Settings


def services() -> Services:
    """The services of this app; the first use builds them."""
    found: Services = current_app.extensions["services"]()
    return found


def settings() -> Settings:
    """The settings of this app; the first use reads them."""
    found: Settings = current_app.extensions["settings"]()
    return found


def caller() -> Caller:
    """Who is calling; only where `access` has let somebody in."""
    found: Caller = g.caller
    return found


def request_id() -> str:
    """The id that this request has in every header, problem and log line."""
    found: str = g.request_id
    return found
