"""Logs: JSON lines (text on a terminal) on stderr, for structlog and the standard library alike."""

from __future__ import annotations

import logging
import math
import re
import sys
from collections.abc import Mapping
from typing import Protocol

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

REMOVED = "[removed]"
MAX_DEPTH = 6
# alembic tells of every migration context at the level info; the others of every request, and at debug what it holds
_TALKATIVE = ("alembic", "httpcore2", "httpx2", "openai")
_HANDLER_NAME = "research-api"
_FAILED_LINE = '{"event": "log_line_failed", "level": "error"}\n'
_SECRET_NAME = re.compile(r"(?i)authorization|password|passwd|pepper|secret|cookie|api[-_]?key|token$")
# every repetition is bounded or cannot meet its own end, so that no text makes these slow
_SECRET_TEXTS = (
    (re.compile(r"(rk_(?:live|test)_)\w+"), rf"\1{REMOVED}"),
    (re.compile(r"(?<=://)([^\s:/@]{0,256}):[^\s@]{1,256}@"), rf"\1:{REMOVED}@"),
    (
        re.compile(r"(?i)\b(authorization['\"]?\s?[:=]\s?['\"]?)(?:(?:bearer|basic) )?[^\s'\",;]+"),
        rf"\1{REMOVED}",
    ),
    (re.compile(r"(?i)\b(bearer )[\w.~+/=-]+"), rf"\1{REMOVED}"),
    (re.compile(r"(?i)(passw(?:or)?d['\"]?\s?[:=]\s?['\"]?)[^\s'\",;&]+"), rf"\1{REMOVED}"),
)


class LogSettings(Protocol):
    """The part of the settings that matters here."""

    @property
    def log_level(self) -> str:
        """debug, info, warning, error or critical."""
        ...

    @property
    def log_format(self) -> str | None:
        """json, text, or None for text on a terminal and json elsewhere."""
        ...


def configure(settings: LogSettings) -> None:
    """Every log line of this process goes through here from now on; a second call replaces the first."""
    is_text = settings.log_format == "text" or (settings.log_format is None and sys.stderr.isatty())
    handler = _StderrHandler()
    handler.set_name(_HANDLER_NAME)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=_gathering(), processors=_rendering(is_text))
    )
    root = logging.getLogger()
    for old in [old for old in root.handlers if old.get_name() == _HANDLER_NAME]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(settings.log_level.upper())
    logging.captureWarnings(True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_gathering(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def redact(text: str) -> str:
    """The text without what looks like one of our keys, an Authorization value, or a password.

    The seam for redaction: whatever leaves the process as text for people (logs, command errors) passes here.
    """
    for pattern, replacement in _SECRET_TEXTS:
        text = pattern.sub(replacement, text)
    return text


def remove_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A processor: values under secret names are gone, other texts redacted, the rest is plain JSON data."""
    return {name: _cleaned(name, value, MAX_DEPTH) for name, value in event.items()}


def _cleaned(name: str, value: object, depth: int) -> object:
    if _SECRET_NAME.search(name) and value is not None:
        return REMOVED
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping) and depth:
        return {redact(str(key)): _cleaned(str(key), part, depth - 1) for key, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset) and depth:
        return [_cleaned("", part, depth - 1) for part in value]
    return redact(value if isinstance(value, str) else repr(value))


def _gathering() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def _rendering(is_text: bool) -> list[Processor]:
    return [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        remove_secrets,
        structlog.dev.ConsoleRenderer() if is_text else structlog.processors.JSONRenderer(),
    ]


class _StderrHandler(logging.Handler):
    """Writes to the stderr of the moment, which test runners and daemons replace.

    A line that cannot be made is replaced: the standard library would print its arguments, secrets and all.
    """

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record) + "\n"
        except Exception:  # noqa: BLE001 - a log call must never fail its caller, whatever it was given
            line = _FAILED_LINE
        sys.stderr.write(line)
