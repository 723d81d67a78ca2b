"""Where a host keeps its index: `INDEX_DIR/v<schema>/` with builds, a pointer to the one in use, and its state.

v2/current          name of the build in use (replaced by rename)
v2/builds/<name>/   one Tantivy index, with state.json: how far it has come
v2/writer.lock      held by the one process of this host that writes
v2/builds/<name>/broken   left by a reader that could not read it
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from research_api.catalog.schema import SCHEMA_VERSION
from research_api.domain.feed import Position

_BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class BuildState:
    """How far a build has come.

    caught_up_at: epoch seconds; every change that had settled by then is applied. documents: how many it holds.
    """

    epoch: str
    xid: int
    row: int
    caught_up_at: float
    documents: int

    @property
    def position(self) -> Position:
        """The last change applied."""
        return Position(self.xid, self.row)


class WriterBusy(Exception):
    """Another process of this host is writing the index."""


class IndexLayout:
    """Paths and small files; every replacement is a rename, so a reader never sees half of one."""

    def __init__(self, root: Path) -> None:
        self.folder = root / f"v{SCHEMA_VERSION}"
        self.pointer = self.folder / "current"
        self._builds = self.folder / "builds"

    def current(self) -> Path | None:
        """The build in use, or None."""
        try:
            name = self.pointer.read_text().strip()
        except (FileNotFoundError, UnicodeDecodeError):
            return None
        build = self._builds / name
        return build if name and "/" not in name and build.is_dir() else None

    def new_build(self) -> Path:
        """An empty folder for a build that nobody uses yet."""
        build = self._builds / f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{secrets.token_hex(4)}"
        build.mkdir(parents=True)
        return build

    def use(self, build: Path) -> None:
        """The build is the one in use and the others are gone; a reader keeps what it has open until it looks again."""
        _replace(self.pointer, build.name)
        self.drop_unused()

    def drop_unused(self) -> None:
        """Builds that nothing points at are gone: the former one, and what a killed rebuild left."""
        current = self.current()
        for other in self._builds.iterdir() if self._builds.is_dir() else ():
            if other != current:
                shutil.rmtree(other, ignore_errors=True)

    def read_state(self, build: Path) -> BuildState | None:
        """The state of a build, or None where it has none that can be read."""
        try:
            return BuildState(**json.loads((build / "state.json").read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def write_state(self, build: Path, state: BuildState) -> None:
        """The build's state is replaced whole."""
        _replace(build / "state.json", json.dumps(asdict(state)))

    def mark_broken(self, build: Path) -> None:
        """The next pass of the index worker builds anew. Never raises: a reader may lack the right to write."""
        with contextlib.suppress(OSError):
            (build / _BROKEN).touch()

    def is_broken(self, build: Path) -> bool:
        """True where a reader could not read the build."""
        return (build / _BROKEN).exists()

    def size_bytes(self) -> int:
        """What the build in use takes on disk."""
        build = self.current()
        total = 0
        # merges and replacements take files away while this looks at them
        with contextlib.suppress(FileNotFoundError):
            for entry in build.iterdir() if build else ():
                with contextlib.suppress(FileNotFoundError):
                    total += entry.stat().st_size
        return total

    @contextlib.contextmanager
    def writer(self, *, wait: bool = False) -> Iterator[None]:
        """This process is the only one of the host that writes. The kernel frees the lock of a process that dies.

        Raises WriterBusy where another one holds it, unless `wait`.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "writer.lock").open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                raise WriterBusy from None
            yield


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with temporary.open("w") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    temporary.replace(path)
