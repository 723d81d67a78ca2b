"""Opening what is imported: a file or standard input, plain or gzip."""

from __future__ import annotations

import os
import sys
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import BinaryIO

from research_api.catalog.importers.contract import DamagedSource, UnreadableInput

HEAD_BYTES = 64 * 1024
_PLAIN_CHUNK_BYTES = 256 * 1024
# what one step yields is lost where the step fails, so steps over compressed bytes are small
_GZIP_CHUNK_BYTES = 16 * 1024
_MAX_INFLATED_BYTES = 1024 * 1024
_GZIP_WINDOW_BITS = 31

_GZIP_MAGIC = b"\x1f\x8b"
_OTHER_ARCHIVES = {
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PK\x03\x04": "zip",
}
_TAR_MAGIC = slice(257, 262)


class Source:
    """Decompressed bytes with the first 64 KiB at hand.

    head: the first bytes; reading starts with them all the same.
    total_bytes: size of the file as stored, None for standard input. bytes_read: how much of that was taken.
    """

    def __init__(self, raw: BinaryIO, total_bytes: int | None) -> None:
        self.total_bytes = total_bytes
        self.bytes_read = 0
        self._raw = raw
        self._deferred: DamagedSource | None = None
        self._pieces = self._open()
        self.head = self._pending = self._first_bytes()
        if self.head[_TAR_MAGIC] == b"ustar":
            raise UnreadableInput("This is a tar archive: unpack it and import the files in it.")
        self.head = self.head[:HEAD_BYTES]

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none only at the end. Raises DamagedSource where the bytes break off."""
        if not self._pending:
            self._pending = self._next_piece()
        piece, self._pending = self._pending[:size], self._pending[size:]
        return piece

    def _next_piece(self) -> bytes:
        if self._deferred is not None:
            damage, self._deferred = self._deferred, None
            raise damage
        return next(self._pieces, b"")

    def _first_bytes(self) -> bytes:
        head = b""
        try:
            while len(head) < HEAD_BYTES and (piece := next(self._pieces, b"")):
                head += piece
        except DamagedSource as damage:
            self._deferred = damage
        return head

    def _open(self) -> Iterator[bytes]:
        start = self._take(_GZIP_CHUNK_BYTES)
        if start.startswith(_GZIP_MAGIC):
            return _inflate(self._chunks(start, _GZIP_CHUNK_BYTES))
        for magic, name in _OTHER_ARCHIVES.items():
            if start.startswith(magic):
                raise UnreadableInput(f"This is {name} data: decompress it first, or use gzip.")
        return self._chunks(start, _PLAIN_CHUNK_BYTES)

    def _chunks(self, start: bytes, size: int) -> Iterator[bytes]:
        chunk = start
        while chunk:
            yield chunk
            chunk = self._take(size)

    def _take(self, size: int) -> bytes:
        chunk = self._raw.read(size)
        self.bytes_read += len(chunk)
        return chunk


def _inflate(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The content of all gzip members, one after another; zero bytes between and after them are padding."""
    inflater = zlib.decompressobj(_GZIP_WINDOW_BITS)
    is_inside = False
    for chunk in chunks:
        rest = chunk
        while rest := rest if is_inside else rest.lstrip(b"\0"):
            piece = _inflate_step(inflater, rest)
            if piece:
                yield piece
            is_inside = not inflater.eof
            rest = inflater.unconsumed_tail if is_inside else inflater.unused_data
            if not is_inside:
                inflater = zlib.decompressobj(_GZIP_WINDOW_BITS)
    if is_inside:
        if piece := inflater.flush():
            yield piece
        raise DamagedSource("the file ends inside a compressed block; what stands before it was read")


def _inflate_step(inflater: zlib._Decompress, data: bytes) -> bytes:
    try:
        return inflater.decompress(data, _MAX_INFLATED_BYTES)
    except zlib.error as error:
        raise DamagedSource("the compressed data are damaged; what stands before it was read") from error


@contextmanager
def open_source(path: str) -> Iterator[Source]:
    """The bytes of a file, or of standard input for `-`; gzip is seen by its first bytes, not by the name.

    Raises UnreadableInput where the file cannot be opened or is an archive of another kind.
    """
    with ExitStack() as stack:
        try:
            raw = sys.stdin.buffer if path == "-" else stack.enter_context(open(path, "rb"))
            total_bytes = None if path == "-" else os.fstat(raw.fileno()).st_size
            source = Source(raw, total_bytes)
        except OSError as error:
            raise UnreadableInput(f"{path} cannot be opened: {error.strerror}.") from error
        yield source
