"""Names of BibTeX: `First von Last`, `von Last, First`, `von Last, Jr, First`, joined by `and`.

Source: "Tame the BeaST", 11 (names; read 2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from research_api.catalog.importers.naming import Named
from research_api.domain.works import Author
from research_api.records.latex import from_tex

_MARK = re.compile(r"\\.|[{}]|,|\s+and(?=\s)|\s+|~", re.DOTALL | re.IGNORECASE)


def authors_in(text: str, named: Named) -> Iterator[Author | None]:
    """Every author of the field; `others` is none."""
    for name in _split(text, "and"):
        if name.lower() != "others":
            yield _author(name, named)


def _author(text: str, named: Named) -> Author | None:
    if _is_in_braces(text):
        return named.author(name=from_tex(text))
    parts = list(_split(text, ","))
    if len(parts) > 1:
        family, *middle, given = parts
        return named.author(given=from_tex(given), family=from_tex(" ".join([family, *middle])))
    if named.is_ours:
        # what was known in parts is written with a comma
        return named.author(name=from_tex(text))
    words = list(_split(text, " "))
    begin = _begin_of_family([from_tex(word) if word.startswith(("\\", "{\\")) else word for word in words])
    return named.author(given=from_tex(" ".join(words[:begin])), family=from_tex(" ".join(words[begin:])))


def _begin_of_family(words: list[str]) -> int:
    """Place of the first word in small letters that has others behind it, else of the last word."""
    last = max(len(words) - 1, 0)
    return next((place for place, word in enumerate(words[:last]) if word[:1].islower()), last)


def _is_in_braces(text: str) -> bool:
    """True where one pair of braces holds the whole of it."""
    if not (text.startswith("{") and text.endswith("}")):
        return False
    depth = 0
    for mark in _MARK.finditer(text):
        depth += {"{": 1, "}": -1}.get(mark[0], 0)
        if depth == 0 and mark.end() < len(text) and mark[0] == "}":
            return False
    return depth == 0


def _split(text: str, separator: str) -> Iterator[str]:
    """The pieces between separators outside braces: `and`, a comma, or a space; empty ones are left out."""
    depth = begin = 0
    for mark in _MARK.finditer(text):
        depth = max(depth + {"{": 1, "}": -1}.get(mark[0], 0), 0)
        if depth == 0 and _is(mark[0], separator):
            if piece := text[begin : mark.start()].strip():
                yield piece
            begin = mark.end()
    if piece := text[begin:].strip():
        yield piece


def _is(mark: str, separator: str) -> bool:
    if separator == "and":
        return mark.strip().lower() == "and"
    return mark == separator or (separator == " " and (mark.isspace() or mark == "~"))
