"""`flask` commands, for operators."""

from __future__ import annotations

from flask import Flask


def register(app: Flask) -> None:
    """Every command group hangs on the app. Imported here, so that serving the API loads no command."""
    from research_api.cli.catalog import catalog
    from research_api.cli.db import db
    from research_api.cli.egress import egress
    from research_api.cli.keys import keys

    for group in (catalog, db, egress, keys):
        app.cli.add_command(group)
