"""Both servers of a data folder, lasting for `make run` or thrown away after a test."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from research_api.local.accounts import Ground, find_ground
from research_api.local.data_folder import LOCK_NAME, make_data_folder, run_lock
from research_api.local.errors import AlreadyRunningError
from research_api.local.leftovers import stop_servers
from research_api.local.local_server import LocalServer
from research_api.local.postgres import LocalPostgres
from research_api.local.valkey import LocalValkey

THROWAWAY_PREFIX = "research-api-servers-"
# Long enough for another test run to have locked the folder it has just made.
YOUNG_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class ServerUrls:
    """Where the servers listen, passwords included.

    database_url: `postgresql://user:password@127.0.0.1:port/name`; the user is a superuser.
    redis_url: `redis://:password@127.0.0.1:port/0`.
    """

    database_url: str
    redis_url: str


def stop_left_servers(ground: Ground) -> int:
    """No server that an earlier run on this ground started is left; how many processes were."""
    return stop_servers(ground.data_dir, ground.home, grace_seconds=8.0)


@contextlib.contextmanager
def throwaway_servers() -> Iterator[ServerUrls]:
    """Fresh Postgres and Valkey on free ports in a temporary folder; both are gone afterwards.

    Nothing is forced to the disk. What a killed test run left behind is cleared away first.
    Raises StartupError, with the end of the log, where a server does not start.
    """
    temporary = Path(tempfile.gettempdir()).resolve()
    _clear_abandoned(temporary)
    folder = Path(tempfile.mkdtemp(prefix=THROWAWAY_PREFIX, dir=temporary))
    if os.geteuid() == 0:
        folder.chmod(0o711)
    make_data_folder(folder)
    with run_lock(folder), contextlib.ExitStack() as stack:
        ground = find_ground(folder)
        stack.callback(ground.remove)
        postgres = LocalPostgres(ground, is_throwaway=True)
        valkey = LocalValkey(ground, is_throwaway=True)
        for server in (postgres, valkey):
            start(server, stack)
        yield ServerUrls(postgres.url, valkey.url)


def start(server: LocalServer, stack: contextlib.ExitStack) -> None:
    """The server answers, and ends with `stack`, however far its start came."""
    stack.callback(server.stop)
    server.start()


def _clear_abandoned(temporary: Path) -> None:
    for folder in temporary.glob(f"{THROWAWAY_PREFIX}*"):
        with contextlib.suppress(AlreadyRunningError, OSError):
            _clear_if_abandoned(folder)


def _clear_if_abandoned(folder: Path) -> None:
    status = folder.stat()
    is_young = time.time() - status.st_mtime < YOUNG_SECONDS and not (folder / LOCK_NAME).exists()
    if status.st_uid != os.geteuid() or is_young:
        return
    with run_lock(folder):
        ground = find_ground(folder)
        stop_left_servers(ground)
        ground.remove()
    shutil.rmtree(folder, ignore_errors=True)
