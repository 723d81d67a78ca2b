"""CSL-JSON: one array with an item a work, as citation processors read it; an item a line.

`custom` holds what CSL has no variable for: the work's id, its type in Crossref's words, its year and date as they
are, and the identifiers that are no DOI, PMID or PMCID.
Source: CSL 1.0.2, schemas/input/csl-data.json (github.com/citation-style-language/schema, read 2026-11).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator

from research_api.catalog.exporters.citation_keys import citation_key
from research_api.catalog.exporters.kinds import kind_of
from research_api.catalog.exporters.names import name_of
from research_api.domain.exports import CSL, RETRACTED_NOTE
from research_api.domain.record_bodies import work_shown
from research_api.domain.search import Hit
from research_api.domain.works import Author, Work
from research_api.records.cleaning import clean_text

NAME, MEDIA_TYPE, FILE_SUFFIX = CSL.name, CSL.media_type, CSL.file_suffix

_VARIABLES = {"doi": "DOI", "pmid": "PMID", "pmcid": "PMCID"}


def write(shown: Iterable[Hit | Work], fields: Collection[str] = ()) -> Iterator[str]:  # noqa: ARG001 - the same signature for every format
    """The array, opened and closed also around nothing."""
    before = "[\n"
    for one in shown:
        item = json.dumps(_item(work_shown(one)), ensure_ascii=False, separators=(",", ":"))
        yield before + item
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def _item(work: Work) -> dict[str, object]:
    texts = (
        ("title", work.title),
        ("container-title", work.venue),
        *((name, work.identifiers.get(scheme)) for scheme, name in _VARIABLES.items()),
        ("URL", work.url),
        ("note", RETRACTED_NOTE if work.retracted else None),
        ("abstract", work.abstract),
    )
    item: dict[str, object] = {"id": citation_key(work), "type": kind_of(work.type).csl}
    item |= {name: clean_text(text) for name, text in texts if text}
    item["author"] = [_author(author) for author in work.authors]
    if parts := date_parts(work.year, work.date):
        item["issued"] = {"date-parts": [parts]}
    item["custom"] = _custom(work)
    return {name: value for name, value in item.items() if value}


def date_parts(year: int | None, date: str | None) -> list[int]:
    """The date as far as it is known, else the year; empty where there is neither."""
    if date:
        return [int(part) for part in date.split("-")]
    return [year] if year is not None else []


def _author(author: Author) -> dict[str, str]:
    name = name_of(author)
    if not name.family:
        return {"literal": name.whole}
    parts = (("family", name.family), ("given", name.given), ("suffix", name.suffix))
    return {part: text for part, text in parts if text}


def _custom(work: Work) -> dict[str, object]:
    others = {scheme: value for scheme, value in work.identifiers.items() if scheme not in _VARIABLES}
    members = {
        "work_id": work.id,
        "type": work.type,
        "year": work.year,
        "date": work.date,
        "identifiers": others,
    }
    return {name: value for name, value in members.items() if value}
