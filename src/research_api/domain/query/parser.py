"""From query text to tree, in two readings that are one: strict is lenient without a problem."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from research_api.domain.query.lexer import Kind, Lexeme, lex
from research_api.domain.query.limits import MAX_CLAUSES, MAX_DEPTH, MAX_PREFIXES, MAX_QUERY_CHARACTERS
from research_api.domain.query.problems import Problem, ProblemCode, Problems
from research_api.domain.query.repair import repair
from research_api.domain.query.tree import (
    YEAR_FIELD,
    And,
    Leaf,
    Or,
    Query,
    TextLeaf,
    Word,
    make_and,
    make_not,
    make_or,
)
from research_api.domain.search import SearchWarning
from research_api.domain.text import nfc


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """query: None where no word is left. warnings: what was not read as written, from left to right."""

    query: Query | None
    warnings: tuple[SearchWarning, ...] = ()


def parse_strict(text: str) -> Query:
    """The tree of a text that keeps to the grammar and the caps.

    Raises QueryInvalid with one fault, the leftmost; its offsets are code points into `nfc(text)`.
    """
    if len(text) > MAX_QUERY_CHARACTERS:
        raise Problem(ProblemCode.TOO_LONG, MAX_QUERY_CHARACTERS, len(text)).as_error()
    problems = Problems()
    query = _parse(nfc(text), problems)
    found = problems.by_position()
    if found or query is None:
        raise found[0].as_error()
    return query


def parse_lenient(text: str) -> ParsedQuery:
    """The best reading of any str whatever: what is no syntax counts as words, each time with a warning.

    A text that `parse_strict` takes gives the same tree and no warning. Never raises.
    """
    problems = Problems()
    # cut before NFC: CPython sorts a run of marks by insertion, 4,000 of them in 16 ms and 40,000 in 1.6 s
    normal = nfc(text[:MAX_QUERY_CHARACTERS])
    if len(text) > MAX_QUERY_CHARACTERS:
        surplus = len(text) - MAX_QUERY_CHARACTERS
        problems.add(ProblemCode.TOO_LONG, len(normal), len(normal) + surplus)
    query = _parse(normal, problems)
    return ParsedQuery(query, problems.as_warnings())


def _parse(normal: str, problems: Problems) -> Query | None:
    lexemes = repair(lex(normal, problems), problems)
    query = _Parser(lexemes, problems).parse()
    if query is None:
        problems.add(ProblemCode.NO_WORDS, 0, len(normal))
    return query


class _Parser:
    """Recursive descent over repaired lexemes; a rule gives None where a cap left nothing of it."""

    def __init__(self, lexemes: list[Lexeme], problems: Problems) -> None:
        self._lexemes = lexemes
        self._problems = problems
        self._position = 0
        self._depth = 0
        self._field: str | None = None
        self._clauses_left = MAX_CLAUSES
        self._prefixes_left = MAX_PREFIXES

    def parse(self) -> Query | None:
        return self._alternatives() if self._lexemes else None

    def _kind(self) -> Kind | None:
        return self._lexemes[self._position].kind if self._position < len(self._lexemes) else None

    def _take(self) -> Lexeme:
        self._position += 1
        return self._lexemes[self._position - 1]

    def _alternatives(self) -> Query | None:
        parts = [self._conjunction()]
        while self._kind() is Kind.OR:
            self._take()
            parts.append(self._conjunction())
        return _join(make_or, parts)

    def _conjunction(self) -> Query | None:
        parts = [self._negation()]
        while self._kind() not in {None, Kind.OR, Kind.CLOSE}:
            if self._kind() is Kind.AND:
                self._take()
            parts.append(self._negation())
        return _join(make_and, parts)

    def _negation(self) -> Query | None:
        is_negated = False
        first = self._lexemes[self._position]
        while self._kind() is Kind.NOT:
            self._take()
            is_negated = not is_negated
        operand = self._primary()
        if not is_negated or operand is None:
            return operand
        # printed, the several words of one run stand in parentheses after NOT, one level deeper
        if self._depth >= MAX_DEPTH and isinstance(operand, And | Or):
            self._problems.add(ProblemCode.TOO_DEEP, first.start, self._lexemes[self._position - 1].end)
            return None
        return make_not(operand)

    def _primary(self) -> Query | None:
        lexeme = self._take()
        if lexeme.kind is Kind.OPEN:
            return self._group()
        if lexeme.kind is not Kind.FIELD:
            return self._operand(lexeme)
        if self._field is not None:
            self._problems.add(ProblemCode.NESTED_FIELD, lexeme.start, lexeme.end)
            return _join(make_and, self._counted(self._in_field(lexeme.leaves), lexeme))
        self._field = lexeme.field
        value = self._primary()
        self._field = None
        return value

    def _group(self) -> Query | None:
        self._depth += 1
        inside = self._alternatives()
        self._depth -= 1
        self._take()
        return inside

    def _operand(self, lexeme: Lexeme) -> Query | None:
        if self._field != YEAR_FIELD:
            return _join(make_and, self._counted(self._in_field(lexeme.leaves), lexeme))
        if lexeme.years is not None:
            return _join(make_and, self._counted([lexeme.years], lexeme))
        self._problems.add(ProblemCode.BAD_YEAR, lexeme.start, lexeme.end)
        return _join(make_and, self._counted(lexeme.leaves, lexeme))

    def _in_field(self, leaves: Iterable[TextLeaf]) -> list[TextLeaf]:
        field = self._field if self._field != YEAR_FIELD else None
        return [replace(leaf, field=field) for leaf in leaves]

    def _counted(self, leaves: Iterable[Leaf], lexeme: Lexeme) -> list[Leaf]:
        """The leaves that the caps still allow, prefixes beyond theirs as whole words."""
        wanted = list(leaves)
        kept = wanted[: self._clauses_left]
        if len(kept) < len(wanted):
            self._problems.add(ProblemCode.TOO_MANY_CLAUSES, lexeme.start, lexeme.end)
        self._clauses_left -= len(kept)
        return [self._with_allowed_prefix(leaf, lexeme) for leaf in kept]

    def _with_allowed_prefix(self, leaf: Leaf, lexeme: Lexeme) -> Leaf:
        if not isinstance(leaf, Word) or not leaf.prefix:
            return leaf
        if self._prefixes_left > 0:
            self._prefixes_left -= 1
            return leaf
        self._problems.add(ProblemCode.TOO_MANY_PREFIXES, lexeme.start, lexeme.end)
        return replace(leaf, prefix=False)


def _join(make: Callable[[Iterable[Query]], Query], parts: Iterable[Query | None]) -> Query | None:
    kept = [part for part in parts if part is not None]
    return make(kept) if kept else None
