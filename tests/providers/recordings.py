"""Real answers of the sources, where they are at hand, and which of them our parsers must be able to read.

The files are no part of the project: the fixture `shared_data` skips tests where they are missing.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from research_api.domain.calls import Reply
from research_api.domain.works import Record
from tests.providers.endpoints import CALLED, IGNORED, NO_ANSWERS


@dataclass(frozen=True)
class Recording:
    """One request and its answer. kind: list, single, empty or error; headers: names in lower case.

    target: `METHOD /path?query`, which the patterns of `endpoints` match from its start.
    """

    source: str
    name: str
    kind: str
    method: str
    url: str
    asked: str | None
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def target(self) -> str:
        parts = urlsplit(self.url)
        return f"{self.method} {parts.path}" + (f"?{parts.query}" if parts.query else "")

    @property
    def reply(self) -> Reply:
        """The answer, as `Send` would give it."""
        return Reply(self.status, self.headers, self.body)

    @property
    def json(self) -> object:
        return json.loads(self.body)


def recordings_of(shared_data: Path, source: str) -> list[Recording]:
    """All recordings of that source, by name."""
    folder = shared_data / "cassettes"
    lines = (folder / "MANIFEST.tsv").read_text(encoding="utf-8").splitlines()[1:]
    kinds = {fields[0]: fields[1] for fields in (line.split("\t") for line in lines)}
    paths = sorted((folder / source).glob("*.json"))
    return [_recording(path, source, kinds[f"{source}/{path.name}"]) for path in paths]


def _recording(path: Path, source: str, kind: str) -> Recording:
    data = json.loads(path.read_text(encoding="utf-8"))
    asked, answer = data["request"], data["response"]
    body = b64decode(answer["body_b64"]) if "body_b64" in answer else answer["body"].encode()
    return Recording(
        source=source,
        name=path.stem,
        kind=kind,
        method=asked["method"],
        url=asked["url"],
        asked=asked.get("body"),
        status=answer["status"],
        headers={name.lower(): _header(value) for name, value in answer["headers"].items()},
        body=body,
    )


def _header(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def is_called(recording: Recording) -> bool:
    """True where our source asks that endpoint, or one whose answers have the same form."""
    return not _reasons_by_name(recording) and any(
        re.match(pattern, recording.target) for pattern in CALLED[recording.source]
    )


def reasons_to_ignore(recording: Recording) -> list[str]:
    """Why nothing of ours reads it; empty where nobody gave a reason."""
    pairs = IGNORED.get(recording.source, {}).items()
    reasons = [reason for pattern, reason in pairs if re.match(pattern, recording.target)]
    return reasons + _reasons_by_name(recording)


def _reasons_by_name(recording: Recording) -> list[str]:
    return [reason for start, reason in NO_ANSWERS.items() if recording.name.startswith(start)]


def called(shared_data: Path, source: str, *, refused: bool = False) -> list[Recording]:
    """The recordings that the source must read: the answers, or those with a status of 400 and more."""
    return [
        one for one in recordings_of(shared_data, source) if is_called(one) and (one.status >= 400) is refused
    ]


def filled(records: Iterable[Record]) -> Counter[str]:
    """By field how many of the records have it; `authors in all`, `orcids in all`, `references in all` are sums.

    Identifiers count under their schemes. False and 0 are values where our records tell them from "not said".
    """
    counts: Counter[str] = Counter()
    for record in records:
        access = record.open_access
        has = {
            "title": record.title,
            "abstract": record.abstract,
            "authors": record.authors,
            "year": record.year is not None,
            "date": record.date,
            "venue": record.venue,
            "type": record.type,
            "url": record.url,
            "is_oa": access.is_oa is not None,
            "open_access_url": access.url,
            "license": access.license,
            "citation_count": record.citation_count is not None,
            "retracted": record.retracted,
            "references": record.references,
        }
        counts.update(name for name, value in has.items() if value)
        counts.update({identifier.scheme for identifier in record.identifiers})
        counts["authors in all"] += len(record.authors)
        counts["orcids in all"] += sum(author.orcid is not None for author in record.authors)
        counts["references in all"] += len(record.references)
    return counts
