"""Lines of text from a stream, whatever ends them, in bounded memory."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator

from research_api.catalog.importers.contract import ByteStream, DamagedSource
from research_api.records.errors import Rejected

MAX_RECORD_CHARACTERS = 10_000_000
TOO_LONG = "the record is longer than 10 MB"
_CHUNK_BYTES = 256 * 1024


class TextLines:
    """Iterates (line number from 1, text without its end); a longer line than 10 MB comes in pieces.

    Decoded as UTF-8, a byte order mark in front left out; what is not UTF-8 becomes lone surrogates.
    damage: why the bytes broke off, once the lines are through.
    """

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self.line = 1
        self.damage: str | None = None

    def __iter__(self) -> Iterator[tuple[int, str]]:
        begun: list[str] = []
        size = 0
        for text in self._texts():
            *whole, rest = text.split("\n")
            for line in whole:
                yield self.line, "".join([*begun, line])
                begun, size = [], 0
                self.line += 1
            begun.append(rest)
            size += len(rest)
            if size > MAX_RECORD_CHARACTERS:
                yield self.line, "".join(begun)
                begun, size = [], 0
        if any(begun):
            yield self.line, "".join(begun)

    def _texts(self) -> Iterator[str]:
        utf_8 = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        decoder = io.IncrementalNewlineDecoder(utf_8, translate=True)
        chunk, is_first = b"x", True
        while chunk:
            try:
                chunk = self._stream.read(_CHUNK_BYTES)
            except DamagedSource as damage:
                self.damage, chunk = str(damage), b""
            text = decoder.decode(chunk, final=not chunk)
            yield text.removeprefix("\ufeff") if is_first else text
            is_first = is_first and not text


def check_utf_8(text: str) -> None:
    """Raises Rejected where bytes that are no UTF-8 stood in the text."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise Rejected("the record is not UTF-8: convert the file and import it again") from None
