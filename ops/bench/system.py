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
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 90
STOP_SECONDS = 40


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

    def web_processes(self) -> list[psutil.Process]:
        """The gunicorn workers of the public port."""
        run = json.loads((self.data_dir / "run.json").read_text())
        everyone = psutil.Process(run["pid"]).children(recursive=True)
        masters = [one for one in everyone if "research_api.wsgi:app" in one.cmdline()]
        return [one for one in masters if not one.children()]


@contextmanager
def running_system() -> Iterator[System]:
    """A whole `make run` on free ports and an empty folder, without the demo records and without vectors."""
    with scratch_folder() as folder, system_in(folder, {"EMBEDDING_MODEL": "none"}) as system:
        yield system


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder that the servers' account may pass through; gone at the end."""
    with tempfile.TemporaryDirectory(prefix="research-api-bench-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


@contextmanager
def system_in(folder: Path, settings: Mapping[str, str]) -> Iterator[System]:
    """A whole `make run` on free ports that keeps its data in the folder; it ends with the block, the data stay."""
    ports = [free_port() for _ in range(3)]
    names = ("PORT", "INTERNAL_PORT", "FLOWER_PORT")
    environment = {**os.environ, "DATA_DIR": str(folder), "DEMO": "0", "LOG_LEVEL": "warning", **settings}
    environment |= {name: str(port) for name, port in zip(names, ports, strict=True)}
    command = (sys.executable, "-m", "research_api.local", "run")
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        yield System(ports[0], _key_printed(process), folder, environment)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(STOP_SECONDS)


def _key_printed(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None  # noqa: S101 - it was asked for above
    key = ""
    for line in process.stdout:
        if line.startswith("Key: "):
            key = line.removeprefix("Key: ").strip()
        if line.startswith("Try: "):
            return key
    raise SystemExit("The system did not start; its lines are above.")


@contextmanager
def bare_server() -> Iterator[int]:
    """The bare route under the same gunicorn settings; yields its port."""
    port = free_port()
    command = (sys.executable, "-m", "gunicorn", "-c", "ops/gunicorn.py", "--bind", f"127.0.0.1:{port}")
    process = subprocess.Popen((*command, "ops.bench.bare:app"), cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
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
