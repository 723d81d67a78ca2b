"""What the person at the terminal reads: few lines, each at once."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

TAIL_BYTES = 16_384
TAIL_LINES = 15


def say(line: str) -> None:
    """`line` is on standard output, unless nobody reads it any more."""
    _write(sys.stdout, line)


def complain(line: str) -> None:
    """`line` is on standard error, unless nobody reads it any more."""
    _write(sys.stderr, line)


@dataclass(frozen=True, slots=True)
class LogPart:
    """What a log says from `begin` on: logs are kept from run to run, and an old error misleads."""

    path: Path
    begin: int

    def end(self) -> str:
        """A sentence and the last lines, indented."""
        lines = [f"  {line}" for line in self._text().splitlines()[-TAIL_LINES:]]
        return "\n".join([f"The end of {self.path}:", *lines]) if lines else f"{self.path} has nothing on it."

    def _text(self) -> str:
        try:
            with self.path.open("rb") as log:
                size = os.fstat(log.fileno()).st_size
                # A log that is shorter by now was begun anew.
                begin = self.begin if self.begin <= size else 0
                log.seek(max(begin, size - TAIL_BYTES))
                return log.read().decode("utf-8", "replace")
        except FileNotFoundError:
            return ""


def log_from_here(path: Path) -> LogPart:
    """What will be written to a log, which need not be there yet."""
    return LogPart(path, path.stat().st_size if path.exists() else 0)


def _write(stream: TextIO, line: str) -> None:
    try:
        print(line, file=stream, flush=True)
    except OSError:
        # A closed terminal or pipe must not keep us from stopping the children.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
