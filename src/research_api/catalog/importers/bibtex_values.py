"""Values of BibTeX fields: braces, quotation marks, numbers and macros, joined by #."""

from __future__ import annotations

import re

from research_api.records.errors import Rejected
from research_api.records.months import SHORT_MONTHS

MAX_VALUE_CHARACTERS = 1_000_000
# of all macros of a file together: each may be made of those before it, and doubled every time
MAX_MACRO_CHARACTERS = 20_000_000

_SIMPLE = re.compile(r'\{[^{}]*\}|"[^{}"]*"|[0-9]+')
_PART = re.compile(r'\s*(?:([^\s#{}"]+)|([{"]))')
_JOINT = re.compile(r"\s*#")
# `\"u` should stand in braces where quotation marks are around it; many forget it
_MARK = re.compile(r'(?<!\\)[{}"]')


class Macros:
    """The @strings of a file so far; the months are there from the start."""

    def __init__(self) -> None:
        self._values = {month: month for month in SHORT_MONTHS}
        self._size = 0

    def define(self, name: str, raw: str) -> None:
        """The macro has that value from now on. Raises Rejected where it or all of them are too long."""
        value = self.value(raw)
        self._size += len(name) + len(value)
        if self._size > MAX_MACRO_CHARACTERS:
            raise Rejected("the file has too many @strings, or they are too long")
        self._values[name.lower()] = value

    def value(self, raw: str) -> str:
        """The text of a value; a macro that nobody defined is its own name.

        Raises Rejected where it is too long.
        """
        if _SIMPLE.fullmatch(raw):
            return raw if raw[0].isdigit() else raw[1:-1]
        parts, size, position = [], 0, 0
        while found := _PART.match(raw, position):
            if found[2]:
                end = _end_of_quoted(raw, found.end(), found[2])
                part = raw[found.end() : end]
                position = end + 1
            else:
                part, position = self._values.get(found[1].lower(), found[1]), found.end()
            parts.append(part)
            size += len(part)
            if size > MAX_VALUE_CHARACTERS:
                raise Rejected("a field of the entry is longer than a million characters")
            joint = _JOINT.match(raw, position)
            if joint is None:
                break
            position = joint.end()
        return "".join(parts)


def _end_of_quoted(raw: str, start: int, quote: str) -> int:
    """Where the part ends that began before `start`; the end of the text where nothing closes it."""
    depth = 0
    for mark in _MARK.finditer(raw, start):
        if mark[0] == "{":
            depth += 1
        elif mark[0] == "}":
            if depth == 0 and quote == "{":
                return mark.start()
            depth = max(depth - 1, 0)
        elif quote == '"' and depth == 0:
            return mark.start()
    return len(raw)
