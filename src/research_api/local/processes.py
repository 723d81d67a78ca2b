"""The processes of the Procfile, run by honcho in a process of its own; each has its log file."""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
import os
import re
import signal
from pathlib import Path

import honcho.manager  # type: ignore[import-untyped]  # the package ships no types
from honcho.compat import ProcessManager  # type: ignore[import-untyped] # honcho has no types
from honcho.environ import parse_procfile  # type: ignore[import-untyped] # honcho has no types
from honcho.printer import Message  # type: ignore[import-untyped] # honcho has no types

from research_api.local.console import complain, log_from_here
from research_api.local.errors import StartupError

# The supervisor waits two seconds more before it kills what is left; see supervisor.CHILDREN_STOP_SECONDS.
KILL_AFTER_SECONDS = 7
LOG_LIMIT_BYTES = 5_000_000
STOPPED = re.compile(r"(?P<name>\S+) stopped \(rc=(?P<code>-?\d+)\)")
SIGNALLED = re.compile(r"SIG\w+ received")


def read_procfile(path: Path) -> dict[str, str]:
    """Each process and its command line, in order.

    Raises StartupError where there is no such file or it names no process.
    """
    try:
        processes: dict[str, str] = parse_procfile(path.read_text(encoding="utf-8")).processes
    except (OSError, AssertionError) as error:
        raise StartupError(f"Cannot use {path}: {error}. Run in the project folder.") from error
    if not processes:
        raise StartupError(f"{path} names no process.")
    return dict(processes)


def run_processes(procfile: Path, log_dir: Path) -> int:
    """Every process of the file ran until one ended or SIGTERM came, and none is left.

    0 after SIGTERM; 1 after one ended by itself, which is then named on standard error.
    """
    honcho.manager.KILL_WAIT = KILL_AFTER_SECONDS
    printer = LogFiles(log_dir)
    processes = read_procfile(procfile)
    logs = {name: log_from_here(log_dir / f"{name}.log") for name in processes}
    manager = honcho.manager.Manager(printer)
    manager._procmgr = _LeadersFirst()
    for name, command in processes.items():
        # Debian's dash would stay as the parent of the command, and take its signals.
        manager.add_process(name, f"exec env {command}")
    try:
        manager.loop()
    except KeyError:
        # A signal before each process had told its number: honcho cannot stop those, the supervisor does.
        os._exit(0)
    if printer.was_signalled or printer.first_stopped is None:
        return 0
    name, code = printer.first_stopped
    complain(f"The process {name} ended with code {code}. {logs[name].end()}")
    return 1


class LogFiles:
    """A honcho printer that writes each process to `<name>.log`, and honcho's own lines to `system.log`.

    first_stopped: name and exit code of the process that ended first, or None.
    """

    def __init__(self, log_dir: Path) -> None:
        self.width = 0  # honcho sets it
        self.was_signalled = False
        self.first_stopped: tuple[str, int] | None = None
        self._log_dir = log_dir
        self._files: dict[str, logging.handlers.RotatingFileHandler] = {}

    def write(self, message: Message) -> None:
        """The message stands in its log; what honcho says of its children is remembered."""
        data = message.data
        text = data.decode("utf-8", "replace") if isinstance(data, bytes) else str(data)
        if message.name == honcho.manager.SYSTEM_PRINTER_NAME:
            self._remember(text)
        self._file(message.name).emit(logging.makeLogRecord({"msg": text.rstrip("\n")}))

    def _remember(self, text: str) -> None:
        stopped = STOPPED.match(text)
        if stopped and self.first_stopped is None:
            self.first_stopped = (stopped["name"], int(stopped["code"]))
        self.was_signalled = self.was_signalled or bool(SIGNALLED.match(text))

    def _file(self, name: str) -> logging.handlers.RotatingFileHandler:
        if name not in self._files:
            self._files[name] = logging.handlers.RotatingFileHandler(
                self._log_dir / f"{name}.log", maxBytes=LOG_LIMIT_BYTES, backupCount=1, encoding="utf-8"
            )
        return self._files[name]


class _LeadersFirst(ProcessManager):  # type: ignore[misc]  # its module has no types
    """SIGTERM to each process alone: honcho's own, to the whole group, ends the children of a Celery pool
    in the middle of a task."""

    def terminate(self, pid: int) -> None:
        """The process has been asked to end; one that has ended is no error."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
