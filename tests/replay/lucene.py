"""As much of Elasticsearch's query strings as the replays need, with what it refuses.

Source: Elasticsearch Reference, "Query string query" (elastic.co/guide, read 2026-11); default operator AND.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tests.replay.shelf import Shelf, words_of
from tests.replay.works import SampleWork

_TOKEN = re.compile(
    r'\s+|(?P<phrase>"(?:[^"\\]|\\.)*")|(?P<range>\[[^\[\]]+ TO [^\[\]]+\])|(?P<sign>[():])'
    r'|(?P<word>(?:[^\s():"\[\]{}\\/]|\\.)+)',
    re.DOTALL,
)
_OPERATORS = frozenset({"AND", "OR", "NOT"})


class Refused(Exception):
    """The query cannot be parsed."""


@dataclass(frozen=True, slots=True)
class Document:
    """words: of analysed fields, found one by one whatever the case; keywords: found as a whole, and by range."""

    words: Mapping[str, Sequence[Sequence[str]]]
    keywords: Mapping[str, Sequence[str]]


def document(texts: Mapping[str, Sequence[str]], keywords: Mapping[str, Sequence[str]]) -> Document:
    """A document with these analysed fields, each with its values, and these keywords."""
    return Document({name: [words_of(value) for value in values] for name, values in texts.items()}, keywords)


def sorted_by_words(query: str, shelf: Shelf, found: Callable[[SampleWork], bool]) -> list[SampleWork]:
    """The works that are found; those with the most words of the query first, the others in their own order."""
    ranked = {work.number: place for place, work in enumerate(shelf.search(query))}
    return sorted(
        (work for work in shelf.works if found(work)), key=lambda work: ranked.get(work.number, len(ranked))
    )


Match = Callable[[Document], bool]


def matcher(query: str) -> Match:
    """True for the documents that the query finds. Raises Refused."""
    return _Parser(_tokens(query)).whole()


def _tokens(query: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    position = 0
    while position < len(query):
        found = _TOKEN.match(query, position)
        if found is None:
            raise Refused(f"parse_exception: cannot parse at {position}")
        if found.lastgroup:
            tokens.append((found.lastgroup, found[0]))
        position = found.end()
    return tokens


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0

    def whole(self) -> Match:
        match = self._any(None)
        if self._at < len(self._tokens):
            raise Refused("parse_exception: something stands behind the end")
        return match

    def _next(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _take(self) -> tuple[str, str]:
        token = self._next()
        self._at += 1
        return token

    def _any(self, name: str | None) -> Match:
        parts = [self._all(name)]
        while self._next() == ("word", "OR"):
            self._take()
            parts.append(self._all(name))
        return lambda document: any(part(document) for part in parts)

    def _all(self, name: str | None) -> Match:
        parts = [self._one(name)]
        while self._next() not in (("end", ""), ("sign", ")"), ("word", "OR")):
            if self._next() == ("word", "AND"):
                self._take()
            parts.append(self._one(name))
        return lambda document: all(part(document) for part in parts)

    def _one(self, name: str | None) -> Match:
        kind, text = self._take()
        if (kind, text) == ("word", "NOT"):
            part = self._one(name)
            return lambda document: not part(document)
        if (kind, text) == ("sign", "("):
            match = self._any(name)
            if self._take() != ("sign", ")"):
                raise Refused("parse_exception: a bracket is not closed")
            return match
        if kind in ("end", "sign") or text in _OPERATORS:
            raise Refused("parse_exception: a term is missing")
        if kind == "word" and self._next() == ("sign", ":"):
            self._take()
            return self._one(_plain(text))
        return _leaf(kind, text, name)


def _leaf(kind: str, text: str, name: str | None) -> Match:
    if kind == "range":
        first, _, last = text[1:-1].partition(" TO ")
        return lambda document: any(
            _between(first, value, last) for value in document.keywords.get(name or "", ())
        )
    if text == "*":
        return bool
    is_prefix = kind == "word" and text.endswith("*") and not text.endswith("\\*")
    plain = _plain(text[1:-1] if kind == "phrase" else text.removesuffix("*") if is_prefix else text)
    words = words_of(plain)

    def match(document: Document) -> bool:
        if name is not None and name in document.keywords:
            return plain in document.keywords[name]
        fields = document.words.values() if name is None else [document.words.get(name, ())]
        return any(_has(each, words, is_prefix) for values in fields for each in values)

    return match


def _between(first: str, value: str, last: str) -> bool:
    return (first == "*" or first <= value) and (last == "*" or value <= last)


def _has(told: Sequence[str], words: Sequence[str], is_prefix: bool) -> bool:
    """The words in a row; the last one may be only the start of a word where it is a prefix."""
    if is_prefix:
        return any(each.startswith(words[-1]) for each in told) if words else True
    return any(list(told[start : start + len(words)]) == list(words) for start in range(len(told))) and bool(
        words
    )


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
