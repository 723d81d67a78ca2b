"""What can be wrong with a query text: said as one fault when strict, as warnings when lenient."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from research_api.domain.errors import Fault, QueryInvalid
from research_api.domain.query.limits import (
    MAX_CLAUSES,
    MAX_DEPTH,
    MAX_PREFIXES,
    MAX_QUERY_CHARACTERS,
    MAX_WARNINGS,
)
from research_api.domain.query.tree import FIELDS
from research_api.domain.search import SearchWarning


class ProblemCode(StrEnum):
    """One value per row of the table below; clients may rely on the texts of the values."""

    UNMATCHED_QUOTE = "unmatched_quote"
    UNMATCHED_PARENTHESIS = "unmatched_parenthesis"
    EMPTY_PHRASE = "empty_phrase"
    EMPTY_GROUP = "empty_group"
    UNKNOWN_FIELD = "unknown_field"
    NESTED_FIELD = "nested_field"
    MISSING_VALUE = "missing_value"
    DANGLING_OPERATOR = "dangling_operator"
    MISPLACED_STAR = "misplaced_star"
    BAD_YEAR = "bad_year"
    TOO_LONG = "too_long"
    TOO_DEEP = "too_deep"
    TOO_MANY_CLAUSES = "too_many_clauses"
    TOO_MANY_PREFIXES = "too_many_prefixes"
    NO_WORDS = "no_words"


@dataclass(frozen=True, slots=True)
class _Saying:
    """detail: what is wrong. remedy: what to change. outcome: what a lenient reading makes of it."""

    detail: str
    remedy: str
    outcome: str


_AS_WORDS = "It was read as words."
_LEFT_OUT = "It was left out."

_SAYINGS = {
    ProblemCode.UNMATCHED_QUOTE: _Saying(
        "This quotation mark has no partner.",
        "Close the phrase with a second quotation mark, or remove this one.",
        "It was ignored.",
    ),
    ProblemCode.UNMATCHED_PARENTHESIS: _Saying(
        "This parenthesis has no partner.", "Add the missing one, or remove this one.", "It was ignored."
    ),
    ProblemCode.EMPTY_PHRASE: _Saying(
        "There is no word between these quotation marks.",
        "Put words between them, or remove them.",
        _LEFT_OUT,
    ),
    ProblemCode.EMPTY_GROUP: _Saying(
        "There is nothing to search for in these parentheses.",
        "Put words into them, or remove them.",
        _LEFT_OUT,
    ),
    ProblemCode.UNKNOWN_FIELD: _Saying(
        f"What stands before this colon is no field. The fields are {', '.join(FIELDS)}.",
        "Use one of the fields, or put the text in quotation marks to search for it as it is.",
        _AS_WORDS,
    ),
    ProblemCode.NESTED_FIELD: _Saying(
        "A field cannot stand inside another field's group.",
        "End the first group before the second field, as in title:(deep learning) author:smith.",
        _AS_WORDS,
    ),
    ProblemCode.MISSING_VALUE: _Saying(
        "This field has no value.",
        "Follow the colon with a word, a phrase in quotation marks or a group in parentheses.",
        _AS_WORDS,
    ),
    ProblemCode.DANGLING_OPERATOR: _Saying(
        "This operator lacks something to work on.",
        "AND and OR need something on both sides, NOT needs something after it. "
        "Write the word in small letters to search for it.",
        _AS_WORDS,
    ),
    ProblemCode.MISPLACED_STAR: _Saying(
        "An asterisk may only end a word.",
        "Write the beginning of a word and one asterisk, as in learn*. "
        "It cannot follow a space, a quotation mark or a Chinese or Japanese character.",
        "It was ignored.",
    ),
    ProblemCode.BAD_YEAR: _Saying(
        "This is not a year of four digits, nor a range whose first year comes first.",
        "Write year:2015, year:2015-2020, year:2015-, year:-2020 or year:>=2015.",
        _AS_WORDS,
    ),
    ProblemCode.TOO_LONG: _Saying(
        f"A query has at most {MAX_QUERY_CHARACTERS} characters.",
        "Shorten the query, or split it.",
        "The rest was left out.",
    ),
    ProblemCode.TOO_DEEP: _Saying(
        f"Groups may be nested at most {MAX_DEPTH} deep.",
        "Remove parentheses, or split the query.",
        "Deeper groups were left out or joined with the one around them.",
    ),
    ProblemCode.TOO_MANY_CLAUSES: _Saying(
        f"A query has at most {MAX_CLAUSES} words and phrases.",
        "Shorten the query, or split it.",
        "The rest was left out.",
    ),
    ProblemCode.TOO_MANY_PREFIXES: _Saying(
        f"A query has at most {MAX_PREFIXES} words with an asterisk.",
        "Write the others out, or split the query.",
        "The other asterisks were ignored.",
    ),
    ProblemCode.NO_WORDS: _Saying(
        "There is no word to search for.", "Add a word, a phrase or a year.", "Nothing was searched for."
    ),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """start, end: half-open code points into the NFC text of the query."""

    code: ProblemCode
    start: int
    end: int

    def as_warning(self) -> SearchWarning:
        """What is wrong, and what was made of it."""
        saying = _SAYINGS[self.code]
        return SearchWarning(self.code.value, f"{saying.detail} {saying.outcome}", self.start, self.end)

    def as_error(self) -> QueryInvalid:
        """What is wrong, as the error's only fault, with the remedy as its hint."""
        saying = _SAYINGS[self.code]
        fault = Fault("/q", saying.detail, start=self.start, end=self.end, hint=saying.remedy)
        return QueryInvalid(f"The query breaks the grammar. {saying.detail} {saying.remedy}", faults=(fault,))


class Problems:
    """Collects what one parse finds. The codes of caps are kept once, at the place where the cap was met."""

    _ONCE = frozenset({ProblemCode.TOO_DEEP, ProblemCode.TOO_MANY_CLAUSES, ProblemCode.TOO_MANY_PREFIXES})

    def __init__(self) -> None:
        self._found: list[Problem] = []
        self._codes: set[ProblemCode] = set()

    def add(self, code: ProblemCode, start: int, end: int) -> None:
        """Notes one problem; the parse goes on."""
        if code in self._ONCE and code in self._codes:
            return
        self._codes.add(code)
        self._found.append(Problem(code, start, end))

    def by_position(self) -> list[Problem]:
        """The leftmost first; at one place the one found first."""
        return sorted(self._found, key=lambda problem: problem.start)

    def as_warnings(self) -> tuple[SearchWarning, ...]:
        """The first MAX_WARNINGS of them, from left to right."""
        return tuple(problem.as_warning() for problem in self.by_position()[:MAX_WARNINGS])
