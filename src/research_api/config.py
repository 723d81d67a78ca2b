"""Settings, read once from the environment; docs/settings.md says what each one does."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

# the names of domain.search.SOURCE_NAMES, which stands above this layer; a test holds the two together
KNOWN_SOURCES = (
    "catalog", "openalex", "semanticscholar", "crossref", "arxiv",
    "europepmc", "pubmed", "doaj", "core", "datacite",
)  # fmt: skip
LOG_LEVELS = ("debug", "info", "warning", "error", "critical")
LOG_FORMATS = ("json", "text")
RUN_FILE = "run.json"
PEPPER_FILE = "key-pepper"
DATABASE_SCHEMES = ("postgresql", "postgres")
REDIS_SCHEMES = ("redis", "rediss")
BROKER_SCHEMES = (*REDIS_SCHEMES, "amqp", "amqps")
MIN_PEPPER_CHARACTERS = 16
MIN_PEPPER_DISTINCT_CHARACTERS = 8
MAX_SECRET_FILE_BYTES = 65_536
MAX_PORT = 65_535
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})
_FLASK_FALSE = frozenset({"0", "false", "no"})
_WELL_KNOWN = re.compile(
    r"(?i)((change.?me|password|passwd|postgres|redis|guest|admin|root|secret|example|test|pepper)[\W\d_]*)+"
)


class SettingsInvalid(Exception):
    """Settings are missing or bad. `problems` has a sentence for each, with its name, never its value."""

    def __init__(self, problems: Sequence[str], advice: str = "") -> None:
        self.problems = tuple(problems)
        super().__init__(f"Settings are missing or bad: {'; '.join(problems)}{advice and '. '}{advice}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the operator chose. Folders are absolute; log_format None means text on a terminal, else JSON."""

    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    celery_broker_url: str = field(repr=False)
    key_pepper: bytes = field(repr=False)
    public_url: str
    host: str
    port: int
    internal_port: int
    flower_port: int
    data_dir: Path
    index_dir: Path
    sources: tuple[str, ...]
    production: bool
    log_level: str
    log_format: str | None
    database_pool_size: int
    web_workers: int
    web_threads: int
    demo: bool

    @property
    def sqlalchemy_url(self) -> str:
        """database_url with the driver named; database_url itself stays what psql and pg_dump understand."""
        return "postgresql+psycopg2://" + self.database_url.partition("://")[2]


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings; outside production, URLs and pepper left unset come from what `make run` wrote.

    Raises SettingsInvalid with everything that is missing or bad.
    """
    read = _Reader(environ)
    production = read.flag("PRODUCTION", default=False)
    data_dir = read.folder("DATA_DIR", data_dir_of(environ))
    written = _Written(data_dir, production)
    port = read.whole("PORT", 8000, 1, MAX_PORT)
    redis_url = read.url("REDIS_URL", REDIS_SCHEMES, partial(written.url, "redis_url"))
    settings = Settings(
        database_url=read.url("DATABASE_URL", DATABASE_SCHEMES, partial(written.url, "database_url")),
        redis_url=redis_url,
        celery_broker_url=read.url("CELERY_BROKER_URL", BROKER_SCHEMES, lambda: redis_url, required=False),
        key_pepper=read.pepper("KEY_PEPPER", written.key_pepper),
        public_url=read.public_url("PUBLIC_URL", f"http://127.0.0.1:{port}"),
        host=read.text("HOST", "127.0.0.1"),
        port=port,
        internal_port=read.whole("INTERNAL_PORT", port + 1, 1, MAX_PORT),
        flower_port=read.whole("FLOWER_PORT", port + 2, 1, MAX_PORT),
        data_dir=data_dir,
        index_dir=read.folder("INDEX_DIR", data_dir / "index"),
        sources=read.names("SOURCES", KNOWN_SOURCES, ("catalog",)),
        production=production,
        log_level=read.choice("LOG_LEVEL", LOG_LEVELS) or "info",
        log_format=read.choice("LOG_FORMAT", LOG_FORMATS),
        database_pool_size=read.whole("DATABASE_POOL_SIZE", 8, 1, 100),
        web_workers=read.whole("WEB_WORKERS", 2, 1, 64),
        web_threads=read.whole("WEB_THREADS", 8, 1, 64),
        demo=read.flag("DEMO", default=True),
    )
    problems = [*read.problems, *_clashes(settings, read), *(_unsafe(settings, read) if production else ())]
    if problems:
        raise SettingsInvalid(problems, written.advice)
    return settings


def data_dir_of(environ: Mapping[str, str] = os.environ) -> Path:
    """DATA_DIR alone, absolute: for what must run before the other settings can be known."""
    return Path(environ.get("DATA_DIR", "").strip() or ".data").expanduser().absolute()


def _clashes(settings: Settings, read: _Reader) -> list[str]:
    names = ("PORT", "INTERNAL_PORT", "FLOWER_PORT")
    ports = [getattr(settings, name.lower()) for name in names if name not in read.replaced]
    return [] if len(set(ports)) == len(ports) else ["PORT, INTERNAL_PORT and FLOWER_PORT must differ"]


def _unsafe(settings: Settings, read: _Reader) -> list[str]:
    """What production forbids on top of what is forbidden anywhere."""
    problems = []
    urls = {"DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url}
    if settings.celery_broker_url != settings.redis_url:
        urls["CELERY_BROKER_URL"] = settings.celery_broker_url
    for name, url in urls.items():
        if url and _WELL_KNOWN.fullmatch(urlsplit(url).password or ""):
            problems.append(f"{name} has a well-known password, which production forbids")
    pepper = settings.key_pepper
    if pepper and (
        _WELL_KNOWN.fullmatch(pepper.decode()) or len(set(pepper)) < MIN_PEPPER_DISTINCT_CHARACTERS
    ):
        problems.append("KEY_PEPPER is easily guessed, which production forbids: make a random one")
    if read.text("FLASK_DEBUG", "0").lower() not in _FLASK_FALSE:
        problems.append("FLASK_DEBUG is on, which production forbids")
    return problems


class _Unusable(Exception):
    """Why a value cannot be had; the text follows the name of the setting."""


class _Reader:
    """Reads one setting at a time; a bad one becomes a problem and a harmless stand-in."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.problems: list[str] = []
        self.replaced: set[str] = set()  # the numbers that are stand-ins

    def text(self, name: str, default: str) -> str:
        value = self._environ.get(name, "").strip() or default
        if value.isprintable():
            return value
        self.problems.append(f"{name} has characters that cannot be printed")
        return default

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        value = self.text(name, str(default))
        if re.fullmatch(r"[0-9]{1,9}", value) and low <= int(value) <= high:
            return int(value)
        self.problems.append(f"{name} must be a whole number from {low} to {high}")
        self.replaced.add(name)
        return low

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.text(name, "1" if default else "0").lower()
        if value not in _TRUE | _FALSE:
            self.problems.append(f"{name} must be 0 or 1")
        return value in _TRUE

    def choice(self, name: str, choices: Sequence[str]) -> str | None:
        value = self.text(name, "").lower()
        if value and value not in choices:
            self.problems.append(f"{name} must be one of {', '.join(choices)}")
        return value or None

    def names(self, name: str, known: Sequence[str], default: tuple[str, ...]) -> tuple[str, ...]:
        given = [part.strip().lower() for part in self.text(name, "").split(",")]
        chosen = tuple(dict.fromkeys(part for part in given if part)) or default
        if not set(chosen) <= set(known):
            self.problems.append(f"{name} may list only {', '.join(known)}")
        return chosen

    def folder(self, name: str, default: Path) -> Path:
        return Path(self.text(name, str(default))).expanduser().absolute()

    def public_url(self, name: str, default: str) -> str:
        value = self.text(name, default).rstrip("/")
        if (
            not _is_url(value, ("http", "https"))
            or not urlsplit(value).hostname
            or re.search(r"[?#@\s]", value)
        ):
            self.problems.append(f"{name} must be an http or https URL without user, query or fragment")
        return value

    def url(
        self, name: str, schemes: Sequence[str], written: Callable[[], str], *, required: bool = True
    ) -> str:
        value = self._secret(name, written, required=required)
        if value and not _is_url(value, schemes):
            self.problems.append(
                f"{name} must be a URL that starts with {' or '.join(f'{s}://' for s in schemes)}"
            )
            return ""
        return value

    def pepper(self, name: str, written: Callable[[], str]) -> bytes:
        value = self._secret(name, written, required=True)
        if value and len(value) < MIN_PEPPER_CHARACTERS:
            self.problems.append(f"{name} must have at least {MIN_PEPPER_CHARACTERS} characters")
        return value.encode()

    def _secret(self, name: str, written: Callable[[], str], *, required: bool) -> str:
        """The value, else the content of the file that NAME_FILE names, else what `written` gives."""
        path = self.text(f"{name}_FILE", "")
        value = self.text(name, "")
        try:
            if path and value:
                raise _Unusable(f"is given twice: unset it or {name}_FILE")
            value = value or (_read_secret(Path(path)) if path else written())
            if required and not value:
                raise _Unusable(f"is not set, nor is {name}_FILE")
        except _Unusable as reason:
            self.problems.append(f"{name} {reason}")
            return ""
        return value


class _Written:
    """What `make run` left in DATA_DIR; production asks for each value itself and reads none of it.

    A file that other users may read is refused: it was written with mode 600, so something changed it, and
    its passwords may be known. A file that NAME_FILE names may have any mode: container secrets have 444.
    """

    def __init__(self, data_dir: Path, production: bool) -> None:
        self._data_dir = data_dir
        self._production = production
        self.advice = ""  # how to get what was looked for in vain

    def key_pepper(self) -> str:
        return self._private(PEPPER_FILE)

    def url(self, name: str) -> str:
        text = self._private(RUN_FILE)
        if not text:
            return ""
        try:
            return str(json.loads(text)[name])
        except (ValueError, KeyError, TypeError) as error:
            raise _Unusable(
                f"is not set, and {self._data_dir / RUN_FILE} does not tell it: start again"
            ) from error

    def _private(self, file_name: str) -> str:
        path = self._data_dir / file_name
        if self._production:
            return ""
        if not os.path.exists(path):  # False, not an error, in a closed folder
            self.advice = (
                "While `make run` runs, it provides what is not set: start it in this folder, "
                f"or set DATA_DIR, now {self._data_dir}, to the data of one that runs"
            )
            return ""
        if path.stat().st_mode & 0o077:
            raise _Unusable(f"is not set, and {path} is open to other users: chmod 600 it")
        return _read_secret(path)


def _read_secret(path: Path) -> str:
    try:
        with path.open("rb") as file:
            value = file.read(MAX_SECRET_FILE_BYTES).decode().strip()
    except (OSError, ValueError) as error:
        raise _Unusable(f"cannot be read from {path}") from error
    if not value:
        raise _Unusable(f"cannot be read from {path}, which is empty")
    return value


def _is_url(value: str, schemes: Sequence[str]) -> bool:
    try:
        parts = urlsplit(value)
        return (
            value.startswith(f"{parts.scheme}://")
            and parts.scheme in schemes
            and (parts.port is None or parts.port > 0)
        )
    except ValueError:
        return False
