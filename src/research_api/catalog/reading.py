"""From a path to the records in it, whatever their format."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from research_api.catalog.importers import (
    FormatModule,
    Row,
    Source,
    UnreadableInput,
    formats,
    open_source,
    recognise,
)
from research_api.domain.errors import Invalid

DEMO_RECORDS = Path(__file__).with_name("demo_records.jsonl")


@dataclass(frozen=True, slots=True)
class RecordInput:
    """The rows of one input, read as they are asked for."""

    format_name: str
    rows: Iterator[Row]
    source: Source

    @property
    def fraction(self) -> float | None:
        """How much of the file was read, 0 to 1; None for standard input."""
        total = self.source.total_bytes
        return min(1.0, self.source.bytes_read / total) if total else None


@contextmanager
def open_records(path: str, format_name: str | None, namespace: str | None) -> Iterator[RecordInput]:
    """The records of a file, or of standard input for `-`.

    Raises Invalid where the input cannot be opened or read, is of no known format, or lacks its namespace; also
    while the rows are read.
    """
    try:
        with open_source(path) as source:
            module = formats()[format_name] if format_name else _recognised(source)
            yield RecordInput(module.NAME, module.read(source, namespace), source)
    except UnreadableInput as error:
        raise Invalid(str(error)) from error


def _recognised(source: Source) -> FormatModule:
    if not source.head:
        raise UnreadableInput("The input is empty.")
    module = recognise(source.head)
    if module is None:
        raise UnreadableInput(
            f"The format is not recognised: name it with --format, one of {', '.join(formats())}."
        )
    return module
