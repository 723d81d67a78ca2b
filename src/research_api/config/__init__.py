"""Settings, read once from the environment; docs/settings.md says what each one does."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from research_api.config.endpoints import MAX_PORT, Endpoint
from research_api.config.reader import PEPPER_FILE, RUN_FILE, Reader, Written

__all__ = ["PEPPER_FILE", "RUN_FILE", "Settings", "SettingsInvalid", "data_dir_of", "load"]

# the names of domain.search.SOURCE_NAMES, which stands above this layer; a test holds the two together
KNOWN_SOURCES = (
    "catalog", "openalex", "semanticscholar", "crossref", "arxiv",
    "europepmc", "pubmed", "doaj", "core", "datacite",
)  # fmt: skip
# they cannot be searched, and tell more of a work or of its citations
MORE_SOURCES = ("unpaywall", "opencitations")
# what has an address and may have a key: the sources on other hosts
REMOTE_SOURCES = (*(name for name in KNOWN_SOURCES if name != "catalog"), *MORE_SOURCES)
# the others take no key
KEYED_SOURCES = ("openalex", "semanticscholar", "crossref", "pubmed", "core", "opencitations")
LOG_LEVELS = ("debug", "info", "warning", "error", "critical")
LOG_FORMATS = ("json", "text")
DATABASE_SCHEMES = ("postgresql", "postgres")
REDIS_SCHEMES = ("redis", "rediss")
BROKER_SCHEMES = (*REDIS_SCHEMES, "amqp", "amqps")
MIN_PEPPER_DISTINCT_CHARACTERS = 8
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
    """What the operator chose. Folders are absolute; log_format None means text on a terminal, else JSON.

    sources: empty where the operator named none. source_base_urls, source_api_keys: by source, only those that were
    given.
    """

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
    embedding_model: str | None
    embedding_cpu_percent: int
    openai_base_url: str
    openai_api_key: str = field(repr=False)
    hub_url: str
    egress_allow: frozenset[Endpoint]
    contact_email: str
    source_base_urls: Mapping[str, str]
    source_api_keys: Mapping[str, str] = field(repr=False)

    @property
    def sqlalchemy_url(self) -> str:
        """database_url with the driver named; database_url itself stays what psql and pg_dump understand."""
        return "postgresql+psycopg2://" + self.database_url.partition("://")[2]


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings; outside production, URLs and pepper left unset come from what `make run` wrote.

    Raises SettingsInvalid with everything that is missing or bad.
    """
    read = Reader(environ)
    production = read.flag("PRODUCTION", default=False)
    data_dir = read.folder("DATA_DIR", data_dir_of(environ))
    written = Written(data_dir, production)
    settings = _settings(read, written, data_dir, production=production)
    problems = [*read.problems, *_clashes(settings, read), *(_unsafe(settings, read) if production else ())]
    if problems:
        raise SettingsInvalid(problems, written.advice)
    return settings


def _settings(read: Reader, written: Written, data_dir: Path, *, production: bool) -> Settings:
    port = read.whole("PORT", 8000, 1, MAX_PORT)
    redis_url = read.url("REDIS_URL", REDIS_SCHEMES, partial(written.url, "redis_url"))
    return Settings(
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
        sources=read.names("SOURCES", (*KNOWN_SOURCES, *MORE_SOURCES), ()),
        production=production,
        log_level=read.choice("LOG_LEVEL", LOG_LEVELS) or "info",
        log_format=read.choice("LOG_FORMAT", LOG_FORMATS),
        database_pool_size=read.whole("DATABASE_POOL_SIZE", 8, 1, 100),
        web_workers=read.whole("WEB_WORKERS", 2, 1, 64),
        web_threads=read.whole("WEB_THREADS", 8, 1, 64),
        demo=read.flag("DEMO", default=True),
        embedding_model=read.embedding_model("EMBEDDING_MODEL"),
        embedding_cpu_percent=read.whole("EMBEDDING_CPU_PERCENT", 25, 1, 100),
        openai_base_url=read.public_url("OPENAI_BASE_URL", "https://api.openai.com/v1"),
        openai_api_key=read.secret("OPENAI_API_KEY"),
        hub_url=read.public_url("HF_ENDPOINT", "https://huggingface.co"),
        egress_allow=read.endpoints("EGRESS_ALLOW"),
        contact_email=read.mail_address("CONTACT_EMAIL"),
        source_base_urls=_by_source(read.source_url, REMOTE_SOURCES, "BASE_URL"),
        source_api_keys=_by_source(read.secret, KEYED_SOURCES, "API_KEY"),
    )


def data_dir_of(environ: Mapping[str, str] = os.environ) -> Path:
    """DATA_DIR alone, absolute: for what must run before the other settings can be known."""
    return Path(environ.get("DATA_DIR", "").strip() or ".data").expanduser().absolute()


def _by_source(read: Callable[[str], str], names: Iterable[str], suffix: str) -> Mapping[str, str]:
    """What is given as OPENALEX_SUFFIX and its like, by source."""
    given = {source: read(f"{source.upper()}_{suffix}") for source in names}
    return MappingProxyType({source: value for source, value in given.items() if value})


def _clashes(settings: Settings, read: Reader) -> list[str]:
    names = ("PORT", "INTERNAL_PORT", "FLOWER_PORT")
    ports = [getattr(settings, name.lower()) for name in names if name not in read.replaced]
    return [] if len(set(ports)) == len(ports) else ["PORT, INTERNAL_PORT and FLOWER_PORT must differ"]


def _unsafe(settings: Settings, read: Reader) -> list[str]:
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
