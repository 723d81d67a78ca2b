"""The data folder: made once, locked by one run, every secret in it readable by its owner alone."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from research_api.local.errors import AlreadyRunningError, StartupError

LOCK_NAME = "run.lock"
LOG_LIMIT_BYTES = 5_000_000


def make_data_folder(data_dir: Path) -> None:
    """`data_dir` exists and can be written to; the mode of a folder that was there already stays as it is.

    A new one has mode 700, under root 711: the servers, which drop root, must be able to pass through.
    Raises StartupError where it cannot be made or written to.
    """
    try:
        if not data_dir.exists():
            data_dir.mkdir(parents=True)
            data_dir.chmod(0o711 if os.geteuid() == 0 else 0o700)
        logs_of(data_dir).mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StartupError(f"Cannot use DATA_DIR={data_dir}: {error.strerror}.") from error
    if not os.access(data_dir, os.W_OK | os.X_OK):
        raise StartupError(f"DATA_DIR={data_dir} belongs to another account. Set it to a folder of yours.")


def logs_of(data_dir: Path) -> Path:
    """The folder of all logs."""
    return data_dir / "logs"


@contextmanager
def run_lock(data_dir: Path) -> Iterator[None]:
    """Nobody else runs on `data_dir` meanwhile; the kernel frees the lock however we end.

    Raises AlreadyRunningError, with the process that holds it, StartupError where the lock cannot be taken.
    """
    try:
        descriptor = os.open(data_dir / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StartupError(f"Cannot open {data_dir / LOCK_NAME}: {error.strerror}. Set DATA_DIR.") from error
    try:
        _lock(descriptor, data_dir)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        yield
    finally:
        os.close(descriptor)


def write_private(path: Path, text: str) -> None:
    """`path` holds `text`, whole or not at all, with mode 600."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def read_kept(path: Path) -> str | None:
    """What an earlier run kept in `path`, or None."""
    try:
        return path.read_text(encoding="utf-8").strip() or None
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StartupError(f"Cannot read {path}: {error.strerror}. Run as its owner.") from error


def kept_secret(path: Path) -> str:
    """The secret in `path`: 256 random bits in hexadecimal, made the first time."""
    known = read_kept(path)
    if known is not None:
        return known
    secret = secrets.token_hex(32)
    write_private(path, secret)
    return secret


def open_log(path: Path) -> BinaryIO:
    """`path` opened for appending; what passed 5 MB before was moved to `.1`."""
    if path.exists() and path.stat().st_size > LOG_LIMIT_BYTES:
        path.replace(path.with_name(f"{path.name}.1"))
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab", buffering=0)


def _lock(descriptor: int, data_dir: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(descriptor, 20, 0).decode() or "unknown"
        raise AlreadyRunningError(
            f"Already running on {data_dir} (process {holder}). Stop it, or set another DATA_DIR and PORT."
        ) from error
    except OSError as error:
        raise StartupError(f"Cannot lock {data_dir}: {error.strerror}. Use a local disk.") from error
