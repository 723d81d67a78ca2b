"""Makes any list of lexemes well-formed: what is no syntax becomes words or goes, with a problem for each."""

from __future__ import annotations

from dataclasses import replace

from research_api.domain.query.lexer import Kind, Lexeme
from research_api.domain.query.limits import MAX_DEPTH
from research_api.domain.query.problems import ProblemCode, Problems
from research_api.domain.query.tree import YEAR_FIELD

_BINARY = frozenset({Kind.AND, Kind.OR})
_NO_START = frozenset({Kind.AND, Kind.OR, Kind.CLOSE})
_ENDS = frozenset({Kind.OPERAND, Kind.CLOSE})
_VALUES = frozenset({Kind.OPERAND, Kind.OPEN})


def repair(lexemes: list[Lexeme], problems: Problems) -> list[Lexeme]:
    """Afterwards parentheses match, no group is empty or too deep, operators and fields have operands."""
    return _with_left_sides(_with_right_sides(_balanced(lexemes, problems), problems), problems)


def _balanced(lexemes: list[Lexeme], problems: Problems) -> list[Lexeme]:
    """Each parenthesis without partner goes, and so do both of a pair that is empty or too deep."""
    kept: list[Lexeme] = []
    open_at: list[int | None] = []
    for lexeme in lexemes:
        if lexeme.kind is Kind.OPEN:
            open_at.append(_open(kept, lexeme, len(open_at), problems))
        elif lexeme.kind is not Kind.CLOSE:
            kept.append(lexeme)
        elif open_at:
            _close(kept, lexeme, open_at.pop(), problems)
        else:
            problems.add(ProblemCode.UNMATCHED_PARENTHESIS, lexeme.start, lexeme.end)
    lonely = {index for index in open_at if index is not None}
    for index in lonely:
        problems.add(ProblemCode.UNMATCHED_PARENTHESIS, kept[index].start, kept[index].end)
    return [lexeme for index, lexeme in enumerate(kept) if index not in lonely]


def _open(kept: list[Lexeme], lexeme: Lexeme, depth: int, problems: Problems) -> int | None:
    """The index at which it is kept; None where it is too deep."""
    if depth >= MAX_DEPTH:
        problems.add(ProblemCode.TOO_DEEP, lexeme.start, lexeme.end)
        return None
    kept.append(lexeme)
    return len(kept) - 1


def _close(kept: list[Lexeme], lexeme: Lexeme, opened_at: int | None, problems: Problems) -> None:
    if opened_at is None:
        return
    if opened_at == len(kept) - 1:
        problems.add(ProblemCode.EMPTY_GROUP, kept.pop().start, lexeme.end)
        return
    kept.append(lexeme)


def _with_right_sides(lexemes: list[Lexeme], problems: Problems) -> list[Lexeme]:
    """From right to left: an operator or field that nothing fitting follows becomes a word."""
    repaired: list[Lexeme] = []
    for lexeme in reversed(lexemes):
        follower = repaired[-1] if repaired else None
        code = _lack_on_the_right(lexeme, follower)
        if code is not None:
            faulty = follower if follower is not None and code is ProblemCode.BAD_YEAR else lexeme
            problems.add(code, lexeme.start, faulty.end)
            lexeme = _as_words(lexeme)
        repaired.append(lexeme)
    return repaired[::-1]


def _lack_on_the_right(lexeme: Lexeme, follower: Lexeme | None) -> ProblemCode | None:
    if lexeme.kind in _BINARY or lexeme.kind is Kind.NOT:
        is_followed = follower is not None and follower.kind not in _NO_START
        return None if is_followed else ProblemCode.DANGLING_OPERATOR
    if lexeme.kind is not Kind.FIELD:
        return None
    if follower is None or follower.kind not in _VALUES:
        return ProblemCode.MISSING_VALUE
    is_bad_year = lexeme.field == YEAR_FIELD and follower.kind is Kind.OPERAND and follower.years is None
    return ProblemCode.BAD_YEAR if is_bad_year else None


def _with_left_sides(lexemes: list[Lexeme], problems: Problems) -> list[Lexeme]:
    """From left to right: AND or OR without anything before it becomes a word."""
    repaired: list[Lexeme] = []
    for lexeme in lexemes:
        is_led = bool(repaired) and repaired[-1].kind in _ENDS
        if lexeme.kind in _BINARY and not is_led:
            problems.add(ProblemCode.DANGLING_OPERATOR, lexeme.start, lexeme.end)
            lexeme = _as_words(lexeme)
        repaired.append(lexeme)
    return repaired


def _as_words(lexeme: Lexeme) -> Lexeme:
    return replace(lexeme, kind=Kind.OPERAND, field=None)
