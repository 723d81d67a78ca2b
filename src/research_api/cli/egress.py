"""`flask egress`: tells what the way out would do with a call."""

from __future__ import annotations

from dataclasses import asdict

import click
from flask import current_app
from flask.cli import AppGroup

from research_api import bootstrap
from research_api.cli.output import CHECK_FAILED, json_option, print_fields, print_json, reports_errors

egress = AppGroup("egress", help="Look at the way out of the process.")


@egress.command("check")
@click.argument("url")
@json_option
@click.pass_context
@reports_errors
def check(context: click.Context, url: str, as_json: bool) -> None:
    """Show whether a call to URL would be let out, and to which addresses: looks its name up, connects to nothing."""
    verdict = asdict(bootstrap.check_egress(current_app.extensions["settings"](), url))
    if as_json:
        print_json(verdict)
    else:
        found = ", ".join(verdict["addresses"])
        told = {
            "allowed": "yes" if verdict["allowed"] else "no",
            "reason": verdict["reason"],
            "addresses": found,
        }
        print_fields(list(told.items()))
    if not verdict["allowed"]:
        context.exit(CHECK_FAILED)
