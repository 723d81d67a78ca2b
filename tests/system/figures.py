"""What the command says of the catalog of a running system."""

from __future__ import annotations

from typing import Any

from tests.system.running import System


def stats(system: System) -> Any:
    """What `flask catalog stats` says."""
    return system.flask("catalog", "stats", "--json").json


def has_all_vectors(system: System) -> bool:
    """A model is searched, and every work has its vector."""
    figures = stats(system)
    return bool(figures["model"]) and figures["without_vector"] == 0
