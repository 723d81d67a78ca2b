"""Rows from JSON: a record a line, records one after another, an array of them, or the pages of an API."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator

from research_api.catalog.importers.contract import ByteStream, Row, UnreadableInput
from research_api.catalog.importers.json_text import JsonText
from research_api.domain.works import Record
from research_api.records.errors import Rejected

# The first key of a page. Sources: OpenAlex API, "Paging"; Crossref REST API, GET /works (read 2026-11)
_PAGE = re.compile(r'\{\s*"(?:meta|results|group_by|status|message|message-type|message-version)"\s*:')
_PAGE_CHARACTERS = 64
_LISTS = frozenset({"results", "items"})
_WRAPPER = "message"
_START_OF_RECORD = re.compile(r"(?:[^\n]*\n)*?[ \t\r\ufeff]*[\[{]")

ToRecord = Callable[[dict[str, object]], Record]


def read_json(stream: ByteStream, to_record: ToRecord, *, pages: bool = False) -> Iterator[Row]:
    """One row for each record of the stream; `to_record` raises Rejected for one that cannot be taken.

    pages: arrays and API pages are opened and their records read one by one, however large the page is.
    Raises UnreadableInput where no line of the first chunk starts like JSON.
    """
    text = JsonText(stream)
    if text.next_character() and not text.starts_with(_START_OF_RECORD, _PAGE_CHARACTERS):
        raise UnreadableInput("This is not JSON: each record starts a line and stands between { and }.")
    for line, value in _values(text, pages=pages):
        yield _row(line, value, to_record)
    if text.damage:
        yield Row(text.line, None, text.damage)


def leading_members(head: bytes) -> dict[str, object]:
    """The members of the first object, or of the first one in an array, as far as the bytes go.

    A member that the end cuts is there with the value None. Empty where the bytes start no object.
    """
    text = JsonText(io.BytesIO(head))
    members: dict[str, object] = {}
    try:
        if text.next_character() == "[":
            text.take("[")
        text.take("{")
        while isinstance(key := text.value(), str):
            members[key] = None
            text.take(":")
            members[key] = text.value()
            text.take(",")
    except Rejected:
        pass
    return members


def _row(line: int, value: object, to_record: ToRecord) -> Row:
    try:
        if isinstance(value, Rejected):
            raise value
        if not isinstance(value, dict):
            raise Rejected("not a JSON object: a record stands between { and }")
        return Row(line, to_record(value), None)
    except Rejected as reason:
        return Row(line, None, str(reason))


def _values(text: JsonText, *, pages: bool) -> Iterator[tuple[int, object]]:
    while character := text.next_character():
        line = text.line
        try:
            if pages and character == "[":
                yield from _items(text)
            elif pages and text.starts_with(_PAGE, _PAGE_CHARACTERS):
                yield from _page(text)
            else:
                yield line, text.value()
        except Rejected as reason:
            yield text.line, reason
            text.skip_record()


def _page(text: JsonText) -> Iterator[tuple[int, object]]:
    """The records of one API page: those in its list, or the message itself where it has none."""
    line, has_records = text.line, False
    for key in _keys(text):
        if key == _WRAPPER and text.next_character() == "{":
            has_records = True
            yield from _message(text)
        elif key in _LISTS and text.next_character() == "[":
            has_records = True
            yield from _items(text)
        else:
            text.value()
    if not has_records:
        yield line, Rejected("this page of an API holds no works")


def _message(text: JsonText) -> Iterator[tuple[int, object]]:
    line = text.line
    members: dict[str, object] | None = {}
    for key in _keys(text):
        if key in _LISTS and text.next_character() == "[":
            members = None
            yield from _items(text)
        elif members is None:
            text.value()
        else:
            members[key] = text.value()
    if members is not None:
        refused = [value for value in members.values() if isinstance(value, Rejected)]
        yield line, refused[0] if refused else members


def _keys(text: JsonText) -> Iterator[str]:
    """Each key of the object at the position; the caller takes its value before the next."""
    text.take("{")
    if text.next_character() == "}":
        text.take("}")
        return
    while True:
        key = text.value()
        if not isinstance(key, str):
            raise Rejected("not valid JSON: a key is not text")
        text.take(":")
        yield key
        if text.take(",}") == "}":
            return


def _items(text: JsonText) -> Iterator[tuple[int, object]]:
    text.take("[")
    if text.next_character() == "]":
        text.take("]")
        return
    while True:
        text.next_character()
        yield text.line, _item(text)
        if text.take(",]") == "]":
            return


def _item(text: JsonText) -> object:
    try:
        return text.value()
    except Rejected as reason:
        raise Rejected(f"{reason}; what follows it in this list was not read") from None
