"""CSV by RFC 4180: a header, then a row a work; UTF-8, commas, CR LF, quotes where they are needed.

A cell holds one value. Several values are joined by `; `, with a backslash before each `;` and backslash inside of
one; a pair in such a list is `name=value`. A cell that would begin with = + - @ (of either width) or ' gets a ' in
front of it: a spreadsheet then shows text and never runs a formula. Who reads the file takes one leading ' off.
Sources: RFC 4180; OWASP, "CSV Injection" (read 2026-11).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from research_api.domain.exports import CSV
from research_api.domain.identifiers import SCHEMES
from research_api.domain.record_bodies import RECORD_FIELDS, shown_body
from research_api.domain.search import Hit
from research_api.domain.works import Work
from research_api.records.cleaning import clean_text

NAME, MEDIA_TYPE, FILE_SUFFIX = CSV.name, CSV.media_type, CSV.file_suffix

# tab and CR begin no cell: clean_text takes them out of every text
_STARTS_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "'")
_LIST_COLUMNS = {
    "authors": ("authors", "author_orcids"),
    "identifiers": SCHEMES,
    "open_access": ("is_oa", "oa_url", "oa_license"),
}
# the columns of each field of a record
COLUMNS = {name: _LIST_COLUMNS.get(name, (name,)) for name in RECORD_FIELDS}


def write(shown: Iterable[Hit | Work], fields: Collection[str] = ()) -> Iterator[str]:
    """The header and then the rows, also the header alone."""
    chosen = [name for name in RECORD_FIELDS if not fields or name == "id" or name in fields]
    columns = [column for name in chosen for column in COLUMNS[name]]
    yield _line(columns)
    for one in shown:
        cells = _cells(shown_body(one, fields))
        yield _line([_guarded(cells[column]) for column in columns])


def _line(cells: Iterable[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()


def _guarded(cell: str) -> str:
    cell = clean_text(cell)
    return f"'{cell}" if cell.startswith(_STARTS_FORMULA) else cell


def _cells(body: Mapping[str, Any]) -> dict[str, str]:
    cells = {}
    for name, value in body.items():
        make = _MAKERS.get(name)
        cells.update(make(value) if make else {name: _text(value)})
    return cells


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _joined(values: Iterable[str]) -> str:
    return "; ".join(value.replace("\\", "\\\\").replace(";", "\\;") for value in values)


def _authors(authors: list[Mapping[str, Any]]) -> dict[str, str]:
    orcids = [author["orcid"] or "" for author in authors]
    return {
        "authors": _joined(author["name"] for author in authors),
        "author_orcids": _joined(orcids) if any(orcids) else "",
    }


def _identifiers(identifiers: Mapping[str, str]) -> dict[str, str]:
    return {scheme: identifiers.get(scheme, "") for scheme in SCHEMES}


def _open_access(access: Mapping[str, Any]) -> dict[str, str]:
    return {
        "is_oa": _text(access["is_oa"]),
        "oa_url": _text(access["url"]),
        "oa_license": _text(access["license"]),
    }


def _sources(sources: list[Mapping[str, Any]]) -> dict[str, str]:
    return {"sources": _joined(f"{source['name']}={source['id']}" for source in sources)}


def _provenance(provenance: Mapping[str, str]) -> dict[str, str]:
    return {"provenance": _joined(f"{field}={source}" for field, source in provenance.items())}


def _disagreements(disagreements: Mapping[str, list[Mapping[str, Any]]]) -> dict[str, str]:
    told = [
        f"{field}={one['source']}:{_text(one['value'])}"
        for field, rejected in disagreements.items()
        for one in rejected
    ]
    return {"disagreements": _joined(told)}


def _versions(versions: list[Mapping[str, Any]]) -> dict[str, str]:
    return {"versions": _joined(one["id"] for one in versions)}


def _matches(matches: list[Mapping[str, Any]]) -> dict[str, str]:
    return {"matches": _joined(f"{match['field']}={match['start']}-{match['end']}" for match in matches)}


_MAKERS: Mapping[str, Callable[[Any], dict[str, str]]] = {
    "authors": _authors,
    "identifiers": _identifiers,
    "open_access": _open_access,
    "sources": _sources,
    "provenance": _provenance,
    "disagreements": _disagreements,
    "versions": _versions,
    "matches": _matches,
}
