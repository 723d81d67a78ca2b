"""Cuts a query text into lexemes. Whatever has no words and is no syntax counts as white space."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum

from research_api.domain.query.limits import MAX_CLAUSES
from research_api.domain.query.problems import ProblemCode, Problems
from research_api.domain.query.tree import (
    FIELDS,
    YEAR_FIELD,
    TextLeaf,
    Word,
    Years,
    make_years,
    phrase_of_folded,
)
from research_api.domain.text import (
    IGNORABLE_CHARACTERS,
    CharacterTable,
    Token,
    fold,
    is_cjk_token,
    tokenize,
    words,
)

_QUOTES = '"“”„‟«»\uff02'
_SYNTAX = frozenset("():*<>=.0123456789")
_ZERO_WIDTH_SPACE = "\u200b"
_MINUS = "\u2212"
_LONGEST_OPERATOR = 16

_BLANKS = re.compile(" +")
_RUN = re.compile('[^ ()"]+')
_LATE_COLON = re.compile(" +:")
_YEAR = "[1-9][0-9]{3}"
# The end of a sentence may follow a year, as it may follow a word.
_YEAR_VALUE = re.compile(
    rf"(?:(?P<sign>>=|<=|[<>≤≥-]|\.\.) *(?P<bound>{_YEAR})"
    rf"|(?P<first>{_YEAR})(?: *(?:-|\.\.) *(?P<last>{_YEAR})|(?P<open>-|\.\.))?)[.,;!?]*(?=[ ()\"]|$)"
)
# Stands for words past the cap, which nobody will read: folding each of them took 70 ms for the longest texts.
_BEYOND = ("beyond",)
_DROP_IGNORABLE = str.maketrans("", "", IGNORABLE_CHARACTERS)


class Kind(Enum):
    """What a lexeme is; OPERAND is a word, several words of one run, or a phrase."""

    OPERAND = "operand"
    FIELD = "field"
    AND = "AND"
    OR = "OR"
    NOT = "NOT"
    OPEN = "("
    CLOSE = ")"


_OPERATORS = {"AND": Kind.AND, "OR": Kind.OR, "NOT": Kind.NOT}


@dataclass(frozen=True, slots=True)
class Lexeme:
    """leaves: what it says when read as words, without a field; operators and fields have them too.

    years: the meaning as a value of `year:`, or None. field: the name, where it is a FIELD.
    """

    kind: Kind
    start: int
    end: int
    leaves: tuple[TextLeaf, ...] = ()
    years: Years | None = None
    field: str | None = None


def lex(text: str, problems: Problems) -> list[Lexeme]:
    """The lexemes of an NFC text from left to right, each character looked at a bounded number of times."""
    lexer = _Lexer(text, problems)
    lexer.run()
    return lexer.lexemes


def _syntax_of(character: str) -> str:
    """The one character that the lexer sees: quotes, dashes, blanks and widths made one."""
    if character in _QUOTES:
        return '"'
    if character.isspace() or character == _ZERO_WIDTH_SPACE:
        return " "
    if character == _MINUS or unicodedata.category(character) == "Pd":
        return "-"
    narrow = unicodedata.normalize("NFKC", character)
    return narrow if narrow in _SYNTAX else character


class _Lexer:
    def __init__(self, text: str, problems: Problems) -> None:
        self.lexemes: list[Lexeme] = []
        self._text = text
        self._view = text.translate(_VIEW)
        self._problems = problems
        self._run_end = 0
        self._depth = 0
        self._year_group: int | None = None
        self._leaves = 0

    def run(self) -> None:
        position = 0
        while position < len(self._view):
            blanks = _BLANKS.match(self._view, position)
            position = blanks.end() if blanks else self._read(position)

    def _read(self, position: int) -> int:
        """Reads one lexeme or separator and returns where the next begins."""
        character = self._view[position]
        if character == "(":
            return self._read_open(position)
        if character == ")":
            return self._read_close(position)
        if character == '"':
            return self._read_phrase(position)
        return self._read_year(position) or self._read_run(position)

    def _add(self, lexeme: Lexeme) -> int:
        if lexeme.kind is Kind.OPERAND:
            self._leaves += 1 if lexeme.years else len(lexeme.leaves)
        self.lexemes.append(lexeme)
        return lexeme.end

    def _read_open(self, start: int) -> int:
        self._depth += 1
        if self._year_group is None and self._follows_year_field():
            self._year_group = self._depth
        return self._add(Lexeme(Kind.OPEN, start, start + 1))

    def _read_close(self, start: int) -> int:
        if self._depth == self._year_group:
            self._year_group = None
        self._depth = max(self._depth - 1, 0)
        return self._add(Lexeme(Kind.CLOSE, start, start + 1))

    def _follows_year_field(self) -> bool:
        return bool(self.lexemes) and self.lexemes[-1].field == YEAR_FIELD

    def _read_phrase(self, start: int) -> int:
        close = self._view.find('"', start + 1)
        if close < 0:
            self._problems.add(ProblemCode.UNMATCHED_QUOTE, start, start + 1)
            return start + 1
        folded = _BEYOND if self._leaves > MAX_CLAUSES else tuple(words(self._text[start + 1 : close]))
        if not folded:
            self._problems.add(ProblemCode.EMPTY_PHRASE, start, close + 1)
            return close + 1
        return self._add(Lexeme(Kind.OPERAND, start, close + 1, (phrase_of_folded(folded),)))

    def _read_year(self, start: int) -> int | None:
        """Reads a year or a range where `year:` wants one; None where there is none of either."""
        if self._year_group is None and not self._follows_year_field():
            return None
        found = _YEAR_VALUE.match(self._view, start)
        if found is None:
            return None
        leaves = _leaves_of(self._text, self._tokens(start, found.end()), has_star=False)
        return self._add(Lexeme(Kind.OPERAND, start, found.end(), leaves, _years_of(found)))

    def _read_run(self, start: int) -> int:
        """Reads up to the next blank, parenthesis or quotation mark; a field name ends at its colon."""
        if start >= self._run_end:
            found = _RUN.match(self._view, start)
            self._run_end = found.end() if found else start + 1
        end = self._run_end
        operator = self._operator(start, end)
        if operator is not None:
            return self._add(operator)
        colon = self._view.find(":", start, end)
        if colon >= 0:
            return self._read_named(start, colon)
        late_colon = _LATE_COLON.match(self._view, end)
        if late_colon is not None and fold(self._text[start:end]) in FIELDS:
            return self._read_named(start, late_colon.end() - 1)
        return self._read_words(start, end)

    def _operator(self, start: int, end: int) -> Lexeme | None:
        if end - start > _LONGEST_OPERATOR:
            return None
        name = unicodedata.normalize("NFKC", self._text[start:end].translate(_DROP_IGNORABLE))
        kind = _OPERATORS.get(name)
        return Lexeme(kind, start, end, (Word(name.lower()),)) if kind is not None else None

    def _read_named(self, start: int, colon: int) -> int:
        name = fold(self._text[start:colon]).strip()
        if name in FIELDS:
            return self._add(Lexeme(Kind.FIELD, start, colon + 1, (Word(name),), field=name))
        if not words(name):
            return self._read_words(start, colon) + 1
        self._problems.add(ProblemCode.UNKNOWN_FIELD, start, colon + 1)
        return self._read_words(start, self._run_end)

    def _read_words(self, start: int, end: int) -> int:
        if self._leaves > MAX_CLAUSES:
            return self._add(Lexeme(Kind.OPERAND, start, end, (Word(_BEYOND[0]),)))
        tokens = self._tokens(start, end)
        has_star = self._ends_in_star(tokens, start, end)
        if tokens:
            self._add(Lexeme(Kind.OPERAND, start, end, _leaves_of(self._text, tokens, has_star=has_star)))
        return end

    def _tokens(self, start: int, end: int) -> list[Token]:
        return [Token(text, start + at, start + to) for text, at, to in tokenize(self._text[start:end])]

    def _ends_in_star(self, tokens: list[Token], start: int, end: int) -> bool:
        star = self._view.find("*", start, end)
        if star < 0:
            return False
        is_last = self._view.find("*", star + 1, end) < 0
        if is_last and tokens and tokens[-1].end == star and not is_cjk_token(tokens[-1].text):
            return True
        self._problems.add(ProblemCode.MISPLACED_STAR, star, star + 1)
        return False


def _years_of(found: re.Match[str]) -> Years | None:
    """None for a reversed range and for one that reaches outside the years of four digits."""
    try:
        return make_years(*_bounds_of(found))
    except ValueError:
        return None


def _bounds_of(found: re.Match[str]) -> tuple[int | None, int | None]:
    if found["sign"] is None:
        first = int(found["first"])
        last = int(found["last"]) if found["last"] else first
        return first, None if found["open"] else last
    bound = int(found["bound"])
    if found["sign"] in {">", ">=", "≥"}:
        return bound + (found["sign"] == ">"), None
    return None, bound - (found["sign"] == "<")


def _leaves_of(text: str, tokens: list[Token], *, has_star: bool) -> tuple[TextLeaf, ...]:
    """A Word for each token, a Phrase for each unbroken run of CJK characters; the star goes to the last.

    At most one more than the cap allows, which is enough to see that it is passed.
    """
    runs: list[list[Token]] = []
    for token in tokens:
        if runs and _continues(text, runs[-1][-1], token):
            runs[-1].append(token)
        elif len(runs) > MAX_CLAUSES:
            break
        else:
            runs.append([token])
    leaves = [phrase_of_folded(tuple(token.text for token in run)) for run in runs]
    if has_star:
        leaves[-1] = Word(tokens[-1].text, prefix=True)
    return tuple(leaves)


def _continues(text: str, before: Token, token: Token) -> bool:
    gap = text[before.end : token.start]
    return is_cjk_token(before.text) and is_cjk_token(token.text) and not gap.strip(IGNORABLE_CHARACTERS)


_VIEW = CharacterTable(_syntax_of)
