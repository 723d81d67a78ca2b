"""How one setting is read: what cannot be used becomes a problem and a harmless stand-in."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from research_api.config.endpoints import Endpoint, read_endpoint, read_url

RUN_FILE = "run.json"
PEPPER_FILE = "key-pepper"
MIN_PEPPER_CHARACTERS = 16
MAX_SECRET_FILE_BYTES = 65_536
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})
# it goes into a header and into URLs, so it holds nothing that needs quoting there
_MAIL_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,8}")


class Unusable(Exception):
    """Why a value cannot be had; the text follows the name of the setting."""


class Reader:
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

    def source_url(self, name: str) -> str:
        """The address of a source, without a slash at its end; empty where none is given."""
        value = self.text(name, "").rstrip("/")
        url = read_url(value)
        if value and (url is None or "?" in url.rest):
            self.problems.append(
                f"{name} must be an http or https URL in plain ASCII, without user, query or fragment"
            )
            return ""
        return value

    def endpoints(self, name: str) -> frozenset[Endpoint]:
        """The places of a list like `127.0.0.1:9401,ollama:11434`."""
        given = [part.strip() for part in self.text(name, "").split(",")]
        found = [read_endpoint(part) for part in given if part]
        if None in found:
            self.problems.append(
                f"{name} must list host:port, a host in lower-case ASCII or an address as it is usually written"
            )
        return frozenset(endpoint for endpoint in found if endpoint)

    def mail_address(self, name: str) -> str:
        value = self.text(name, "")
        if value and not _MAIL_ADDRESS.fullmatch(value):
            self.problems.append(f"{name} must be one e-mail address in plain ASCII")
            return ""
        return value

    def embedding_model(self, name: str) -> str | None:
        """The spec as `embeddings.loading` reads it, a folder made absolute; None for `none`."""
        value = self.text(name, "builtin")
        if value in ("none", "builtin"):
            return None if value == "none" else value
        if re.fullmatch(r"hub:[\w.-]+/[\w.-]+(@[\w.-]+)?|openai:\S+", value):
            return value
        if value.startswith(("/", "./", "../", "~")):
            return str(Path(value).expanduser().absolute())
        self.problems.append(
            f"{name} must be builtin, none, a path that starts with / or ., hub:OWNER/NAME or openai:MODEL"
        )
        return None

    def secret(self, name: str) -> str:
        """The value of a secret that may be left unset."""
        return self._secret(name, lambda: "", required=False)

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
                raise Unusable(f"is given twice: unset it or {name}_FILE")
            value = value or (read_secret(Path(path)) if path else written())
            if required and not value:
                raise Unusable(f"is not set, nor is {name}_FILE")
        except Unusable as reason:
            self.problems.append(f"{name} {reason}")
            return ""
        return value


class Written:
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
            raise Unusable(
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
            raise Unusable(f"is not set, and {path} is open to other users: chmod 600 it")
        return read_secret(path)


def read_secret(path: Path) -> str:
    try:
        with path.open("rb") as file:
            value = file.read(MAX_SECRET_FILE_BYTES).decode().strip()
    except (OSError, ValueError) as error:
        raise Unusable(f"cannot be read from {path}") from error
    if not value:
        raise Unusable(f"cannot be read from {path}, which is empty")
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
