"""What the person at the terminal reads: few lines, each at once."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TextIO

TAIL_BYTES = 16_384


def say(line: str) -> None:
    """`line` is on standard output, unless nobody reads it any more."""
    _write(sys.stdout, line)


def complain(line: str) -> None:
    """`line` is on standard error, unless nobody reads it any more."""
    _write(sys.stderr, line)


def tail(path: Path, lines: int = 15) -> str:
    """The last lines of a log, indented; empty where there is no log."""
    try:
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - TAIL_BYTES))
            text = log.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
    return "\n".join(f"  {line}" for line in text.splitlines()[-lines:])


def _write(stream: TextIO, line: str) -> None:
    try:
        print(line, file=stream, flush=True)
    except OSError:
        # A closed terminal or pipe must not keep us from stopping the children.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
