"""What every format module offers and what it gives back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from research_api.domain.works import Record


@dataclass(frozen=True, slots=True)
class Row:
    """One record that was read, or the reason why it was not: exactly one of `record` and `reason` is set.

    line: where it starts in the decompressed input, from 1.
    """

    line: int
    record: Record | None
    reason: str | None


class UnreadableInput(Exception):
    """The input as a whole cannot be read; the text says what to do."""


class DamagedSource(Exception):
    """The bytes end or break here; everything before was delivered."""


class ByteStream(Protocol):
    """Anything with a `read` that gives at most `size` bytes, fewer if it likes, and none only at the end."""

    def read(self, size: int, /) -> bytes: ...


class FormatModule(Protocol):
    """A module of this package that has a NAME is a format."""

    NAME: str

    def recognises(self, head: bytes) -> bool:
        """True where the first 64 KiB, decompressed, are of this format and of no other."""
        ...

    def read(self, stream: ByteStream, namespace: str | None) -> Iterator[Row]:
        """One row for each record, in order, in bounded memory; a bad record never ends it.

        namespace: the collection's name; only the formats that say so use it.
        Raises UnreadableInput where the whole stream is not of this format.
        """
        ...
