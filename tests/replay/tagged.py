"""Queries whose clauses have a field in front (`ti:word`) or a tag behind (`word[ti]`), read and applied to works.

AND, OR and NOT are taken from left to right, as PubMed's help has it; what we send has parentheses wherever that would
differ from Lucene's order.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

from tests.replay.shelf import in_a_row
from tests.replay.works import SampleWork

_OPERATOR = re.compile(r"\s*(AND|OR|NOT)(?=[\s(])")
_SIGN = re.compile(r"\s*([()])")
_UNDECOMPOSED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae"})

Holds = Callable[[SampleWork], bool]
ReadClause = Callable[[re.Match[str]], Holds]


class Malformed(Exception):
    """The query cannot be read; the text is what is left of it."""


def folded_words(text: str) -> list[str]:
    """The words of a text without case and accents, as search engines compare them."""
    bare = "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))
    return re.findall(r"[^\W_]+", bare.casefold().translate(_UNDECOMPOSED))


def has(text: str, value: str) -> bool:
    """True where the text has the word, the words between quotation marks in a row, or a word that `value*` begins."""
    told, wanted = folded_words(text), folded_words(value)
    return in_a_row(told, wanted, is_prefix=value.endswith("*"))


def newest_first(works: Sequence[SampleWork]) -> list[SampleWork]:
    """The latest date first."""
    return sorted(works, key=lambda work: work.date, reverse=True)


def read_query(query: str, clause: re.Pattern[str], read_clause: ReadClause) -> Holds:
    """Says of a work whether the query holds. clause: one of them without white space before. Raises Malformed."""
    reader = _Reader(query, clause, read_clause)
    holds = reader.row()
    if reader.rest.strip():
        raise Malformed(reader.rest)
    return holds


class _Reader:
    def __init__(self, query: str, clause: re.Pattern[str], read_clause: ReadClause) -> None:
        self.rest = query
        self._clause = clause
        self._read_clause = read_clause

    def row(self) -> Holds:
        holds = self._one()
        while (operator := self._take(_OPERATOR)) is not None:
            holds = _joined(operator[1], holds, self._one())
        return holds

    def _one(self) -> Holds:
        sign = self._take(_SIGN)
        if sign is None:
            self.rest = self.rest.lstrip()
            found = self._take(self._clause)
            if found is None:
                raise Malformed(self.rest)
            return self._read_clause(found)
        holds = self.row() if sign[1] == "(" else None
        closing = self._take(_SIGN)
        if holds is None or closing is None or closing[1] != ")":
            raise Malformed(self.rest)
        return holds

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self.rest)
        if found is not None:
            self.rest = self.rest[found.end() :]
        return found


def _joined(operator: str, first: Holds, second: Holds) -> Holds:
    if operator == "AND":
        return lambda work: first(work) and second(work)
    if operator == "OR":
        return lambda work: first(work) or second(work)
    return lambda work: first(work) and not second(work)
