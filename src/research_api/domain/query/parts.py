"""What a ranked search makes of a query: one part restricts, one part ranks."""

from __future__ import annotations

from research_api.domain.query.tree import (
    And,
    Not,
    Or,
    Query,
    TextLeaf,
    Years,
    make_and,
    make_or,
    positive_leaves,
)


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
