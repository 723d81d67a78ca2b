"""Processes of a data folder that outlived their supervisor, found without ever touching anybody else's.

Whatever we start carries MARKER with the absolute data folder in its environment. Postgres and Valkey
may overwrite theirs, so a note of process number and start time tells them too, and their working folder.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from research_api.local.data_folder import read_kept, write_private

MARKER = "RESEARCH_API_SUPERVISED"
SERVER_NAMES = frozenset({"postgres", "valkey-server"})
# The kernel counts a start in ticks since boot; the clock that turns them into a date may be set meanwhile.
CLOCK_SLACK_SECONDS = 2.0
KILLED_WITHIN_SECONDS = 2.0
POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Note:
    """One process, told apart from a later one with the same number."""

    pid: int
    created_at: float


def note_process(data_dir: Path, name: str, pid: int) -> None:
    """The process can be found again after our end, also where its environment and folder cannot be read."""
    created_at = psutil.Process(pid).create_time()
    write_private(data_dir / f"{name}.process", json.dumps({"pid": pid, "created_at": created_at}))


def forget_process(data_dir: Path, name: str) -> None:
    """No note is left."""
    (data_dir / f"{name}.process").unlink(missing_ok=True)


def stop_children(data_dir: Path, *, grace_seconds: float) -> int:
    """No process that we started for `data_dir` runs but the servers; how many did.

    They are asked first, and killed after the grace.
    """
    found = [process for process in _others() if _is_child(process, data_dir)]
    for process in found:
        _signal(process, signal.SIGTERM)
    _kill_survivors(found, grace_seconds)
    # What a pool or a shell forked while we were asking.
    _kill_survivors([process for process in _others() if _is_child(process, data_dir)], 0)
    return len(found)


def stop_servers(data_dir: Path, home: Path, *, grace_seconds: float) -> int:
    """No Postgres or Valkey of `data_dir` runs; how many processes did."""
    notes = list(_notes(data_dir))
    found = [process for process in _others() if _is_server(process, home, notes)]
    numbers = {process.pid for process in found}
    for process in found:
        _ask_server(process, numbers)
    _kill_survivors(found, grace_seconds)
    return len(found)


def is_server_in(folder: Path, pid: int) -> bool:
    """The process may be a server that runs in `folder`: yes where its folder cannot be seen."""
    try:
        process = psutil.Process(pid)
        return process.name() in SERVER_NAMES and Path(process.cwd()) == folder
    except psutil.AccessDenied:
        return True
    except psutil.Error:
        return False


def _others() -> Iterator[psutil.Process]:
    ours = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    return (process for process in psutil.process_iter() if process.pid not in ours)


def _is_child(process: psutil.Process, data_dir: Path) -> bool:
    """Marked, and no server: those come last, and SIGTERM would have Postgres wait for its clients."""
    try:
        return process.name() not in SERVER_NAMES and process.environ().get(MARKER) == str(data_dir)
    except (psutil.Error, OSError):
        return False


def _is_server(process: psutil.Process, home: Path, notes: list[Note]) -> bool:
    try:
        if process.name() not in SERVER_NAMES:
            return False
        if any(_is_noted(process, note) for note in notes):
            return True
        return _is_in_server_folder(Path(process.cwd()), home)
    except (psutil.Error, OSError):
        return False


def _is_in_server_folder(folder: Path, home: Path) -> bool:
    return any(folder.is_relative_to(home / name) for name in ("postgres", "valkey"))


def _is_noted(process: psutil.Process, note: Note) -> bool:
    return process.pid == note.pid and abs(process.create_time() - note.created_at) <= CLOCK_SLACK_SECONDS


def _notes(data_dir: Path) -> Iterator[Note]:
    for name in ("postgres", "valkey"):
        kept = read_kept(data_dir / f"{name}.process")
        if kept is not None:
            yield Note(**json.loads(kept))


def _ask_server(process: psutil.Process, numbers: set[int]) -> None:
    """Only a postmaster is asked: SIGINT means something else to the processes below it."""
    with contextlib.suppress(psutil.Error):
        if process.ppid() not in numbers:
            process.send_signal(signal.SIGINT if process.name() == "postgres" else signal.SIGTERM)


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    with contextlib.suppress(psutil.Error):
        process.send_signal(number)


def _kill_survivors(processes: Iterable[psutil.Process], grace_seconds: float) -> None:
    alive = _alive_after(list(processes), grace_seconds)
    for process in alive:
        _signal(process, signal.SIGKILL)
    _alive_after(alive, KILLED_WITHIN_SECONDS)


def _alive_after(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Those that still run then, or nothing as soon as none does."""
    deadline = time.monotonic() + seconds
    while processes := [process for process in processes if _runs(process)]:
        if time.monotonic() >= deadline:
            break
        time.sleep(POLL_SECONDS)
    return processes


def _runs(process: psutil.Process) -> bool:
    """A zombie does not: in a container whose first process collects no orphans it would stay for good."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
