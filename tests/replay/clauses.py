"""Boolean queries of two kinds of engine, read and applied to works.

Both: words side by side are all wanted, quotation marks make a phrase, `*` ends a prefix, parentheses group. Lucene's
kind has AND, OR and NOT and fields (`title:word`, `year>=2000`); the simple kind has `+`, `|` and `-`, and no fields.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

Test = Callable[[str, str, str], bool]


class Malformed(Exception):
    """The query cannot be read."""


@dataclass(frozen=True, slots=True)
class Grammar:
    """token: one operator, parenthesis or clause. conjunction, disjunction, negation: what these are called."""

    token: re.Pattern[str]
    conjunction: str
    disjunction: str
    negation: str


_CLAUSE = r'(?:[A-Za-z_]+(?::|>=|<=|>|<))?(?:"(?:\\.|[^"\\])*"|[^\s()"]+)'
LUCENE = Grammar(re.compile(rf"\s*(\(|\)|{_CLAUSE})"), "AND", "OR", "NOT")
SIMPLE = Grammar(re.compile(r'\s*(\(|\)|\+|\||-|"[^"]*"|[^\s()"+|-]+)'), "+", "|", "-")

_PARTS = re.compile(r"(?:([A-Za-z_]+)(:|>=|<=|>|<))?(.*)", re.DOTALL)


def applies(query: str, grammar: Grammar, test: Test) -> bool:
    """True where the query holds, `test(field, sign, value)` telling of each clause whether it does.

    field and sign are empty where the clause has none; value keeps its quotation marks. Raises Malformed.
    """
    tokens, place = [], 0
    query = query.strip()
    while place < len(query):
        found = grammar.token.match(query, place)
        if found is None:
            raise Malformed(query[place:])
        tokens.append(found[1])
        place = found.end()
    reader = _Reader(tokens, grammar, test)
    holds = reader.alternatives()
    if reader.tokens:
        raise Malformed(" ".join(reader.tokens))
    return holds


class _Reader:
    """Every part is read, also where the answer is known before, so that a malformed one is always found."""

    def __init__(self, tokens: list[str], grammar: Grammar, test: Test) -> None:
        self.tokens = tokens
        self._grammar = grammar
        self._test = test

    def alternatives(self) -> bool:
        holds = [self._all()]
        while self._next() == self._grammar.disjunction:
            self.tokens.pop(0)
            holds.append(self._all())
        return any(holds)

    def _all(self) -> bool:
        holds = [self._one()]
        while (token := self._next()) not in ("", ")", self._grammar.disjunction):
            if token == self._grammar.conjunction:
                self.tokens.pop(0)
            holds.append(self._one())
        return all(holds)

    def _one(self) -> bool:
        token = self._next()
        if token in ("", ")", self._grammar.conjunction, self._grammar.disjunction):
            raise Malformed(token)
        self.tokens.pop(0)
        if token == self._grammar.negation:
            return not self._one()
        if token != "(":
            return self._clause(token)
        holds = self.alternatives()
        if self._next() != ")":
            raise Malformed("(")
        self.tokens.pop(0)
        return holds

    def _clause(self, token: str) -> bool:
        parts = _PARTS.fullmatch(token) if self._grammar is LUCENE and not token.startswith('"') else None
        return self._test(parts[1] or "", parts[2] or "", parts[3]) if parts else self._test("", "", token)

    def _next(self) -> str:
        return self.tokens[0] if self.tokens else ""


def has_words(text: str, value: str) -> bool:
    """True where the text has the word, the phrase in quotation marks, or a word that goes on from `prefix*`."""
    words = re.findall(r"\w+", text.casefold())
    wanted = re.findall(r"\w+", value.casefold())
    if value.endswith("*"):
        return any(word.startswith(wanted[-1]) for word in words)
    return any(words[place : place + len(wanted)] == wanted for place in range(len(words) - len(wanted) + 1))
