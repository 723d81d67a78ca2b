"""The running system that is measured, and the bare one beside it; both end with the bench."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import psutil

from ops.bench.client import exchanges, get
from research_api.local.accounts import find_ground
from research_api.local.leftovers import stop_children
from research_api.local.servers import stop_left_servers

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 90
# each of them names a system that is not ours to fill
_ELSEWHERE = tuple(
    f"{name}{suffix}"
    for name in ("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "KEY_PEPPER")
    for suffix in ("", "_FILE")
)
STOP_SECONDS = 40
WARM_UP_REQUESTS = 32


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class System:
    """Where it listens and how to speak to it."""

    port: int
    key: str
    data_dir: Path
    environment: dict[str, str]

    def flask(self, *arguments: str) -> dict[str, Any]:
        """What a flask command printed as JSON. Raises CalledProcessError."""
        command = (sys.executable, "-m", "flask", "--app", "research_api.app", *arguments, "--json")
        done = subprocess.run(command, cwd=ROOT, env=self.environment, check=True, stdout=subprocess.PIPE)
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def database_url(self) -> str:
        """The Postgres that it started."""
        return str(json.loads((self.data_dir / "run.json").read_text())["database_url"])

    def redis_url(self) -> str:
        """The Redis that it started."""
        return str(json.loads((self.data_dir / "run.json").read_text())["redis_url"])

    def web_processes(self) -> list[psutil.Process]:
        """The gunicorn workers of the public port."""
        run = json.loads((self.data_dir / "run.json").read_text())
        everyone = psutil.Process(run["pid"]).children(recursive=True)
        masters = [one for one in everyone if "research_api.wsgi:app" in one.cmdline()]
        return [one for one in masters if not one.children()]


@contextmanager
def running_system(settings: Mapping[str, str] = MappingProxyType({})) -> Iterator[System]:
    """A whole `make run` on free ports and an empty folder, without the demo records; `settings` are added.

    Raises SystemExit where it does not start.
    """
    with scratch_folder() as folder, system_in(folder, settings) as system:
        yield system


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder that the servers' account may pass through; gone at the end."""
    with tempfile.TemporaryDirectory(prefix="research-api-bench-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


@contextmanager
def system_in(folder: Path, settings: Mapping[str, str]) -> Iterator[System]:
    """The same in a folder whose data stay when the block ends."""
    # what is told to end ends as by Ctrl-C, and takes with it what it started
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    environment = {**os.environ, **_own_settings(str(folder)), **settings}
    command = (sys.executable, "-m", "research_api.local", "run")
    # out of the terminal's group: Ctrl-C is ours, and it stops the system in order
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    with process:
        try:
            yield System(int(environment["PORT"]), _key_printed(process), folder, environment)
        finally:
            _stop(process, folder.resolve())


def _own_settings(folder: str) -> dict[str, str]:
    """Whatever a `.env` says, nothing of the system is found or kept outside the folder."""
    ports = {name: str(free_port()) for name in ("PORT", "INTERNAL_PORT", "FLOWER_PORT")}
    return ports | {
        "DATA_DIR": folder,
        "INDEX_DIR": f"{folder}/index",
        "HOST": "127.0.0.1",
        "PUBLIC_URL": f"http://127.0.0.1:{ports['PORT']}",
        "SOURCES": "catalog",
        "DEMO": "0",
        "PRODUCTION": "0",
        "LOG_LEVEL": "warning",
        **dict.fromkeys(_ELSEWHERE, ""),
    }


def _stop(process: subprocess.Popen[str], folder: Path) -> None:
    process.terminate()
    try:
        process.communicate(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        stop_children(folder, grace_seconds=1.0)
        stop_left_servers(find_ground(folder))


def _key_printed(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None  # noqa: S101 - it was asked for above
    key, lines = "", []
    while line := process.stdout.readline():
        lines.append(line)
        if line.startswith("Key: "):
            key = line.removeprefix("Key: ").strip()
        if line.startswith("Try: "):
            return key
    raise SystemExit("".join([*lines, "The system did not start."]))


@contextmanager
def bare_server(environment: Mapping[str, str] | None = None) -> Iterator[int]:
    """The bare routes under the same gunicorn settings; yields their port.

    environment: that of a running system, for the routes that use its servers.
    """
    port = free_port()
    command = (sys.executable, "-m", "gunicorn", "-c", "ops/gunicorn.py", "--bind", f"127.0.0.1:{port}")
    process = subprocess.Popen(
        (*command, "ops.bench.bare:app"), cwd=ROOT, env=environment, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(port)
        # a worker has imported everything when it answers; of so many connections each worker has some
        exchanges(port, [get(port, "/")] * WARM_UP_REQUESTS, connections=WARM_UP_REQUESTS)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(STOP_SECONDS)


def _wait_for(port: int) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("The bare server did not start.")
