"""CSV of our own exports; any other is refused, for nobody could know what its columns mean.

Read: the columns of `catalog.exporters.csv_rows` but score, sources, provenance, disagreements, versions, matches. A
file that was exported with `fields` needs its title. Who changed the file in a spreadsheet may have the columns in
another order.
Source: docs/formats.md; RFC 4180.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping

from research_api.catalog.exporters.csv_rows import COLUMNS
from research_api.catalog.importers.contract import ByteStream, Row, UnreadableInput
from research_api.catalog.importers.naming import Named, Naming, Told
from research_api.catalog.importers.ndjson import open_access_of
from research_api.catalog.importers.text_lines import MAX_RECORD_CHARACTERS, TOO_LONG, TextLines, check_utf_8
from research_api.domain.identifiers import SCHEMES, is_work_id
from research_api.domain.works import Author, Record
from research_api.records import fields
from research_api.records.errors import Rejected

NAME = "csv"

_KNOWN = frozenset(column for columns in COLUMNS.values() for column in columns)
_SEPARATOR = re.compile(r"((?:[^\\;]|\\.|\\\Z)*)(?:;|\Z)", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_TRUTHS = {"true": True, "false": False}


def recognises(head: bytes) -> bool:
    """True where the first line names columns of ours, an id among them."""
    line = head.removeprefix(b"\xef\xbb\xbf").splitlines()[:1]
    return bool(line) and _are_ours(line[0].decode("utf-8", "replace").replace('"', "").split(","))


def _are_ours(columns: list[str]) -> bool:
    return "id" in columns and _KNOWN.issuperset(columns) and len(columns) > 1


def read(stream: ByteStream, namespace: str | None) -> Iterator[Row]:
    """One row for each row but the header. Raises UnreadableInput where the columns are not ours."""
    naming, lines = Naming(namespace), TextLines(stream)
    # the module has one limit for all its readers; its own of 131,072 would refuse works with 5,000 authors
    csv.field_size_limit(MAX_RECORD_CHARACTERS)
    rows = _rows(lines)
    _, header, _ = next(rows, (1, [], None))
    if header and not _are_ours(header):
        raise UnreadableInput(
            "This CSV is no export of this service: its first line must name columns of docs/formats.md, with id."
        )
    for line, cells, reason in rows:
        if cells or reason:
            yield _row(line, header, cells, reason, naming)
    if lines.damage:
        yield Row(lines.line, None, lines.damage)


def _rows(lines: TextLines) -> Iterator[tuple[int, list[str], str | None]]:
    """Line, cells and why there are none. A quote that is never closed costs what follows, up to 10 MB."""
    begin = 1

    def texts() -> Iterator[str]:
        nonlocal begin
        for number, text in lines:
            begin = min(begin, number)
            yield text + "\n"

    reader = csv.reader(texts())
    while True:
        begin = 2**62
        try:
            cells, reason = next(reader), None
        except StopIteration:
            return
        except csv.Error as error:
            cells, reason = (
                [],
                TOO_LONG if "limit" in str(error) else "not CSV: a quote stands where none may",
            )
        yield begin, cells, reason


def _row(line: int, header: list[str], cells: list[str], reason: str | None, naming: Naming) -> Row:
    try:
        if reason or len(cells) != len(header):
            raise Rejected(reason or f"the row has {len(cells)} cells, the header {len(header)}")
        for cell in cells:
            check_utf_8(cell)
        told = dict(zip(header, (cell.removeprefix("'") for cell in cells), strict=True))
        return Row(line, _record(told, naming), None)
    except Rejected as rejected:
        return Row(line, None, str(rejected))


def _record(cells: Mapping[str, str], naming: Naming) -> Record:
    if not is_work_id(cells["id"]):
        raise Rejected("the row has no id of a work (w_ and 12 characters)")
    named = naming.named(None, cells["id"])
    count = cells.get("citation_count", "")
    access: dict[str, object] = {
        "is_oa": _TRUTHS.get(cells.get("is_oa", "").lower()),
        "url": cells.get("oa_url"),
        "license": cells.get("oa_license"),
    }
    return named.record(
        Told(
            title=cells.get("title"),
            abstract=cells.get("abstract"),
            authors=fields.authors_of(_authors(cells, named)),
            year=cells.get("year"),
            date=cells.get("date"),
            venue=cells.get("venue"),
            type=cells.get("type"),
            identifiers=tuple((scheme, cells.get(scheme)) for scheme in SCHEMES),
            url=cells.get("url"),
            open_access=open_access_of(access, named),
            citation_count=int(count) if re.fullmatch(r"[0-9]{1,12}", count) else None,
            retracted=_TRUTHS.get(cells.get("retracted", "").lower(), False),
        )
    )


def _authors(cells: Mapping[str, str], named: Named) -> Iterator[Author | None]:
    names, orcids = _split(cells.get("authors", "")), _split(cells.get("author_orcids", ""))
    orcids += [""] * (len(names) - len(orcids))
    for name, orcid in zip(names, orcids, strict=False):
        yield named.author(name=name, orcid=orcid or None)


def _split(cell: str) -> list[str]:
    """The values of a list, without the backslashes."""
    if not cell:
        return []
    found = [one[1] for one in _SEPARATOR.finditer(cell)]
    values = found if cell.endswith(";") else found[:-1]
    return [_ESCAPED.sub(r"\1", value).strip() for value in values]
