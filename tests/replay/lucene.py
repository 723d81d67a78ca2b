"""What Elasticsearch finds in documents with fields, for the replays of sources that pass queries on to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from tests.replay.clauses import ELASTICSEARCH, read_query
from tests.replay.shelf import in_a_row, words_of


@dataclass(frozen=True, slots=True)
class Document:
    """words: of analysed fields, found one by one whatever the case; keywords: found as a whole, and by range."""

    words: Mapping[str, Sequence[Sequence[str]]]
    keywords: Mapping[str, Sequence[str]]


def document(texts: Mapping[str, Sequence[str]], keywords: Mapping[str, Sequence[str]]) -> Document:
    """A document with these analysed fields, each with its values, and these keywords."""
    return Document({name: [words_of(value) for value in values] for name, values in texts.items()}, keywords)


Match = Callable[[Document], bool]


def matcher(query: str) -> Match:
    """True for the documents that the query finds. Raises Malformed."""
    holds = read_query(query, ELASTICSEARCH)
    return lambda document: holds(lambda field, _, value: _clause(field, value)(document))


@lru_cache(maxsize=1_000)
def _clause(field: str, value: str) -> Match:
    if value.startswith("["):
        first, _, last = value[1:-1].partition(" TO ")
        return lambda document: any(_between(first, told, last) for told in document.keywords.get(field, ()))
    if value == "*":
        return bool
    is_phrase = value.startswith('"')
    is_prefix = not is_phrase and value.endswith("*") and not value.endswith("\\*")
    plain = _plain(value[1:-1] if is_phrase else value.removesuffix("*") if is_prefix else value)
    words = words_of(plain)

    def match(document: Document) -> bool:
        if field in document.keywords:
            return plain in document.keywords[field]
        fields = [document.words.get(field, ())] if field else document.words.values()
        return any(_has(told, words, is_prefix) for values in fields for told in values)

    return match


def _between(first: str, value: str, last: str) -> bool:
    return (first == "*" or first <= value) and (last == "*" or value <= last)


def _has(told: Sequence[str], words: Sequence[str], is_prefix: bool) -> bool:
    return (is_prefix or bool(words)) and in_a_row(told, words, is_prefix=is_prefix)


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
