"""The syntax tree. Build it with the `make_` functions: they keep it flat, folded and printable."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from research_api.domain.text import is_cjk_token, words

TEXT_FIELDS = ("title", "author", "venue")
YEAR_FIELD = "year"
FIELDS = (*TEXT_FIELDS, YEAR_FIELD)
EARLIEST_YEAR, LATEST_YEAR = 1_000, 9_999


@dataclass(frozen=True, slots=True)
class Word:
    """One folded word; field None means title or abstract. prefix: it may go on, as `learn*` does."""

    text: str
    field: str | None = None
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Phrase:
    """Two or more folded words next to each other inside one field; field None means title or abstract."""

    words: tuple[str, ...]
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Years:
    """Years from first to last, both inclusive; None is an open end, never both."""

    first: int | None
    last: int | None


@dataclass(frozen=True, slots=True)
class Not:
    """True where the operand is not; the operand is never a Not."""

    operand: Query


@dataclass(frozen=True, slots=True)
class And:
    """All of two or more operands, none of them an And."""

    operands: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of two or more operands, none of them an Or."""

    operands: tuple[Query, ...]


TextLeaf: TypeAlias = Word | Phrase
Leaf: TypeAlias = Word | Phrase | Years
Query: TypeAlias = Word | Phrase | Years | Not | And | Or


def make_word(text: str, field: str | None = None, *, prefix: bool = False) -> Word:
    """The word, folded. Raises ValueError unless the text is one word that can bear field and prefix."""
    folded = words(text)
    if len(folded) != 1 or (prefix and is_cjk_token(folded[0])):
        raise ValueError("a Word holds exactly one word, and a CJK character is no prefix")
    return Word(folded[0], _text_field(field), prefix)


def make_phrase(texts: Iterable[str], field: str | None = None) -> TextLeaf:
    """All words of the texts, folded; a phrase of one word is that Word. Raises ValueError without any."""
    folded = tuple(word for text in texts for word in words(text))
    if not folded:
        raise ValueError("a Phrase needs a word")
    return phrase_of_folded(folded, _text_field(field))


def phrase_of_folded(folded: tuple[str, ...], field: str | None = None) -> TextLeaf:
    """As `make_phrase`, for words that are folded already."""
    return Phrase(folded, field) if len(folded) > 1 else Word(folded[0], field)


def make_years(first: int | None, last: int | None) -> Years:
    """Raises ValueError for years not of four digits, a reversed range, and a range without any end."""
    ends = [year for year in (first, last) if year is not None]
    if not ends or ends != sorted(ends) or not all(EARLIEST_YEAR <= year <= LATEST_YEAR for year in ends):
        raise ValueError("a year range needs an end, ends of four digits, and the earlier one first")
    return Years(first, last)


def make_not(operand: Query) -> Query:
    """The negation; a negation of a negation is the operand itself."""
    return operand.operand if isinstance(operand, Not) else Not(operand)


def make_and(operands: Iterable[Query]) -> Query:
    """All of them, flattened, each once; a single operand stays itself. Raises ValueError without any."""
    flat: dict[Query, None] = {}
    for operand in operands:
        flat.update(dict.fromkeys(operand.operands if isinstance(operand, And) else (operand,)))
    return And(tuple(flat)) if len(flat) > 1 else _single(flat)


def make_or(operands: Iterable[Query]) -> Query:
    """Any of them, flattened, each once; a single operand stays itself. Raises ValueError without any."""
    flat: dict[Query, None] = {}
    for operand in operands:
        flat.update(dict.fromkeys(operand.operands if isinstance(operand, Or) else (operand,)))
    return Or(tuple(flat)) if len(flat) > 1 else _single(flat)


def positive_leaves(query: Query) -> Iterator[Leaf]:
    """The leaves that stand under no Not, from left to right."""
    if isinstance(query, And | Or):
        for operand in query.operands:
            yield from positive_leaves(operand)
    elif not isinstance(query, Not):
        yield query


def _single(operands: Iterable[Query]) -> Query:
    for operand in operands:
        return operand
    raise ValueError("at least one operand")


def _text_field(field: str | None) -> str | None:
    if field is not None and field not in TEXT_FIELDS:
        raise ValueError(f"words stand in one of {', '.join(TEXT_FIELDS)}")
    return field
