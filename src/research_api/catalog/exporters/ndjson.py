"""NDJSON: one line a work, the same object as a result in the JSON of the API."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator

from research_api.domain.exports import NDJSON
from research_api.domain.record_bodies import shown_body
from research_api.domain.search import Hit
from research_api.domain.works import Work

NAME, MEDIA_TYPE, FILE_SUFFIX = NDJSON.name, NDJSON.media_type, NDJSON.file_suffix


def write(shown: Iterable[Hit | Work], fields: Collection[str] = ()) -> Iterator[str]:
    """One object after another. Raises ValueError for numbers that JSON lacks."""
    for one in shown:
        body = shown_body(one, fields)
        yield json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n"
