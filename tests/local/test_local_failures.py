"""What `make run` says where something is wrong, and that nothing is left running then."""

from __future__ import annotations

import socket
import subprocess
import sys

import psutil
import pytest

from research_api.local.servers import ServerUrls
from tests.local.conftest import Project, given, stop

pytestmark = pytest.mark.services


@pytest.mark.parametrize(
    ("name", "offset"), [("PORT", 0), ("INTERNAL_PORT", 1), ("FLOWER_PORT", 2)], ids=lambda value: str(value)
)
def test_a_taken_port_stops_the_start_before_anything_runs(project: Project, name: str, offset: int) -> None:
    with socket.create_server(("127.0.0.1", project.port + offset)):
        run = project.start()
        printed = run.communicate(timeout=100)[0]

    assert run.returncode == 1
    assert f"Error: {name}={project.port + offset} is taken" in printed
    assert not (project.data_dir / "postgres").exists()
    assert not (project.folder / "commands.txt").exists()


def test_a_process_that_ends_ends_the_run(project: Project, servers: ServerUrls) -> None:
    (project.folder / "Procfile").write_text(
        "web: python web.py\nbrief: sh -c 'sleep 2; echo last words; exit 7'\n"
    )
    run = project.start(**given(servers))

    printed = run.communicate(timeout=100)[0]

    assert run.returncode == 1
    assert "The process brief ended with code 7" in printed
    assert "last words" in printed
    assert project.run_facts() == {}
    assert project.survivors() == []


@pytest.mark.long
def test_a_database_that_dies_ends_the_run(project: Project, servers: ServerUrls) -> None:
    run = project.start_until_ready(REDIS_URL=servers.redis_url)
    postmaster = int((project.data_dir / "postgres" / "data" / "postmaster.pid").read_text().split()[0])

    psutil.Process(postmaster).kill()
    printed = run.communicate(timeout=100)[0]

    assert run.returncode == 1
    assert "postgres ended, so everything stops" in printed
    assert project.survivors() == []


def test_a_setup_command_that_fails_stops_the_start(project: Project, servers: ServerUrls) -> None:
    run = project.start(**given(servers), MIGRATE_CODE="raise SystemExit('no such table')")

    printed = run.communicate(timeout=100)[0]

    assert run.returncode == 1
    assert "failed with exit code 1" in printed
    assert "no such table" in printed
    assert project.survivors() == []


def test_a_failed_start_tells_nothing_of_an_earlier_one(project: Project, servers: ServerUrls) -> None:
    """The log is kept from run to run; an error that was mended would send people the wrong way."""
    first = project.start(**given(servers), MIGRATE_CODE="raise SystemExit('no such table')")
    first.communicate(timeout=100)

    second = project.start(**given(servers), MIGRATE_CODE="raise SystemExit('no such column')")
    printed = second.communicate(timeout=100)[0]

    assert "no such column" in printed
    assert "no such table" not in printed


def test_a_process_that_ends_at_once_shows_nothing_of_an_earlier_run(
    project: Project, servers: ServerUrls
) -> None:
    (project.data_dir / "logs").mkdir(parents=True)
    (project.data_dir / "logs" / "brief.log").write_text("words of yesterday\n")
    (project.folder / "Procfile").write_text("web: python web.py\nbrief: sh -c 'exit 7'\n")

    printed = project.start(**given(servers)).communicate(timeout=100)[0]

    assert "The process brief ended with code 7" in printed
    assert "words of yesterday" not in printed


def test_a_part_that_is_not_ready_is_named(project: Project, servers: ServerUrls) -> None:
    run = project.start_until_ready(**given(servers), REDIS_STATE="degraded")

    printed = stop(run)

    assert "Not ready yet: Redis (REDIS_URL). Until that changes, answers say degraded.\n" in printed
    assert f"Ready: {project.url}" in printed


def test_a_system_that_never_gets_ready_is_stopped_with_what_this_run_says(
    project: Project, servers: ServerUrls
) -> None:
    (project.data_dir / "logs").mkdir(parents=True)
    (project.data_dir / "logs" / "web.log").write_text("words of yesterday\n")
    run = project.start(**given(servers), REDIS_STATE="unready", READY_WITHIN="3")

    printed = run.communicate(timeout=100)[0]

    assert run.returncode == 1
    assert "/readyz did not answer 200" in printed
    assert "Not ready yet: Redis (REDIS_URL)." in printed
    assert "words of yesterday" not in printed
    assert project.survivors() == []


def test_bad_settings_stop_the_start_together_before_anything_runs(project: Project) -> None:
    bad = {"PORT": "hunter22", "INTERNAL_PORT": "hunter33", "LOG_LEVEL": "hunter44", "DEMO": "hunter55"}

    run = subprocess.run(
        [sys.executable, "-m", "research_api.local", "run"],
        cwd=project.folder,
        env=project.environment(**bad, REDIS_URL="hunter66"),
        capture_output=True,
        text=True,
        check=False,
    )

    printed = run.stdout + run.stderr
    told = [line.split()[0] for line in printed.splitlines()[1:]]
    assert run.returncode == 1
    assert sorted(told) == ["DEMO", "INTERNAL_PORT", "LOG_LEVEL", "PORT", "REDIS_URL"]
    assert "hunter" not in printed
    assert not project.data_dir.exists()
