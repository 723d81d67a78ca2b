"""Questions as a search puts them to a source."""

from __future__ import annotations

from typing import Any

from research_api.domain.query import parse_strict
from research_api.domain.search import Filters, Sort
from research_api.domain.sources import SourceQuestion


def question(
    text: str, *, sort: Sort = Sort.RELEVANCE, limit: int = 25, is_strict: bool = False, **filters: Any
) -> SourceQuestion:
    """The question, with those of the filters that are named."""
    return SourceQuestion(text, parse_strict(text), is_strict, Filters(**filters), sort, limit)
