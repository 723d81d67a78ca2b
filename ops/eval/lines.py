"""Lines of a text file with their places, and what is said of a bad one."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from ops.eval.errors import MalformedCollection


def numbered(path: Path, opened: TextIO) -> Iterator[tuple[str, str]]:
    """`path:number` and text of each line that is not blank. The file is closed at the end.

    Raises MalformedCollection where the bytes are no UTF-8, or no gzip to the end.
    """
    number = 0
    with opened:
        try:
            for number, line in enumerate(opened, start=1):
                if line.strip():
                    yield f"{path}:{number}", line.rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise MalformedCollection(f"{path}: not UTF-8 after line {number}.") from error
        except (EOFError, OSError, zlib.error) as error:
            raise MalformedCollection(f"{path}: cannot be read after line {number}.") from error
