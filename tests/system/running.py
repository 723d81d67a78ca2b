"""A whole system, started as a person starts it, and the three ways to it: HTTP, `flask` commands, signals."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import psutil
import psycopg2

from research_api.local.leftovers import MARKER
from tests import timing

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = Path(sys.executable).parent
# longer than any statement may take
ANSWER_WITHIN_SECONDS = 45.0


@dataclass(frozen=True)
class Answer:
    """What came back over HTTP."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Ended:
    """A command that ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, all different."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [one.getsockname()[1] for one in sockets]


def ask(
    url: str, method: str = "GET", headers: Mapping[str, str] | None = None, body: bytes | None = None
) -> Answer:
    """One request over a connection of its own; the path goes out as it stands."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(
        address.hostname or "", address.port, timeout=ANSWER_WITHIN_SECONDS
    )
    begin = time.monotonic()
    with contextlib.closing(connection):
        connection.request(
            method, address._replace(scheme="", netloc="").geturl(), body=body, headers=headers or {}
        )
        response = connection.getresponse()
        content = response.read()
        return Answer(
            response.status,
            {name.lower(): value for name, value in response.getheaders()},
            content,
            time.monotonic() - begin,
        )


def wait_until(is_true: Callable[[], object], what: str) -> None:
    """It became true in one process and can be seen in all. Raises AssertionError with `what` where it did not."""
    timing.wait_until(is_true, what)
    # one web process saw it: the others look at the index four times a second
    time.sleep(0.3)


class System:
    """One DATA_DIR with its ports; it may be started, stopped and killed any number of times."""

    def __init__(self, **environment: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="research-api-system-")).resolve()
        # as root the servers run as nobody, who has to pass through
        self.folder.chmod(0o755)
        self.data_dir = self.folder / "data"
        self.port, self.internal_port, self.flower_port = free_ports(3)
        self.printed: list[str] = []
        self.first_try: Answer | None = None
        self.issued_keys: list[str] = []
        self._given = environment
        self._run: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def internal_url(self) -> str:
        return f"http://127.0.0.1:{self.internal_port}"

    @property
    def flower_url(self) -> str:
        return f"http://127.0.0.1:{self.flower_port}"

    @property
    def pid(self) -> int:
        assert self._run is not None
        return self._run.pid

    @property
    def demo_key(self) -> str:
        return (self.data_dir / "demo-key").read_text().strip()

    @property
    def facts(self) -> dict[str, Any]:
        """What run.json says."""
        facts: dict[str, Any] = json.loads((self.data_dir / "run.json").read_text())
        return facts

    def start(self, **changed: str) -> None:
        """It runs, is ready, and the line that it tells people to try was tried at once.

        changed: settings that are others from now on.
        """
        self._given |= changed
        environment = {
            **_passed_on(),
            "DATA_DIR": str(self.data_dir),
            "PORT": str(self.port),
            "INTERNAL_PORT": str(self.internal_port),
            "FLOWER_PORT": str(self.flower_port),
            **self._given,
        }
        self.printed, self.first_try = [], None
        self._run = subprocess.Popen(
            [sys.executable, "-m", "research_api.local", "run"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, args=(self._run,), daemon=True)
        self._reader.start()
        wait_until(self._is_settled, "the line to try")
        assert self.line("Try: "), "".join(self.printed)
        key, url = self.tried()
        self.first_try = ask(url, headers={"Authorization": key})

    def _read(self, run: subprocess.Popen[str]) -> None:
        assert run.stdout is not None
        with run.stdout as stream:
            self.printed.extend(iter(stream.readline, ""))

    def _is_settled(self) -> bool:
        return self.line("Try: ") != "" or (self._run is not None and self._run.poll() is not None)

    def line(self, lead: str) -> str:
        """The rest of the printed line that begins so; empty where there is none."""
        return next((line[len(lead) :].rstrip("\n") for line in self.printed if line.startswith(lead)), "")

    def tried(self) -> tuple[str, str]:
        """The Authorization header and the URL of the printed curl line."""
        program, _, header, url = shlex.split(self.line("Try: "))
        assert program == "curl"
        return header.removeprefix("Authorization: "), url

    def stop(self) -> int:
        """It was told to stop as `kill` does; its exit code."""
        assert self._run is not None
        self._run.send_signal(signal.SIGTERM)
        return self._run.wait(timing.PATIENCE_SECONDS)

    def cut_power(self) -> None:
        """Every process of the run is killed at once; none had a chance to do anything about it."""
        assert self._run is not None
        self._run.kill()
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                process.kill()
        self._run.wait()
        wait_until(lambda: not self.processes(), "the end of all processes")

    def remove(self) -> None:
        """Nothing of it is left, whatever state it was in."""
        if self._run is not None and self._run.poll() is None:
            self.cut_power()
        if self._reader is not None:
            self._reader.join(5)
        shutil.rmtree(self.folder, ignore_errors=True)

    def processes(self, name: str = "") -> list[psutil.Process]:
        """Every living process that belongs to the folder, or those whose command line has the name."""
        return [
            process
            for process in psutil.process_iter()
            if self._is_ours(process) and name in " ".join(process.cmdline())
        ]

    def _is_ours(self, process: psutil.Process) -> bool:
        with contextlib.suppress(psutil.Error, OSError):
            if process.status() == psutil.STATUS_ZOMBIE or process.pid == os.getpid():
                return False
            environment, folder = process.environ(), str(self.data_dir)
            return (
                folder in (environment.get(MARKER), environment.get("DATA_DIR"))
                or folder in " ".join(process.cmdline())
                or Path(process.cwd()).is_relative_to(folder)
            )
        return False

    @contextlib.contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """The processes answer nothing inside the block, although their sockets stay open."""
        processes = self.processes(name)
        assert processes, f"no process {name}"
        for process in processes:
            process.suspend()
        try:
            yield
        finally:
            for process in processes:
                process.resume()

    def command(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """`flask ...` as in another terminal: it knows nothing but DATA_DIR, and what is set there."""
        return subprocess.Popen(
            [str(PROGRAMS / "flask"), *arguments],
            cwd=ROOT,
            env={**_passed_on(), "DATA_DIR": str(self.data_dir), **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def flask(self, *arguments: str, given: str = "", **environment: str) -> Ended:
        """A `flask` command from begin to end."""
        with self.command(*arguments, **environment) as running:
            out, err = running.communicate(given, timeout=120)
            return Ended(running.returncode, out, err)

    def get(self, path: str, *, key: str | None = None, **headers: str) -> Answer:
        """A GET with the demo key or the one given."""
        return ask(
            f"{self.url}{path}", headers={"Authorization": f"Bearer {key or self.demo_key}", **headers}
        )

    def post(self, path: str, body: object) -> Answer:
        """A POST of JSON with the demo key."""
        headers = {"Authorization": f"Bearer {self.demo_key}", "Content-Type": "application/json"}
        return ask(f"{self.url}{path}", "POST", headers, json.dumps(body).encode())

    def search(self, q: str, **parameters: object) -> Any:
        """The body of a search that must succeed."""
        answer = self.get(f"/v1/search?{urlencode({'q': q, **parameters})}")
        assert answer.status == 200, answer.body
        return answer.json

    def work(self, reference: str, *, safe: str = "/:") -> Answer:
        """A work by any reference; `safe` are the characters that are sent unescaped."""
        return self.get(f"/v1/works/{quote(reference, safe=safe)}")

    def pages(self, q: str, limit: int, **asked: object) -> Iterator[list[str]]:
        """The ids of one page after another; the next is asked for when it is taken."""
        parameters: dict[str, object] = {"q": q, **asked}
        while parameters:
            answer = self.get(f"/v1/search?{urlencode({**parameters, 'limit': limit, 'fields': 'title'})}")
            assert answer.status == 200, answer.body
            yield [one["id"] for one in answer.json["results"]]
            cursor = answer.json["next_cursor"]
            parameters = {"cursor": cursor} if cursor else {}

    def walk(self, q: str, limit: int, **asked: object) -> list[str]:
        """The ids of every page, in order."""
        return [one for page in self.pages(q, limit, **asked) for one in page]

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows, straight from the database."""
        with (
            contextlib.closing(psycopg2.connect(self.facts["database_url"])) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
            return list(cursor.fetchall())


def _passed_on() -> dict[str, str]:
    return {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR", "HOME") if name in os.environ}
