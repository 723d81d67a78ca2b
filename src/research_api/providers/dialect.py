"""From the syntax tree to the query language of a source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from research_api.domain.query import (
    And,
    Not,
    Or,
    Phrase,
    Query,
    Word,
    Years,
    filter_part,
    make_and,
    make_or,
    ranking_leaves,
)
from research_api.domain.search import Filters
from research_api.domain.sources import SourceQuestion


def _plain(text: str) -> str:
    return text


WriteYears = Callable[[int | None, int | None], str]


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a source's query language can say; the defaults are those of Lucene's.

    fields: field of ours, None for words without one, to a template with one `{}`; a field that is missing cannot be
    said. has_or, has_phrases, has_prefixes: whether these can be said. shortest_prefix: characters before the `*`.
    years: writes a range, an open end as None; None where years are no part of the query. escape: applied to each word.
    """

    fields: Mapping[str | None, str] = field(default_factory=lambda: MappingProxyType({None: "{}"}))
    conjunction: str = " AND "
    disjunction: str = " OR "
    has_or: bool = True
    has_phrases: bool = True
    has_prefixes: bool = True
    shortest_prefix: int = 1
    years: WriteYears | None = None
    escape: Callable[[str], str] = _plain


def translated(question: SourceQuestion, dialect: Dialect) -> str:
    """The query in the source's language, never narrower than the question; empty where nothing of it can be said.

    In strict mode every clause must hold. Else any of the words and phrases without a field will do, as the source
    ranks them, and of the rest what restricts must hold. A clause that the source cannot say is left out; our own
    filters apply it to what comes back.
    """
    if question.is_strict:
        return _said(question.query, dialect) or ""
    leaves = [leaf for leaf in ranking_leaves(question.query) if leaf.field is None]
    ranking = [leaf for leaf in leaves if _leaf(leaf, dialect)]
    condition = filter_part(question.query)
    parts = [*([make_or(ranking)] if ranking else []), *([condition] if condition is not None else [])]
    return (_said(make_and(parts), dialect) or "") if parts else ""


def with_years(asked: str, filters: Filters, write_years: WriteYears) -> str:
    """The query and the years of the filters, where it does not say these already."""
    if filters.year_from is None and filters.year_to is None:
        return asked
    years = write_years(filters.year_from, filters.year_to)
    return asked if years in asked else f"{asked} AND {years}"


def plain_words(question: SourceQuestion) -> str:
    """The words that stand under no NOT and in no field but the title, as a source without a language takes them."""
    leaves = (leaf for leaf in ranking_leaves(question.query) if leaf.field in (None, "title"))
    return " ".join(
        word for leaf in leaves for word in (leaf.words if isinstance(leaf, Phrase) else (leaf.text,))
    )


def _said(query: Query, dialect: Dialect) -> str | None:
    """The clause, None where it cannot be said: then it must not restrict."""
    if isinstance(query, And):
        wanted = [part for operand in query.operands if (part := _said(operand, dialect))]
        joint = dialect.conjunction.join(wanted)
        return f"({joint})" if len(wanted) > 1 else joint or None
    if isinstance(query, Or):
        parts = [_said(operand, dialect) for operand in query.operands]
        if not dialect.has_or or None in parts:
            return None
        return "(" + dialect.disjunction.join(part for part in parts if part) + ")"
    if isinstance(query, Not):
        # a source that stems words, or looks into more fields than we do, would leave out more than was asked
        return None
    if isinstance(query, Years):
        return dialect.years(query.first, query.last) if dialect.years else None
    return _leaf(query, dialect)


def _leaf(leaf: Word | Phrase, dialect: Dialect) -> str | None:
    template = dialect.fields.get(leaf.field)
    if template is None:
        return None
    if isinstance(leaf, Phrase):
        if not dialect.has_phrases:
            return _said(make_and([Word(word, leaf.field) for word in leaf.words]), dialect)
        return template.format('"' + " ".join(map(dialect.escape, leaf.words)) + '"')
    if leaf.prefix and not (dialect.has_prefixes and len(leaf.text) >= dialect.shortest_prefix):
        return None
    return template.format(dialect.escape(leaf.text) + ("*" if leaf.prefix else ""))
