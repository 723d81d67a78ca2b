"""Questions as a search puts them to a source."""

from __future__ import annotations

from research_api.domain.query import parse_lenient, parse_strict
from research_api.domain.search import Filters, Sort
from research_api.domain.sources import SourceQuestion


def question(
    text: str,
    *,
    is_strict: bool = False,
    filters: Filters = Filters(),  # noqa: B008 - frozen
    sort: Sort = Sort.RELEVANCE,
    limit: int = 25,
) -> SourceQuestion:
    """A search as a source gets it; the years in its query stand in its filters."""
    query = parse_strict(text) if is_strict else parse_lenient(text).query
    assert query is not None
    return SourceQuestion(text, query, is_strict, filters, sort, limit)
