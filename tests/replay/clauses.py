"""Boolean queries of three kinds of engine: read once, then applied to any number of works.

All: words side by side are all wanted, an OR takes what stands on both its sides, quotation marks make a phrase and
parentheses a group. Lucene's kind has AND, OR and NOT, and fields with a sign (`title:word`, `year>=2000`);
Elasticsearch's has ranges, escapes and signs that it reserves as well; the simple kind has `+`, `|`, `-` and no fields.
Source: Elasticsearch Reference, "Query string query" (elastic.co/guide, read 2026-11); default operator AND.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.replay.shelf import in_a_row

# gets the field and the sign, empty where the clause has none, and the value with its quotation marks
Test = Callable[[str, str, str], bool]
Holds = Callable[[Test], bool]


class Malformed(Exception):
    """The query cannot be read."""


@dataclass(frozen=True, slots=True)
class Grammar:
    """token: a clause, an operator or a parenthesis, with the groups field, sign and value."""

    token: re.Pattern[str]
    conjunction: str = "AND"
    disjunction: str = "OR"
    negation: str = "NOT"


_FIELD = r"\s*(?:(?P<field>{})(?P<sign>{}))?"
_PHRASE = r'"(?:\\.|[^"\\])*"'
_WORD = r'(?:[^\s():"\[\]{}\\/]|\\.)+'
LUCENE = Grammar(
    re.compile(
        _FIELD.format("[A-Za-z_]+", ":|>=|<=|>|<") + rf'(?P<value>[()]|{_PHRASE}|[^\s()"]+)', re.DOTALL
    )
)
ELASTICSEARCH = Grammar(
    re.compile(
        _FIELD.format(_WORD, ":") + rf"(?P<value>[()]|{_PHRASE}|\[[^\[\]]+ TO [^\[\]]+\]|{_WORD})", re.DOTALL
    )
)
SIMPLE = Grammar(
    re.compile(_FIELD.format("(?!)", "") + r'(?P<value>[()+|-]|"[^"]*"|[^\s()"+|-]+)'), "+", "|", "-"
)


def read_query(query: str, grammar: Grammar) -> Holds:
    """Says whether the query holds, once it is given a test for its clauses. Raises Malformed."""
    reader = _Reader(_tokens(query.strip(), grammar), grammar)
    holds = reader.alternatives("")
    if reader.tokens:
        raise Malformed("something stands behind the end")
    return holds


def _tokens(query: str, grammar: Grammar) -> list[tuple[str, str, str]]:
    tokens, place = [], 0
    no_values = {")", grammar.conjunction, grammar.disjunction, grammar.negation}
    while place < len(query):
        found = grammar.token.match(query, place)
        if found is None or (found["field"] and found["value"] in no_values):
            raise Malformed(f"cannot parse at {place}")
        tokens.append((found["field"] or "", found["sign"] or "", found["value"]))
        place = found.end()
    return tokens


class _Reader:
    def __init__(self, tokens: list[tuple[str, str, str]], grammar: Grammar) -> None:
        self.tokens = tokens
        self._grammar = grammar

    def alternatives(self, field: str) -> Holds:
        parts = [self._all(field)]
        while self._next() == self._grammar.disjunction:
            self.tokens.pop(0)
            parts.append(self._all(field))
        return lambda test: any(part(test) for part in parts)

    def _all(self, field: str) -> Holds:
        parts = [self._one(field)]
        while (token := self._next()) not in ("", ")", self._grammar.disjunction):
            if token == self._grammar.conjunction:
                self.tokens.pop(0)
            parts.append(self._one(field))
        return lambda test: all(part(test) for part in parts)

    def _one(self, outer_field: str) -> Holds:
        if self._next() in ("", ")", self._grammar.conjunction, self._grammar.disjunction):
            raise Malformed("a clause is missing")
        own_field, sign, value = self.tokens.pop(0)
        field = own_field or outer_field
        if value == self._grammar.negation:
            denied = self._one(field)
            return lambda test: not denied(test)
        if value != "(":
            return lambda test: test(field, sign, value)
        holds = self.alternatives(field)
        if self._next() != ")":
            raise Malformed("a parenthesis is not closed")
        self.tokens.pop(0)
        return holds

    def _next(self) -> str:
        return self.tokens[0][-1] if self.tokens else ""


def has_words(told: Sequence[str], value: str) -> bool:
    """True where the words have the word, the phrase in quotation marks, or a word that goes on from `prefix*`."""
    wanted = re.findall(r"\w+", value.casefold())
    return in_a_row(told, wanted, is_prefix=value.endswith("*"))
