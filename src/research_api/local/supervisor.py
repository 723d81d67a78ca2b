"""`make run`: servers, setup, processes, and an end that leaves nothing running."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from urllib.parse import quote_plus

from research_api.config import PEPPER_FILE, RUN_FILE
from research_api.local import ports
from research_api.local.accounts import Ground, find_ground
from research_api.local.console import complain, log_from_here, say
from research_api.local.data_folder import kept_secret, logs_of, make_data_folder, run_lock, write_private
from research_api.local.errors import StartupError
from research_api.local.leftovers import MARKER, stop_children
from research_api.local.local_server import LocalServer
from research_api.local.postgres import LocalPostgres
from research_api.local.processes import read_procfile
from research_api.local.readiness import READY, parts_not_ready, readiness
from research_api.local.run_settings import RunSettings
from research_api.local.servers import start, stop_left_servers
from research_api.local.setup_steps import Setup, SetupCommands
from research_api.local.terminal import watch_terminal
from research_api.local.valkey import LocalValkey

CHILDREN_STOP_SECONDS = 9.0
POLL_SECONDS = 0.2
TRY_QUERY = "dna structure"


@dataclass(frozen=True, slots=True)
class Plan:
    """What runs; the tests put small programs in, and servers that force nothing to the disk."""

    procfile: Path
    commands: SetupCommands = field(default_factory=SetupCommands)
    is_throwaway: bool = False
    ready_within_seconds: float = 90.0
    # The first search should find the demo records; a large index takes longer than a person waits.
    patience_seconds: float = 15.0


class StopSignals:
    """The first of SIGINT, SIGTERM and SIGHUP raises KeyboardInterrupt; no other disturbs the stopping."""

    def __init__(self) -> None:
        self._is_armed = True
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # nohup sets SIGHUP to be ignored, and means it.
            if number is signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN:
                continue
            signal.signal(number, self._handle)

    def disarm(self) -> None:
        """Signals change nothing from now on."""
        self._is_armed = False

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        if self._is_armed:
            self._is_armed = False
            raise KeyboardInterrupt


def run(settings: RunSettings, plan: Plan) -> int:
    """Nothing that was started is left. 0 after a signal, 1 after an error, which was told."""
    signals = StopSignals()
    watch_terminal()
    try:
        read_procfile(plan.procfile)
        make_data_folder(settings.data_dir)
        with run_lock(settings.data_dir):
            Supervisor(settings, plan, signals).run()
    except StartupError as error:
        complain(f"Error: {error}")
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


class Supervisor:
    """One run, under the lock of its data folder."""

    def __init__(self, settings: RunSettings, plan: Plan, signals: StopSignals) -> None:
        self._settings = settings
        self._plan = plan
        self._signals = signals
        self._servers: list[LocalServer] = []
        self._environment: dict[str, str] = {}
        self._run_file = settings.data_dir / RUN_FILE
        self._web_log = log_from_here(logs_of(settings.data_dir) / "web.log")

    def run(self) -> None:
        """The system ran until a signal came, as KeyboardInterrupt.

        Raises StartupError where a part of it did not start or ended by itself.
        """
        settings = self._settings
        say(f"Data in {settings.data_dir}, logs in {logs_of(settings.data_dir)}")
        self._run_file.unlink(missing_ok=True)
        ground = find_ground(settings.data_dir)
        self._clear_leftovers(ground)
        self._check_ports()
        with contextlib.ExitStack() as stack:
            try:
                database = self._start_servers(ground, stack)
                key = self._set_up(database)
                processes = self._start_processes(stack)
                self._wait_until_ready(processes)
                self._announce(key)
                self._watch(processes)
            finally:
                self._signals.disarm()
                say("Stopping")
                self._run_file.unlink(missing_ok=True)

    def _clear_leftovers(self, ground: Ground) -> None:
        children = stop_children(self._settings.data_dir, grace_seconds=5.0)
        if children + stop_left_servers(ground) > 0:
            say("Stopped what an earlier run had left behind")

    def _check_ports(self) -> None:
        settings = self._settings
        ports.check_free("PORT", settings.host, settings.port)
        ports.check_free("INTERNAL_PORT", ports.LOOPBACK, settings.internal_port)
        ports.check_free("FLOWER_PORT", ports.LOOPBACK, settings.flower_port)

    def _start_servers(self, ground: Ground, stack: contextlib.ExitStack) -> str:
        """The children's environment is complete; what tells this database from others."""
        database_url, redis_url = self._settings.database_url, self._settings.redis_url
        database = database_url or ""
        # The last thing to happen, whatever became of the steps below.
        stack.callback(stop_left_servers, ground)
        if database_url is None:
            postgres = LocalPostgres(ground, is_throwaway=self._plan.is_throwaway)
            self._start(postgres, stack)
            # Its port may change from run to run; its password was made with it.
            database_url, database = postgres.url, postgres.password
        if redis_url is None:
            valkey = LocalValkey(ground, is_throwaway=self._plan.is_throwaway)
            self._start(valkey, stack)
            redis_url = valkey.url
        self._environment = self._environment_of_children(database_url, redis_url)
        return database

    def _start(self, server: LocalServer, stack: contextlib.ExitStack) -> None:
        began = time.monotonic()
        start(server, stack)
        self._servers.append(server)
        say(f"{server.name} on {ports.LOOPBACK}:{server.port} after {time.monotonic() - began:.1f} s")

    def _environment_of_children(self, database_url: str, redis_url: str) -> dict[str, str]:
        settings = self._settings
        programs = str(Path(sys.executable).parent)
        environment = {
            **settings.environment,
            MARKER: str(settings.data_dir),
            "PATH": os.pathsep.join([programs, settings.environment.get("PATH", os.defpath)]),
            "PYTHONUNBUFFERED": "1",
            "FLASK_APP": "research_api.app",
            "DATA_DIR": str(settings.data_dir),
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "HOST": settings.host,
            "PORT": str(settings.port),
            "INTERNAL_PORT": str(settings.internal_port),
            "FLOWER_PORT": str(settings.flower_port),
            "PUBLIC_URL": settings.public_url or settings.url,
            "KEY_PEPPER": settings.key_pepper or kept_secret(settings.data_dir / PEPPER_FILE),
        }
        # The value is there now; a setting given both ways would be ambiguous.
        for name in ("DATABASE_URL", "REDIS_URL", "KEY_PEPPER"):
            environment.pop(f"{name}_FILE", None)
        return environment

    def _set_up(self, database: str) -> str:
        """The key to try things with; it is another one under another database or pepper."""
        commands = self._plan.commands
        setup = Setup(
            self._settings.root,
            self._settings.data_dir,
            self._environment,
            database=f"{database}\n{self._environment['KEY_PEPPER']}",
        )
        setup.migrate(commands.migrate)
        if self._settings.with_demo:
            setup.load_demo_once(commands.load_demo)
        return setup.key_made_once(commands.create_key)

    def _start_processes(self, stack: contextlib.ExitStack) -> subprocess.Popen[bytes]:
        say(f"Starting {', '.join(read_procfile(self._plan.procfile))}")
        logs = str(logs_of(self._settings.data_dir))
        stack.callback(stop_children, self._settings.data_dir, grace_seconds=1.0)
        processes = subprocess.Popen(
            [sys.executable, "-m", "research_api.local", "processes", str(self._plan.procfile), logs],
            cwd=self._settings.root,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            umask=0o077,
            # Out of the terminal's group: they stop in order, through us.
            start_new_session=True,
        )
        stack.callback(_stop, processes)
        return processes

    def _wait_until_ready(self, processes: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + self._plan.ready_within_seconds
        patience: float | None = None
        while (status := readiness(self._settings.url)) != READY:
            self._check_all_run(processes)
            if status is not None:
                patience = patience or time.monotonic() + self._plan.patience_seconds
                if time.monotonic() > patience:
                    say(f"{self._not_ready()} Until that changes, answers say degraded.")
                    return
            if time.monotonic() > deadline:
                raise StartupError(
                    f"{self._settings.url}/readyz did not answer 200 within "
                    f"{self._plan.ready_within_seconds:.0f} s. {self._not_ready()} {self._web_log.end()}"
                )
            time.sleep(POLL_SECONDS)

    def _not_ready(self) -> str:
        parts = parts_not_ready(self._settings.internal_url)
        return f"Not ready yet: {', '.join(parts) or 'some part, see the logs'}."

    def _announce(self, key: str) -> None:
        settings = self._settings
        facts = {
            "pid": os.getpid(),
            "url": settings.url,
            "internal_url": settings.internal_url,
            "flower_url": settings.flower_url,
            "database_url": self._environment["DATABASE_URL"],
            "redis_url": self._environment["REDIS_URL"],
        }
        write_private(self._run_file, json.dumps(facts, indent=2) + "\n")
        say(f"Ready: {settings.url}")
        say(f"Key: {key}")
        search_url = f"{settings.url}/v1/search?q={quote_plus(TRY_QUERY)}"
        say(f'Try: curl -H "Authorization: Bearer {key}" "{search_url}"')
        say("Ctrl-C stops everything")

    def _watch(self, processes: subprocess.Popen[bytes]) -> None:
        while True:
            self._check_all_run(processes)
            time.sleep(POLL_SECONDS)

    def _check_all_run(self, processes: subprocess.Popen[bytes]) -> None:
        if processes.poll() is not None:
            raise StartupError("One of the processes ended, so everything stops.")
        for server in self._servers:
            if server.has_ended():
                raise StartupError(f"{server.name} ended, so everything stops. {server.log.end()}")


def _stop(processes: subprocess.Popen[bytes]) -> None:
    processes.terminate()
    try:
        processes.wait(CHILDREN_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        processes.kill()
        processes.wait()
