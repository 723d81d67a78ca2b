"""Rows from XML, one record at a time, however large the file is.

What is a record and what it says stands in the format's `Layout`; reading in chunks, limits and damage stand here.
No entity is ever defined or fetched: a document type is refused before anything in it is read, but for the bare
outside one (`<!DOCTYPE x PUBLIC "..." "...">`) of a format that comes with it. What such a type would define is
HTML's name for a character, or costs its record.
"""

from __future__ import annotations

from collections.abc import Iterator
from html.entities import html5
from typing import Protocol
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from research_api.catalog.importers.contract import ByteStream, DamagedSource, Row, UnreadableInput
from research_api.domain.works import Record
from research_api.records.errors import Rejected

MAX_RECORD_BYTES = 10_000_000
_CHUNK_BYTES = 64 * 1024
_ELEMENT_BYTES = 100
_MAX_NAME_CHARACTERS = 40


class Layout(Protocol):
    """How one format lays out its records; one object reads one file.

    files: whose files these are, as a message names them. takes_doctype: the format comes with a document type.
    unread: elements inside a record that are left out with all that they hold.
    """

    files: str
    takes_doctype: bool
    unread: frozenset[str]

    def opens(self, depth: int, tag: str, attributes: dict[str, str]) -> bool:
        """True where this element is to be kept whole for `record_of`; asked of all that stand in no such one.

        depth: 1 for the root. Raises UnreadableInput for the root of another format.
        """
        ...

    def record_of(self, element: Element) -> Record | None:
        """The record of an element that was kept, None where it is none. Raises Rejected."""
        ...


def read_xml(stream: ByteStream, layout: Layout) -> Iterator[Row]:
    """One row for each record; broken XML ends the reading with a row that says where.

    Raises UnreadableInput for a document type that is not read and for XML of another kind.
    """
    records = _Records(layout)
    damage = None
    while damage is None:
        try:
            chunk = stream.read(_CHUNK_BYTES)
        except DamagedSource as reason:
            chunk, damage = b"", str(reason)
        if damage is None:
            damage = records.feed(chunk)
        yield from records.take()
        if not chunk:
            break
    if damage is not None:
        yield Row(records.line, None, damage)


class _Records:
    """Collects the records of what the parser has seen; keeps one of them at a time."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.SkippedEntityHandler = self._entity
        self._rows: list[Row] = []
        self._builder: TreeBuilder | None = None
        self._refused: str | None = None
        self._depth = self._size = self._start_line = self._fed_bytes = 0
        self._record_depth = self._unread_depth = 0
        self._has_root = False
        self._look()

    @property
    def line(self) -> int:
        """The line that the parser is on."""
        return self._parser.CurrentLineNumber

    def feed(self, chunk: bytes) -> str | None:
        """None, or the reason why nothing after this can be read. No bytes: the end."""
        self._fed_bytes += len(chunk)
        if not self._fed_bytes:
            return None
        try:
            self._parser.Parse(chunk, not chunk)
        except expat.ExpatError as error:
            if not self._has_root:
                raise UnreadableInput(f"This is not XML; {self._layout.files} start with <?xml.") from error
            return f"not well-formed XML: {expat.ErrorString(error.code)}; what follows was not read"
        except (ValueError, LookupError) as error:
            raise UnreadableInput("The XML names an unknown encoding: convert the file to UTF-8.") from error
        if self._fed_bytes - max(self._parser.CurrentByteIndex, 0) > MAX_RECORD_BYTES:
            return "a piece of markup is longer than 10 MB; what follows was not read"
        return None

    def take(self) -> list[Row]:
        """The rows since the last call."""
        rows, self._rows = self._rows, []
        return rows

    def _doctype(self, _name: str, _system: str | None, _public: str | None, has_own_part: int) -> None:
        if not self._layout.takes_doctype:
            raise UnreadableInput("The XML declares a document type, which is not read: remove the DOCTYPE.")
        if has_own_part:
            raise UnreadableInput("The document type defines entities, which are not read: remove its [...].")

    def _look(self) -> None:
        """What comes stands outside any record."""
        parser = self._parser
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = None

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._layout.opens(self._depth, tag, attributes):
            self._record_depth, self._start_line = self._depth, self.line
            self._size, self._refused = 0, None
            self._builder = TreeBuilder()
            self._builder.start(tag, attributes)
            self._keep()
        self._has_root = True

    def _end(self, _tag: str) -> None:
        self._depth -= 1

    def _keep(self) -> None:
        """What comes belongs to a record."""
        parser, self._unread_depth = self._parser, 0
        parser.StartElementHandler, parser.EndElementHandler = self._start_kept, self._end_kept
        parser.CharacterDataHandler = self._data

    def _start_kept(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if tag in self._layout.unread:
            self._pass_over()
            return
        self._size += _ELEMENT_BYTES
        if attributes:
            self._size += sum(map(len, attributes.values()))
        if self._builder is not None and self._size <= MAX_RECORD_BYTES:
            self._builder.start(tag, attributes)

    def _data(self, text: str) -> None:
        self._size += len(text)
        if self._builder is not None and self._size <= MAX_RECORD_BYTES:
            self._builder.data(text)

    def _end_kept(self, tag: str) -> None:
        self._depth -= 1
        if self._builder is not None and self._size <= MAX_RECORD_BYTES:
            self._builder.end(tag)
        if self._depth < self._record_depth:
            self._finish()

    def _pass_over(self) -> None:
        """What comes is counted and not kept, up to the end of the element that has just begun."""
        parser, self._unread_depth = self._parser, self._depth
        parser.StartElementHandler, parser.EndElementHandler = self._start_unread, self._end_unread
        parser.CharacterDataHandler = None

    def _start_unread(self, _tag: str, _attributes: dict[str, str]) -> None:
        self._depth += 1

    def _end_unread(self, _tag: str) -> None:
        self._depth -= 1
        if self._depth < self._unread_depth:
            self._keep()

    def _entity(self, name: str, _is_parameter: bool) -> None:
        if self._builder is None or self._unread_depth:
            return
        text = html5.get(f"{name};")
        if text is not None:
            self._data(text)
        else:
            self._refused = (
                f"the record has an entity that nothing here defines: &{name[:_MAX_NAME_CHARACTERS]};"
            )

    def _finish(self) -> None:
        builder, self._builder = self._builder, None
        self._look()
        try:
            if builder is None or self._size > MAX_RECORD_BYTES:
                raise Rejected("the record is longer than 10 MB")
            if self._refused is not None:
                raise Rejected(self._refused)
            record = self._layout.record_of(builder.close())
        except Rejected as reason:
            self._rows.append(Row(self._start_line, None, str(reason)))
        else:
            if record is not None:
                self._rows.append(Row(self._start_line, record, None))
