"""The settings of one run: the environment first, then the project's `.env`, then the defaults."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dotenv import dotenv_values

from research_api.config import PEPPER_FILE, SettingsInvalid, data_dir_of, load
from research_api.local.data_folder import read_kept
from research_api.local.errors import StartupError

# Addresses that mean "every interface"; we reach ourselves on loopback then.
EVERY_INTERFACE = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - compared with, never bound to


@dataclass(frozen=True, slots=True)
class RunSettings:
    """Everything a run reads from outside.

    root: the project folder, where the commands run. data_dir: absolute.
    database_url, redis_url, key_pepper, public_url: None where the run provides its own.
    environment: what the children inherit, before we add to it.
    """

    root: Path
    data_dir: Path
    host: str
    port: int
    internal_port: int
    flower_port: int
    with_demo: bool
    database_url: str | None = field(repr=False)
    redis_url: str | None = field(repr=False)
    key_pepper: str | None = field(repr=False)
    public_url: str | None
    environment: Mapping[str, str] = field(repr=False)

    @property
    def url(self) -> str:
        """Where the public port answers from this machine."""
        host = "127.0.0.1" if self.host in EVERY_INTERFACE else self.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def internal_url(self) -> str:
        """Where the internal port answers."""
        return f"http://127.0.0.1:{self.internal_port}"

    @property
    def flower_url(self) -> str:
        """Where Flower answers."""
        return f"http://127.0.0.1:{self.flower_port}"


def read_run_settings(environment: Mapping[str, str] = os.environ) -> RunSettings:
    """The settings for a run in the working folder, by the rules that its processes have: config.load.

    Raises StartupError that names everything that is missing or bad.
    """
    from_file = {name: value or "" for name, value in dotenv_values(Path.cwd() / ".env").items()}
    merged = {**from_file, **{name: value for name, value in environment.items() if value.strip()}}
    data_dir = data_dir_of(merged).resolve()
    ours = {name: value for name, value in _stand_ins(data_dir).items() if not _is_given(merged, name)}
    try:
        settings = load({**merged, **ours})
    except SettingsInvalid as error:
        raise StartupError("\n  ".join(["Settings are missing or bad:", *error.problems])) from error
    return RunSettings(
        root=Path.cwd(),
        data_dir=data_dir,
        host=settings.host,
        port=settings.port,
        internal_port=settings.internal_port,
        flower_port=settings.flower_port,
        with_demo=settings.demo,
        database_url=None if "DATABASE_URL" in ours else settings.database_url,
        redis_url=None if "REDIS_URL" in ours else settings.redis_url,
        key_pepper=None if "KEY_PEPPER" in ours else settings.key_pepper.decode(),
        public_url=settings.public_url if merged.get("PUBLIC_URL", "").strip() else None,
        environment=merged,
    )


def _stand_ins(data_dir: Path) -> dict[str, str]:
    """For what the run provides itself. Its URLs are not known yet; a pepper that it keeps is judged now."""
    pepper_file = data_dir / PEPPER_FILE
    # What cannot be read there is told once the folder is ours to use.
    kept = read_kept(pepper_file) if os.access(pepper_file, os.R_OK) else None
    return {
        "DATABASE_URL": "postgresql://127.0.0.1/stand-in",
        "REDIS_URL": "redis://127.0.0.1/0",
        "KEY_PEPPER": kept or secrets.token_hex(32),
    }


def _is_given(environment: Mapping[str, str], name: str) -> bool:
    return any(environment.get(one, "").strip() for one in (name, f"{name}_FILE"))
