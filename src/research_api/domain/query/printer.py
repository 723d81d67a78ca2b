"""The canonical text of a tree."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, pairwise
from typing import cast

from research_api.domain.query.tree import And, Leaf, Not, Or, Phrase, Query, Word, Years
from research_api.domain.text import is_cjk_token, nfc


def print_query(query: Query) -> str:
    """One text for each tree, in NFC; `parse_strict(print_query(q)) == q` for every tree within the caps.

    Side by side means AND; the word itself is printed only directly inside an OR, where it helps the eye.
    The text can be longer than the one that was parsed: a field's group inside parentheses has the field at each
    word, and some characters fold to many.
    """
    if isinstance(query, And | Or):
        return nfc((" OR " if isinstance(query, Or) else " ").join(_print_grouped(query)))
    return nfc(_print(query))


def _print_grouped(query: And | Or) -> Iterator[str]:
    """The operands at the top; neighbours with one field stand in a group of it."""
    part = _print_branch if isinstance(query, Or) else _print_part
    joiner = " OR " if isinstance(query, Or) else " "
    for field, run in groupby(query.operands, key=_field_of):
        operands = list(run)
        if field is None or len(operands) == 1:
            yield from (part(operand) for operand in operands)
        else:
            yield f"{field}:({joiner.join(_print_bare(operand) for operand in operands)})"


def _field_of(query: Query) -> str | None:
    return query.field if isinstance(query, Word | Phrase) else None


def _print(query: Query) -> str:
    if isinstance(query, Or):
        return " OR ".join(_print_branch(operand) for operand in query.operands)
    if isinstance(query, And):
        return " ".join(_print_part(operand) for operand in query.operands)
    if isinstance(query, Not):
        return f"NOT {_print_negated(query.operand)}"
    return _print_leaf(query)


def _print_branch(query: Query) -> str:
    if isinstance(query, And):
        return " AND ".join(_print_part(operand) for operand in query.operands)
    return _print(query)


def _print_part(query: Query) -> str:
    return f"({_print(query)})" if isinstance(query, Or) else _print(query)


def _print_negated(query: Query) -> str:
    return f"({_print(query)})" if isinstance(query, And | Or) else _print(query)


def _print_leaf(leaf: Leaf) -> str:
    if isinstance(leaf, Years):
        return f"year:{_print_years(leaf)}"
    return _print_bare(leaf) if leaf.field is None else f"{leaf.field}:{_print_bare(leaf)}"


def _print_bare(leaf: Query) -> str:
    """A word or phrase without its field."""
    return f'"{_print_phrase(leaf)}"' if isinstance(leaf, Phrase) else _print_word(cast(Word, leaf))


def _print_word(word: Word) -> str:
    return f"{word.text}*" if word.prefix else word.text


def _print_phrase(phrase: Phrase) -> str:
    """Chinese and Japanese characters next to each other need no space to be words of their own."""
    parts = [phrase.words[0]]
    for before, word in pairwise(phrase.words):
        parts.append(word if is_cjk_token(before) and is_cjk_token(word) else f" {word}")
    return "".join(parts)


def _print_years(years: Years) -> str:
    if years.first == years.last:
        return f"{years.first}"
    first = "" if years.first is None else years.first
    last = "" if years.last is None else years.last
    return f"{first}-{last}"
