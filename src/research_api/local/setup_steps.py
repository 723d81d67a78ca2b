"""What a run does between the servers and the first process: tables, demo records, a key."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from research_api.local.console import log_from_here, say
from research_api.local.data_folder import logs_of, open_log, read_kept, write_private
from research_api.local.errors import StartupError

FLASK = (sys.executable, "-m", "flask", "--app", "research_api.app")


@dataclass(frozen=True, slots=True)
class SetupCommands:
    """The commands, which run in the project folder with the environment of all children.

    create_key prints one JSON object with `key`.
    """

    migrate: tuple[str, ...] = (*FLASK, "db", "upgrade")
    load_demo: tuple[str, ...] = (*FLASK, "catalog", "import", "--demo", "--no-wait")
    create_key: tuple[str, ...] = (
        *FLASK,
        "keys",
        "create",
        "--name",
        "demo",
        "--scopes",
        "search,read",
        "--json",
    )


class Setup:
    """The steps of one run, each done once for a database.

    database: tells one database from another; demo records and key are made anew for another one.
    """

    def __init__(self, root: Path, data_dir: Path, environment: Mapping[str, str], *, database: str) -> None:
        self._root = root
        self._data_dir = data_dir
        self._environment = environment
        self._fingerprint = hashlib.sha256(database.encode()).hexdigest()
        self._log_path = logs_of(data_dir) / "setup.log"

    def migrate(self, command: tuple[str, ...]) -> None:
        """The tables are those of this version. Raises StartupError with the end of the log."""
        say("Bringing the database up to date")
        self._run(command)

    def load_demo_once(self, command: tuple[str, ...]) -> None:
        """The demo records are in this database. Raises StartupError with the end of the log."""
        note = self._data_dir / "demo-loaded"
        if read_kept(note) == self._fingerprint:
            return
        say("Loading the demo records")
        self._run(command)
        write_private(note, self._fingerprint)

    def key_made_once(self, command: tuple[str, ...]) -> str:
        """The key for trying things out, kept from the first run on this database.

        Raises StartupError with the end of the log, or where the command printed no key.
        """
        note, kept = self._data_dir / "demo-key-made", self._data_dir / "demo-key"
        key = read_kept(kept)
        if key is not None and read_kept(note) == self._fingerprint:
            return key
        key = _key_in(self._run(command))
        write_private(kept, f"{key}\n")
        write_private(note, self._fingerprint)
        return key

    def _run(self, command: tuple[str, ...]) -> str:
        """What the command printed; only its errors go to the log, as a key is a secret."""
        with open_log(self._log_path) as log:
            part = log_from_here(self._log_path)
            outcome = subprocess.run(
                command,
                cwd=self._root,
                env=dict(self._environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                encoding="utf-8",
                errors="replace",
                umask=0o077,
                # Ctrl-C reaches it through us alone.
                start_new_session=True,
                check=False,
            )
        if outcome.returncode == 0:
            return outcome.stdout
        shown = " ".join(command[1:])
        raise StartupError(f"`python {shown}` failed with exit code {outcome.returncode}. {part.end()}")


def _key_in(printed: str) -> str:
    try:
        key = json.loads(printed)["key"]
    except (ValueError, KeyError, TypeError) as error:
        raise StartupError("The command that makes the demo key printed no key.") from error
    return str(key)
