"""`flask keys`: makes, lists, shows and revokes keys."""

from __future__ import annotations

import re
from datetime import datetime
from typing import cast

import click
from flask import current_app
from flask.cli import AppGroup

from research_api.cli.output import (
    json_option,
    print_fields,
    print_json,
    print_table,
    reports_errors,
    timestamp,
)
from research_api.domain.keys import Key, Limits
from research_api.services.keys import MAX_LISTED, CreatedKey, KeyRequest, KeysService

MICROS_PER_DOLLAR = 1_000_000
USD_PLACES = 6
_USD = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,6}))?")

keys = AppGroup("keys", help="Make, list, show and revoke keys.")


class UsdAmount(click.ParamType[int]):
    """Dollars with at most six places, as integer micro-dollars."""

    name = "USD"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        match = _USD.fullmatch(str(value))
        if match is None:
            self.fail(f"must be an amount such as 2.50, with at most {USD_PLACES} places", param, ctx)
        whole, places = match.groups(default="")
        return int(whole) * MICROS_PER_DOLLAR + int(places.ljust(USD_PLACES, "0"))


class Moment(click.ParamType[datetime]):
    """A time in ISO 8601; whether it has a zone and lies ahead is the service's to judge."""

    name = "ISO"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            return datetime.fromisoformat(str(value))
        except ValueError:
            self.fail("must be a time such as 2030-01-31T00:00:00Z", param, ctx)


@keys.command("create")
@click.option("--name", required=True, help="What the key is for.")
@click.option("--scopes", required=True, help="Comma-separated: search, read, jobs, org_admin, admin.")
@click.option("--organization", help="Found by name or made; without it the key gets its own.")
@click.option("--rate-per-minute", type=int, metavar="N", help="Stored; enforced by a later release.")
@click.option("--rate-per-day", type=int, metavar="N", help="Stored; enforced by a later release.")
@click.option(
    "--daily-budget-usd", "daily_budget_micros", type=UsdAmount(), help="Stored; enforced by a later release."
)
@click.option(
    "--max-running", type=int, metavar="N", help="Jobs at once. Stored; enforced by a later release."
)
@click.option(
    "--max-queued", type=int, metavar="N", help="Jobs waiting. Stored; enforced by a later release."
)
@click.option("--expires", type=Moment(), help="When the key stops working, with a time zone.")
@click.option("--allow-ip", multiple=True, metavar="CIDR", help="Only from this network; may be repeated.")
@click.option("--test", "is_test", is_flag=True, help="Make a test key, rk_test_...")
@json_option
@reports_errors
def create(  # noqa: PLR0913 - one argument for each option of the command
    name: str,
    scopes: str,
    organization: str | None,
    rate_per_minute: int | None,
    rate_per_day: int | None,
    daily_budget_micros: int | None,
    max_running: int | None,
    max_queued: int | None,
    expires: datetime | None,
    allow_ip: tuple[str, ...],
    is_test: bool,
    as_json: bool,
) -> None:
    """Make a key and show it, this once."""
    request = KeyRequest(
        name=name,
        scopes=[scope.strip() for scope in scopes.split(",")],
        organization=organization,
        limits=Limits(rate_per_minute, rate_per_day, daily_budget_micros, max_running, max_queued),
        expires_at=expires,
        allow_ip=allow_ip,
        is_test=is_test,
    )
    _print_created(_service().create(request), as_json)


@keys.command("list")
@click.option("--organization", help="Only keys of the organization with this name.")
@json_option
@reports_errors
def list_keys(organization: str | None, as_json: bool) -> None:
    """List keys, newest first."""
    found = _service().list(organization)
    if as_json:
        print_json([_dumped(key) for key in found])
    else:
        print_table(
            ("id", "name", "organization", "scopes", "created", "expires", "revoked"),
            [_row(key) for key in found],
        )
    if len(found) == MAX_LISTED:
        click.echo(f"Only the newest {MAX_LISTED} are listed: narrow with --organization.", err=True)


@keys.command("show")
@click.argument("key_id", metavar="ID")
@json_option
@reports_errors
def show(key_id: str, as_json: bool) -> None:
    """Show a key without its secret."""
    _print_key(_service().show(key_id), as_json)


@keys.command("revoke")
@click.argument("key_id", metavar="ID")
@json_option
@reports_errors
def revoke(key_id: str, as_json: bool) -> None:
    """Stop a key for good."""
    _print_key(_service().revoke(key_id), as_json)


def _service() -> KeysService:
    return cast(KeysService, current_app.extensions["services"]().keys)


def _print_created(created: CreatedKey, as_json: bool) -> None:
    shown = {
        name: _dumped(created.key)[name]
        for name in ("id", "name", "scopes", "organization", "limits", "created_at")
    }
    if as_json:
        print_json({"id": created.key.id, "key": created.text} | shown)
        return
    _print_key(created.key, as_json=False)
    click.echo(f"\n{created.text}\n\nKeep it now: it is not shown again.")


def _print_key(key: Key, as_json: bool) -> None:
    dumped = _dumped(key)
    if as_json:
        print_json(dumped)
        return
    limits = cast(dict[str, object], dumped.pop("limits"))
    flat = dumped | {"scopes": ", ".join(key.scopes), "allow_ip": ", ".join(key.allow_ip)} | limits
    print_fields(list(flat.items()))


def _row(key: Key) -> tuple[object, ...]:
    moments = (key.created_at, key.expires_at, key.revoked_at)
    times = (timestamp(moment and moment.replace(microsecond=0)) for moment in moments)
    return (key.id, key.name, key.organization, ",".join(key.scopes), *times)


def _dumped(key: Key) -> dict[str, object]:
    return {
        "id": key.id,
        "name": key.name,
        "scopes": list(key.scopes),
        "organization": key.organization,
        "limits": _dumped_limits(key.limits),
        "created_at": timestamp(key.created_at),
        "expires_at": timestamp(key.expires_at),
        "revoked_at": timestamp(key.revoked_at),
        "allow_ip": list(key.allow_ip),
        "is_test": key.is_test,
    }


def _dumped_limits(limits: Limits) -> dict[str, object]:
    micros = limits.daily_budget_micros
    return {
        "rate_per_minute": limits.rate_per_minute,
        "rate_per_day": limits.rate_per_day,
        "daily_budget_usd": None if micros is None else _usd(micros),
        "max_running": limits.max_running,
        "max_queued": limits.max_queued,
    }


def _usd(micros: int) -> str:
    return f"{micros // MICROS_PER_DOLLAR}.{micros % MICROS_PER_DOLLAR:0{USD_PLACES}d}"
