"""A terminal that is closed stops `make run`, and stops none that was told to outlive it."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

from research_api.local.servers import ServerUrls
from research_api.local.terminal import POLL_SECONDS
from tests.local.conftest import Project, given
from tests.timing import wait_until

pytestmark = pytest.mark.services
# As a terminal program starts its shell: a new session, whose terminal is standard input.
LEAD_SESSION = (
    "import fcntl, os, sys, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
    "os.execvp(sys.argv[1], sys.argv[1:])"
)


class Terminal:
    """One that programs can run in, and that can be closed."""

    def __init__(self, project: Project, servers: ServerUrls) -> None:
        self._project = project
        self._given = given(servers)
        self._screen, self._inside = pty.openpty()
        self.is_open = True

    def run(self, *command: str, **environment: str) -> subprocess.Popen[str]:
        """The command, as the leader of the terminal's session."""
        run = subprocess.Popen(
            [sys.executable, "-c", LEAD_SESSION, *command],
            cwd=self._project.folder,
            env=self._project.environment(**self._given, **environment),
            stdin=self._inside,
            stdout=self._inside,
            stderr=self._inside,
            text=True,
        )
        self._project.runs.append(run)
        return run

    def close(self) -> None:
        """Nobody has it any more."""
        if self.is_open:
            self.is_open = False
            os.close(self._inside)
            os.close(self._screen)


@pytest.fixture
def terminal(project: Project, servers: ServerUrls) -> Iterator[Terminal]:
    """A terminal in the folder of a project whose `make run` is that of this project."""
    (project.folder / "Makefile").write_text(f"run:\n\t@{sys.executable} run.py\n")
    terminal = Terminal(project, servers)
    yield terminal
    terminal.close()
    with contextlib.suppress(psutil.Error, KeyError):
        psutil.Process(int(str(project.run_facts()["pid"]))).terminate()


def supervisor_of(project: Project) -> psutil.Process:
    """The process that run.json names, once it does."""
    wait_until(project.run_facts, "run.json", seconds=60)
    return psutil.Process(int(str(project.run_facts()["pid"])))


def test_a_closed_terminal_ends_everything(project: Project, terminal: Terminal) -> None:
    """make leads the session here: it gets SIGHUP alone, and waits for us."""
    make = terminal.run("make", "run")
    supervisor = supervisor_of(project)
    assert supervisor.pid != make.pid

    terminal.close()
    make.wait(60)

    assert not supervisor.is_running()
    assert project.survivors() == []


def test_a_terminal_closed_during_the_setup_ends_it(project: Project, terminal: Terminal) -> None:
    make = terminal.run("make", "run", MIGRATE_CODE="import time; time.sleep(1000)")
    wait_until((project.folder / "commands.txt").exists, "the setup", seconds=60)

    terminal.close()
    make.wait(60)

    assert project.survivors() == []


@pytest.mark.parametrize("detach", ["nohup", "setsid"])
def test_a_run_that_was_detached_outlives_the_terminal(
    project: Project, terminal: Terminal, detach: str
) -> None:
    terminal.run("sh", "-c", f"{detach} make run & wait")
    supervisor = supervisor_of(project)
    before = project.survivors()

    terminal.close()
    time.sleep(4 * POLL_SECONDS)

    assert supervisor.is_running()
    assert project.survivors() == before
