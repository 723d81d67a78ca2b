"""The settings of one run: the environment first, then the project's `.env`, then the defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

from research_api.local.errors import StartupError

DEFAULT_PORT = 8000
HIGHEST_PORT = 65_535
# Addresses that mean "every interface"; we reach ourselves on loopback then.
EVERY_INTERFACE = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - compared with, never bound to


@dataclass(frozen=True, slots=True)
class RunSettings:
    """Everything a run reads from outside.

    root: the project folder, where the commands run. data_dir: absolute.
    environment: what the children inherit, before we add to it.
    """

    root: Path
    data_dir: Path
    host: str
    port: int
    internal_port: int
    flower_port: int
    with_demo: bool
    environment: Mapping[str, str]

    @property
    def url(self) -> str:
        """Where the public port answers from this machine."""
        host = "127.0.0.1" if self.host in EVERY_INTERFACE else self.host
        return f"http://{host}:{self.port}"

    @property
    def internal_url(self) -> str:
        """Where the internal port answers."""
        return f"http://127.0.0.1:{self.internal_port}"

    @property
    def flower_url(self) -> str:
        """Where Flower answers."""
        return f"http://127.0.0.1:{self.flower_port}"

    def given(self, name: str) -> str | None:
        """The value of a setting, which may also stand in the file that `NAME_FILE` names; None where unset.

        Raises StartupError where that file cannot be read.
        """
        value = self.environment.get(name, "").strip()
        file_name = self.environment.get(f"{name}_FILE", "").strip()
        if value or not file_name:
            return value or None
        try:
            return (self.root / file_name).read_text(encoding="utf-8").strip() or None
        except OSError as error:
            raise StartupError(f"Cannot read {name}_FILE={file_name}: {error.strerror}.") from error


def read_run_settings(root: Path, environment: Mapping[str, str]) -> RunSettings:
    """The settings for a run in the project folder `root`. An empty variable counts as unset.

    Raises StartupError that names the variable that is wrong.
    """
    from_file = {name: value or "" for name, value in dotenv_values(root / ".env").items()}
    merged = {**from_file, **{name: value for name, value in environment.items() if value.strip()}}
    port = _port(merged, "PORT", DEFAULT_PORT)
    settings = RunSettings(
        root=root,
        data_dir=(root / Path(merged.get("DATA_DIR", "").strip() or ".data").expanduser()).resolve(),
        host=merged.get("HOST", "").strip() or "127.0.0.1",
        port=port,
        internal_port=_port(merged, "INTERNAL_PORT", port + 1),
        flower_port=_port(merged, "FLOWER_PORT", port + 2),
        with_demo=merged.get("DEMO", "").strip().lower() not in {"0", "false", "no", "off"},
        environment=merged,
    )
    if len({settings.port, settings.internal_port, settings.flower_port}) < 3:
        raise StartupError("PORT, INTERNAL_PORT and FLOWER_PORT must differ.")
    return settings


def _port(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name, "").strip() or str(default)
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= HIGHEST_PORT:
        raise StartupError(f"{name}={text} is no port: set it to a number from 1 to {HIGHEST_PORT}.")
    return int(text)
