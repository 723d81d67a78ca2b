"""What a ranked search makes of a query: one part restricts, one part ranks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from research_api.domain.query.tree import (
    And,
    Not,
    Or,
    Phrase,
    Query,
    TextLeaf,
    Word,
    Years,
    make_and,
    make_or,
    positive_leaves,
)
from research_api.domain.text import fold, words

# one or two letters before the mark are an abbreviation more often than the end of a sentence
_NEXT_SENTENCE = re.compile(r"(?:\w{3}|[^\w ])[.?!] ")
# every dash is white space, as in the words; what opens and closes phrases and groups says nothing
_BLANKS = dict.fromkeys(map(ord, '-\u2010\u2011\u2012\u2013\u2014\u2015\u2212"“”„«»()'), " ")


def filter_part(query: Query) -> Query | None:
    """The condition that every ranked work must satisfy; None means no restriction.

    Words and phrases without a field only rank, so they hold for every work. Field clauses restrict, and so
    does NOT with all that stands under it. An OR restricts only where each of its branches does.
    """
    if isinstance(query, Not | Years):
        return query
    if isinstance(query, And | Or):
        parts = [filter_part(operand) for operand in query.operands]
        kept = [part for part in parts if part is not None]
        if not kept or (isinstance(query, Or) and len(kept) < len(parts)):
            return None
        return make_and(kept) if isinstance(query, And) else make_or(kept)
    return query if query.field is not None else None


def ranking_leaves(query: Query) -> tuple[TextLeaf, ...]:
    """The words, prefixes and phrases that stand under no NOT, each once, in the order of the query.

    `leaf.field` tells those of a field clause. Years rank nothing and are not among them.
    """
    leaves = (leaf for leaf in positive_leaves(query) if not isinstance(leaf, Years))
    return tuple(dict.fromkeys(leaves))


def repeated_words(text: str) -> Mapping[str, int]:
    """The folded words that the text has more than once, with how often: a word said twice is meant more."""
    return {word: count for word, count in Counter(words(text)).items() if count > 1}


def text_of_meaning(text: str, query: Query) -> str:
    """What of the text is to be turned into a vector; empty where nothing of it ranks.

    Without syntax that is the text itself, for a model reads sentences better than words, a single sentence without
    the mark at its end; else the words that rank. Case, width, diacritics, dashes and white space make no difference.
    """
    leaves = query.operands if isinstance(query, And) else (query,)
    is_plain = all(isinstance(one, Phrase | Word) and one.field is None for one in leaves)
    if is_plain and not any(isinstance(one, Word) and one.prefix for one in leaves):
        return _without_end(" ".join(fold(text).translate(_BLANKS).split()))
    ranking = [leaf for leaf in ranking_leaves(query) if leaf.field is None]
    return " ".join(
        word for leaf in ranking for word in (leaf.words if isinstance(leaf, Phrase) else (leaf.text,))
    )


def _without_end(text: str) -> str:
    """Models were taught with queries, few of which end as sentences do; several sentences stay as they are."""
    short = text.rstrip(".?! ")
    return text if not short or _NEXT_SENTENCE.search(short) else short


@dataclass(frozen=True, slots=True)
class YearBounds:
    """The years that a query's `year:` clauses leave, None without a bound.

    is_whole: they are all that the query's filter part says.
    """

    first: int | None
    last: int | None
    is_whole: bool


def year_bounds(query: Query) -> YearBounds:
    """What the filter part says about years where each of its clauses must hold."""
    condition = filter_part(query)
    if condition is None:
        return YearBounds(None, None, is_whole=True)
    parts = condition.operands if isinstance(condition, And) else (condition,)
    years = [part for part in parts if isinstance(part, Years)]
    firsts = [part.first for part in years if part.first is not None]
    lasts = [part.last for part in years if part.last is not None]
    return YearBounds(max(firsts, default=None), min(lasts, default=None), is_whole=len(years) == len(parts))
