"""`flask db`: brings the schema of the database to a revision."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from research_api import bootstrap, config
from research_api.cli.output import json_option, print_fields, print_json, reports_errors

db = AppGroup("db", help="Migrate the database.")


@db.command("upgrade")
@click.option("--revision", default="head", show_default=True, help="The revision to reach.")
@json_option
@reports_errors
def upgrade(revision: str, as_json: bool) -> None:
    """Bring the schema to a newer revision; data are kept."""
    _tell(bootstrap.upgrade_database(config.load(), revision), as_json)


@db.command("downgrade")
@click.argument("revision")
@json_option
@reports_errors
def downgrade(revision: str, as_json: bool) -> None:
    """Bring the schema back to an older REVISION, or `base` for none: what newer tables hold is lost."""
    _tell(bootstrap.downgrade_database(config.load(), revision), as_json)


def _tell(revision: str | None, as_json: bool) -> None:
    if as_json:
        print_json({"revision": revision})
    else:
        print_fields([("revision", revision)])
