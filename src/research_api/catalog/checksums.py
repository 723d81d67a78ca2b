"""Tells index files whose bytes changed on the disk.

Every segment file of Tantivy 0.27 ends with a footer: JSON with the CRC32 of what stands before it, the length of that
JSON and the number 1337, both as 32-bit little-endian integers. tantivy-py has no call that compares them.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from zlib import crc32

_TAIL = struct.Struct("<II")
_MAGIC = 1337
_BYTES_PER_READ = 1 << 20
_SUFFIXES = (".fast", ".fieldnorm", ".idx", ".pos", ".store", ".term")

# a disk that loses a bit changes no time of the file
READ_AGAIN_SECONDS = 600.0

_Signature = tuple[int, int, int]


class Checksums:
    """Reads a file when it is new, when its size, time or inode is another, and every ten minutes."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._sound: dict[Path, _Signature] = {}
        self._forget_at = 0.0

    def are_right(self, build: Path) -> bool:
        """True where each segment file that the build names is there and as it was written.

        The caller keeps writers out meanwhile. Raises OSError where the build cannot be read, ValueError,
        KeyError or TypeError where what it says of itself makes no sense.
        """
        files = _segment_files(build)
        if self._monotonic() >= self._forget_at:
            self._sound.clear()
            self._forget_at = self._monotonic() + READ_AGAIN_SECONDS
        self._sound = {path: seen for path, seen in self._sound.items() if path in files}
        return all(self._is_sound(path) for path in sorted(files))

    def _is_sound(self, path: Path) -> bool:
        status = path.stat()
        signature = (status.st_size, status.st_mtime_ns, status.st_ino)
        if self._sound.get(path) == signature:
            return True
        if not _has_its_checksum(path, status.st_size):
            return False
        self._sound[path] = signature
        return True


def _segment_files(build: Path) -> set[Path]:
    """The files of the segments in use; what a killed writer left half written is not among them."""
    segments = json.loads((build / "meta.json").read_text())["segments"]
    files: set[Path] = set()
    for segment in segments:
        stem = str(segment["segment_id"]).replace("-", "")
        files.update(build / (stem + suffix) for suffix in _SUFFIXES)
        if segment["deletes"]:
            files.add(build / f"{stem}.{segment['deletes']['opstamp']}.del")
    return files


def _has_its_checksum(path: Path, size: int) -> bool:
    with path.open("rb") as handle:
        handle.seek(max(0, size - _TAIL.size))
        tail = handle.read(_TAIL.size)
        if len(tail) < _TAIL.size:
            return False
        footer_bytes, magic = _TAIL.unpack(tail)
        body_bytes = size - _TAIL.size - footer_bytes
        if magic != _MAGIC or body_bytes < 0:
            return False
        handle.seek(body_bytes)
        expected = json.loads(handle.read(footer_bytes))["crc"]
        handle.seek(0)
        actual = 0
        while body_bytes:
            block = handle.read(min(body_bytes, _BYTES_PER_READ))
            actual, body_bytes = crc32(block, actual), body_bytes - len(block)
    return bool(actual == expected)
