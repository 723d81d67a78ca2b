"""The replay of the sources in a process of its own, so that it takes no turn of the interpreter that is measured."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ops.bench.system import ROOT, STOP_SECONDS
from tests.replay.faults import Fault


class ReplayRefused(Exception):
    """The replay did not understand what it was told."""


@dataclass(frozen=True, slots=True)
class Replay:
    """settings: what points the service at it."""

    settings: dict[str, str]
    process: subprocess.Popen[str]

    def delay(self, name: str, seconds: float) -> None:
        """Each answer of that source comes so much later."""
        self._tell(f"delay {name} {seconds}")

    def fault(self, name: str, fault: Fault) -> None:
        """That source has the fault until `clear`."""
        self._tell(f"fault {name} {fault.name}")

    def clear(self, name: str) -> None:
        """That source is well again."""
        self._tell(f"clear {name}")

    def count(self, name: str) -> int:
        """How often that source was asked since `forget`."""
        return int(self._tell(f"count {name}"))

    def forget(self) -> None:
        """Nobody has asked anything."""
        self._tell("forget")

    def _tell(self, line: str) -> str:
        assert self.process.stdin is not None  # noqa: S101 - both are pipes
        assert self.process.stdout is not None  # noqa: S101 - both are pipes
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        if not answer or answer.startswith("no: "):
            raise ReplayRefused(answer or "the replay has ended")
        return answer


@contextmanager
def running_replay(works: int) -> Iterator[Replay]:
    """A replay of so many works that gives equal requests the same bytes again; it ends with the block."""
    command = (sys.executable, "-m", "tests.replay", "--steered", "--remember", "--works", str(works))
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            yield Replay(_settings_printed(process), process)
        finally:
            _end(process)


def _settings_printed(process: subprocess.Popen[str]) -> dict[str, str]:
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    found = {}
    while line := process.stdout.readline().strip():
        name, _, value = line.partition("=")
        found[name] = value
    if not found:
        raise SystemExit("The replay did not start.")
    return found


def _end(process: subprocess.Popen[str]) -> None:
    try:
        process.communicate(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
