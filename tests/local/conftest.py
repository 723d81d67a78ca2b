"""A small project to run: web processes that answer, a worker that sleeps, commands that leave traces."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg2
import pytest

from research_api.local.accounts import Ground, find_ground
from research_api.local.data_folder import make_data_folder
from research_api.local.leftovers import MARKER
from research_api.local.ports import kept_port
from research_api.local.servers import ServerUrls

WEB = """
import http.server, json, os, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        state = os.environ.get("REDIS_STATE", "ready")
        answer = {**os.environ, "status": state}
        if sys.argv[1:]:
            answer["checks"] = [{"name": "database", "state": "ready"}, {"name": "redis", "state": state}]
        self.send_response(503 if state == "unready" else 200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *arguments):
        pass

port = int((sys.argv[1:] or [os.environ["PORT"]])[0])
http.server.ThreadingHTTPServer((os.environ["HOST"], port), Handler).serve_forever()
"""
RUN = """
import os, sys
from pathlib import Path
from research_api.local.run_settings import read_run_settings
from research_api.local.setup_steps import SetupCommands
from research_api.local.supervisor import Plan, run

def command(name, code=""):
    return (sys.executable, "-c", f"open('commands.txt', 'a').write('{name} ');" + code)

new_key = "import json, secrets; print(json.dumps({'key': 'rk_test_' + secrets.token_hex(8)}))"
commands = SetupCommands(
    migrate=command("migrate", os.environ.get("MIGRATE_CODE", "")),
    load_demo=command("demo"),
    create_key=command("key", new_key),
)
plan = Plan(
    Path("Procfile").resolve(),
    commands,
    is_throwaway=True,
    ready_within_seconds=float(os.environ.get("READY_WITHIN", "90")),
    patience_seconds=0.5,
)
sys.exit(run(read_run_settings(), plan))
"""
PROCFILE = "web: python web.py\ninternal: python web.py ${INTERNAL_PORT}\nworker: sleep 1000\n"


@dataclass
class Project:
    """A project folder with its own ports; every run that is still there at the end is stopped."""

    folder: Path
    port: int
    python: tuple[str, ...] = (sys.executable,)
    runs: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self, **chosen: str) -> dict[str, str]:
        """What a run sees, and nothing of this test run."""
        given = {
            name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR", "PYTHONPATH") if name in os.environ
        }
        return {**given, "DATA_DIR": str(self.data_dir), "PORT": str(self.port), **chosen}

    def start(self, **environment: str) -> subprocess.Popen[str]:
        """A run, in a group of its own as a terminal would have it."""
        run = subprocess.Popen(
            [*self.python, "run.py"],
            cwd=self.folder,
            env=self.environment(**environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.runs.append(run)
        return run

    def start_until_ready(self, **environment: str) -> subprocess.Popen[str]:
        run = self.start(**environment)
        deadline = time.monotonic() + 100
        while time.monotonic() < deadline and run.poll() is None:
            if self.run_facts().get("pid") == run.pid:
                return run
            time.sleep(0.05)
        run.kill()
        pytest.fail(f"not ready:\n{run.communicate()[0]}")

    def run_facts(self) -> dict[str, object]:
        """run.json, empty where there is none."""
        try:
            facts: dict[str, object] = json.loads((self.data_dir / "run.json").read_text())
        except FileNotFoundError:
            return {}
        return facts

    def commands(self) -> list[str]:
        """The setup commands that ran, in order."""
        return (self.folder / "commands.txt").read_text().split()

    def survivors(self) -> list[str]:
        """Processes that belong to the data folder, by whatever can be seen of them."""
        return [process.name() for process in psutil.process_iter() if self._is_ours(process)]

    def _is_ours(self, process: psutil.Process) -> bool:
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid in {run.pid for run in self.runs} or process.status() == psutil.STATUS_ZOMBIE:
                return False
            return process.environ().get(MARKER) == str(self.data_dir) or Path(process.cwd()).is_relative_to(
                self.data_dir
            )
        return False


def given(servers: ServerUrls) -> dict[str, str]:
    """Servers that are there already, for what is not about starting some."""
    return {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url}


def query(url: object, statement: str) -> list[tuple[object, ...]]:
    """The rows, committed."""
    with (
        contextlib.closing(psycopg2.connect(str(url))) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []


def stop(run: subprocess.Popen[str], number: int = signal.SIGTERM) -> str:
    """What the run printed; only the supervisor gets the signal."""
    run.send_signal(number)
    return run.communicate(timeout=100)[0]


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder every account may pass through; pytest's own is closed to all but its owner."""
    folder = Path(tempfile.mkdtemp(prefix="research-api-test-")).resolve()
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def ground(open_folder: Path) -> Ground:
    """Where a test may start its own servers."""
    make_data_folder(open_folder / "data")
    return find_ground(open_folder / "data")


@pytest.fixture
def stack() -> Iterator[contextlib.ExitStack]:
    """Whatever a test starts ends with it."""
    with contextlib.ExitStack() as stack:
        yield stack


@pytest.fixture
def project(open_folder: Path) -> Iterator[Project]:
    """A project that no other test uses."""
    (open_folder / "web.py").write_text(WEB)
    (open_folder / "run.py").write_text(RUN)
    (open_folder / "Procfile").write_text(PROCFILE)
    project = Project(open_folder, kept_port(open_folder / "port"))
    yield project
    for run in project.runs:
        if run.poll() is None:
            run.terminate()
        run.communicate(timeout=100)
