"""How commands speak: tables for people, JSON for programs, one line and an exit code for an error."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import wraps
from typing import ParamSpec, TypeVar

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from research_api.config import SettingsInvalid
from research_api.domain.errors import (
    Conflict,
    Expired,
    Invalid,
    Malformed,
    NotFound,
    ResearchApiError,
    Unavailable,
)
from research_api.telemetry import redact

# structlog before it is set up prints tracebacks with their variables; the standard library then keeps quiet
log = logging.getLogger(__name__)

DONE = 0
CHECK_FAILED = 1
USAGE = 2
NOT_FOUND = 3
CONFLICT = 4
DEPENDENCY_DOWN = 5
# outside a terminal rich would fold at 80 columns, which breaks ids in files and pipes
PIPE_COLUMNS = 240
_EXIT_CODES: tuple[tuple[type[Exception], int], ...] = (
    (SettingsInvalid, USAGE),
    (Malformed, USAGE),
    (Invalid, USAGE),
    (NotFound, NOT_FOUND),
    (Expired, NOT_FOUND),
    (Conflict, CONFLICT),
    (Unavailable, DEPENDENCY_DOWN),
)

P = ParamSpec("P")
R = TypeVar("R")

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def refusal(error: Exception) -> click.ClickException:
    """What click shows as one line on stderr and turns into the exit code that the error stands for."""
    if isinstance(error, ResearchApiError | SettingsInvalid):
        message = str(error)
    else:
        message = f"Unexpected {type(error).__name__}. LOG_LEVEL=debug shows where."
    exception = click.ClickException(" ".join(redact(message).split()))
    code = next((code for kind, code in _EXIT_CODES if isinstance(error, kind)), CHECK_FAILED)
    exception.exit_code = code  # type: ignore[misc] # declared for the class, read from the instance
    return exception


def reports_errors(function: Callable[P, R]) -> Callable[P, R]:
    """The command ends with one line and a code for every error, never with a traceback or a secret."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as error:
            # the outermost frame of a command, as the error table is of a request
            log.debug("command_failed", exc_info=True)
            raise refusal(error) from None

    return run


def print_json(value: object) -> None:
    """The value as one line of JSON."""
    click.echo(json.dumps(value, allow_nan=False))


def print_fields(fields: Sequence[tuple[str, object]]) -> None:
    """One `name: value` a line; values that are None show as a dash."""
    width = max(len(name) for name, _ in fields) + 1
    for name, value in fields:
        click.echo(f"{name + ':':<{width}} {_shown(value)}")


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table that fits the terminal; values are shown as they are, never read as markup."""
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(Text(_shown(value), overflow="fold") for value in row))
    Console(width=None if sys.stdout.isatty() else PIPE_COLUMNS).print(table)


def timestamp(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC with a Z."""
    return moment.isoformat().replace("+00:00", "Z") if moment else None


def _shown(value: object) -> str:
    return "-" if value is None or value == "" else str(value)
