"""What both servers share: a kept port, a log, a wait until ready, and an end that does not hang."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from research_api.local import ports
from research_api.local.accounts import Ground
from research_api.local.console import log_from_here
from research_api.local.data_folder import open_log
from research_api.local.errors import StartupError
from research_api.local.leftovers import MARKER, forget_process, note_process

START_ATTEMPTS = 3
POLL_SECONDS = 0.02


class LocalServer(ABC):
    """One server process on loopback.

    name: of its folder, its log and its notes.
    stop_steps: signals to send in turn, each with the seconds to wait after it.
    log: what its log says since we were made.
    """

    name: ClassVar[str]
    stop_steps: ClassVar[tuple[tuple[signal.Signals, float], ...]]
    # Recovery of a large write-ahead log after a crash is the longest start there is.
    ready_within_seconds: ClassVar[float] = 120.0

    def __init__(self, ground: Ground, *, is_throwaway: bool = False) -> None:
        self.ground = ground
        self.is_throwaway = is_throwaway
        self.port = 0
        self.log = log_from_here(ground.logs / f"{self.name}.log")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """Where clients connect, with the password."""

    @abstractmethod
    def prepare(self) -> None:
        """The data folder and the password exist."""

    @abstractmethod
    def command(self) -> list[str]:
        """The program and its arguments for `self.port`; no secret among them."""

    @abstractmethod
    def answers(self) -> bool:
        """The server takes an authenticated command now."""

    def start(self) -> None:
        """The server answers. Raises StartupError with the end of its log where it does not."""
        self.prepare()
        for _ in range(START_ATTEMPTS):
            self.port = ports.kept_port(self.ground.data_dir / f"{self.name}-port")
            self._launch()
            if self._is_ready_in_time():
                return
            self.stop()
            if ports.refusal(ports.LOOPBACK, self.port) is None:
                break  # The port was not the reason, so another one would not help.
        raise StartupError(f"{self.name} did not start. {self.log.end()}")

    def stop(self) -> None:
        """The server has ended; a call for one that never ran does nothing."""
        process, self._process = self._process, None
        if process is None:
            return
        for number, wait_seconds in self.stop_steps:
            process.send_signal(number)
            try:
                process.wait(wait_seconds)
                break
            except subprocess.TimeoutExpired:
                continue
        forget_process(self.ground.data_dir, self.name)

    def has_ended(self) -> bool:
        """The server was started and runs no more."""
        return self._process is not None and self._process.poll() is not None

    def run_once(self, command: list[str]) -> None:
        """`command` succeeded as the servers' account. Raises StartupError with the end of the log."""
        with open_log(self.log.path) as log:
            outcome = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                user=self.ground.account.user_id,
                group=self.ground.account.group_id,
                extra_groups=self.ground.account.extra_groups,
                umask=0o077,
                cwd=self.ground.own_folder(self.name),
                env=self._environment(),
                check=False,
            )
        if outcome.returncode != 0:
            raise StartupError(f"{command[0]} failed. {self.log.end()}")

    def _launch(self) -> None:
        with open_log(self.log.path) as log:
            self._process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                user=self.ground.account.user_id,
                group=self.ground.account.group_id,
                extra_groups=self.ground.account.extra_groups,
                umask=0o077,
                cwd=self.ground.own_folder(self.name),
                env=self._environment(),
                # Out of the terminal's group: Ctrl-C must reach the servers last, through us.
                start_new_session=True,
            )
        note_process(self.ground.data_dir, self.name, self._process.pid)

    def _environment(self) -> dict[str, str]:
        """Nothing of ours: PGDATA, PGPORT and their like would change what the programs do."""
        return {
            "PATH": os.defpath,
            "LC_ALL": "C",
            MARKER: str(self.ground.data_dir),
        }

    def _is_ready_in_time(self) -> bool:
        deadline = time.monotonic() + self.ready_within_seconds
        while time.monotonic() < deadline and not self.has_ended():
            if self.answers():
                return not self.has_ended()
            time.sleep(POLL_SECONDS)
        return False


def site_packages_of(package: str) -> Path:
    """The folder that `package` is installed in, found without importing it.

    Raises StartupError where the wheel is missing.
    """
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise StartupError(f"The package {package} is not installed. Run: make setup")
    return Path(spec.submodule_search_locations[0]).parent
