"""Runs after the other modules here (they run in alphabetical order): what they provoked was logged by now."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.system.running import System

pytestmark = pytest.mark.services


def secrets_of(system: System) -> dict[str, str]:
    """Everything that nobody but the caller or the operator may read, by a name that may be shown."""
    names = ("key-pepper", "postgres-password", "valkey-password")
    kept = {name: (system.data_dir / name).read_text().strip() for name in names}
    keys = {f"key {key[:16]}": key[17:] for key in (system.demo_key, *system.issued_keys)}
    return kept | keys


def test_secrets_stand_in_no_log(system: System) -> None:
    """Also where a caller puts the key in the wrong place, and where the database refuses a password."""
    key = system.demo_key
    assert system.get(f"/v1/search?q=x&api_key={quote(key)}").status == 422
    assert system.get(f"/v1/works/{quote(key)}").status == 422
    assert system.get("/v1/search?q=x", key=key[:-1] + "!").status == 401

    logs = {path.name: path.read_text(errors="replace") for path in (system.data_dir / "logs").iterdir()}

    assert {"web.log", "index.log", "postgres.log", "valkey.log", "setup.log"} <= set(logs)
    assert len("".join(logs.values())) > 2000
    found = [
        (log, name) for log, text in logs.items() for name, one in secrets_of(system).items() if one in text
    ]
    assert found == []


def test_secrets_stand_in_no_command_line(system: System) -> None:
    lines = [" ".join(process.cmdline()) for process in system.processes()]

    assert len(lines) > 15
    assert [name for name, one in secrets_of(system).items() if any(one in line for line in lines)] == []


def test_files_with_secrets_are_closed_to_others(system: System) -> None:
    names = ("key-pepper", "postgres-password", "valkey-password", "demo-key", "run.json")
    logs = list((system.data_dir / "logs").iterdir())

    for path in [*(system.data_dir / name for name in names), *logs]:
        assert path.stat().st_mode & 0o077 == 0, path.name
