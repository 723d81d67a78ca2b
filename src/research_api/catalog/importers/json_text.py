"""A cursor over a stream of JSON that holds one chunk and one value at a time."""

from __future__ import annotations

import codecs
import json
import re

from research_api.catalog.importers.contract import ByteStream, DamagedSource
from research_api.records.errors import Rejected

MAX_RECORD_BYTES = 10_000_000
_CHUNK_BYTES = 1024 * 1024
# a literal, a number or an escape that a chunk cuts leaves its error at most this far before the end
_CUT_CHARACTERS = 16
_SPACE = re.compile(r"[ \t\r\n\ufeff]*")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Rejected("a key stands twice in one object, so it is not certain which value holds")
    return members


def _no_constant(name: str) -> object:
    raise Rejected(f"{name} is not a JSON value")


_STRICT = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)
# finds where a value ends although its content was refused
_LENIENT = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)


class JsonText:
    """The text of a stream, decoded as UTF-8, and a position in it.

    damage: why the bytes broke off, until it was told.
    """

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._text = ""
        self._position = 0
        self._line = 1
        self._counted = 0
        self._is_ended = False
        self._has_bad_bytes = False
        self.damage: str | None = None

    @property
    def line(self) -> int:
        """The line that the position is on, from 1."""
        self._line += self._text.count("\n", self._counted, self._position)
        self._counted = self._position
        return self._line

    def next_character(self) -> str:
        """The next character that is not white space, which is not taken; empty at the end."""
        while True:
            if found := _SPACE.match(self._text, self._position):
                self._position = found.end()
            if self._position < len(self._text):
                return self._text[self._position]
            if not self._more():
                return ""

    def starts_with(self, pattern: re.Pattern[str], characters: int) -> bool:
        """True where the pattern matches at the position, with that many characters read if there are any."""
        while len(self._text) - self._position < characters and self._more():
            pass
        return pattern.match(self._text, self._position) is not None

    def take(self, expected: str) -> str:
        """The next character, one of those expected. Raises Rejected for any other."""
        found = self.next_character()
        if not found:
            raise Rejected(self._ending())
        if found not in expected:
            raise Rejected(f"not valid JSON: one of {' '.join(expected)} should stand where {found!a} does")
        self._position += 1
        return found

    def value(self) -> object:
        """The value at the position, which moves behind it; a Rejected where its content cannot be taken.

        Raises Rejected where its end cannot be found; the position stays.
        """
        if not self.next_character():
            raise Rejected(self._ending())
        while True:
            try:
                value, end = _STRICT.raw_decode(self._text, self._position)
            except json.JSONDecodeError as error:
                self._read_on(error)
            except Rejected as reason:
                return self._pass_over(reason)
            except RecursionError:
                raise Rejected("the JSON is nested too deeply") from None
            except ValueError:
                return self._pass_over(Rejected("a number has too many digits"))
            else:
                return self._checked(value, end)

    def skip_record(self) -> None:
        """The position is at the next line that may start a record: not indented, closing nothing."""
        self._skip_line()
        while self._position < len(self._text) or self._more():
            if self._text[self._position] not in " \t}]":
                return
            self._skip_line()

    def _skip_line(self) -> None:
        while (end := self._text.find("\n", self._position)) < 0:
            self._position = len(self._text)
            if not self._more():
                return
        self._position = end + 1

    def _read_on(self, error: json.JSONDecodeError) -> None:
        """More text stands behind the value that was cut. Raises Rejected where that cannot mend it."""
        is_cut = error.msg.startswith("Unterminated") or error.pos >= len(self._text) - _CUT_CHARACTERS
        if is_cut and len(self._text) - self._position > MAX_RECORD_BYTES:
            raise Rejected(_TOO_LONG)
        if is_cut and self._more():
            return
        if is_cut and (self.damage or "\n" not in self._text[self._position :].rstrip()):
            raise Rejected(self._ending())
        raise Rejected(
            f"not valid JSON: {error.msg} at character {error.pos - self._position + 1} of the record"
        )

    def _pass_over(self, reason: Rejected) -> Rejected:
        """The reason as it is, with the position behind the value; raised where its end cannot be found."""
        while True:
            try:
                _, self._position = _LENIENT.raw_decode(self._text, self._position)
            except json.JSONDecodeError as error:
                self._read_on(error)
            except (RecursionError, ValueError):
                raise reason from None
            else:
                return reason

    def _checked(self, value: object, end: int) -> object:
        start, self._position = self._position, end
        if end - start > MAX_RECORD_BYTES // 4:
            size = len(self._text[start:end].encode("utf-8", "surrogateescape"))
            if size > MAX_RECORD_BYTES:
                return Rejected(_TOO_LONG)
        if self._has_bad_bytes and not _is_encodable(self._text[start:end]):
            return Rejected("the record is not UTF-8: convert the file and import it again")
        return value

    def _ending(self) -> str:
        reason, self.damage = self.damage, None
        return reason or "the file ends inside this record"

    def _more(self) -> bool:
        """True where text was added; what lies before the position is dropped."""
        kept_line = self.line
        self._text = self._text[self._position :]
        self._line, self._position, self._counted = kept_line, 0, 0
        added = ""
        while not added and not self._is_ended:
            added = self._next_chunk()
        self._has_bad_bytes = self._has_bad_bytes or not _is_encodable(added)
        self._text += added
        return bool(added)

    def _next_chunk(self) -> str:
        try:
            chunk = self._stream.read(max(_CHUNK_BYTES, len(self._text)))
        except DamagedSource as damage:
            self.damage, chunk = str(damage), b""
        self._is_ended = not chunk
        return self._decoder.decode(chunk, final=self._is_ended)


_TOO_LONG = f"the record is longer than {MAX_RECORD_BYTES // 1_000_000} MB"


def _is_encodable(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
