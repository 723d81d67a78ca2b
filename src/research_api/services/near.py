"""Works near to a query among those that its filters and clauses leave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from research_api.domain.index import IndexRequest
from research_api.domain.neighbours import few, reach
from research_api.domain.query import year_bounds
from research_api.domain.search import MAX_KEPT_WORKS
from research_api.domain.vectors import Neighbours
from research_api.services.ports import SearchIndex
from research_api.services.vector_search import Encoded, VectorSearch


class NearWorks:
    """The store knows nearness, years and types; the index knows what the other clauses leave."""

    def __init__(self, index: SearchIndex, vectors: VectorSearch, few_of: Callable[[int], int] = few) -> None:
        """few_of: at most how many of so many works are compared one by one."""
        self._index = index
        self._vectors = vectors
        self._few_of = few_of

    def find(self, encoded: Encoded, asked: IndexRequest, limit: int) -> Neighbours:
        """At most `limit` works, nearest first. Raises DatabaseUnavailable."""
        works = self._index.size()
        accepted = self._index.accepted(asked.query, asked.filters, self._few_of(works))
        bounds = year_bounds(asked.query)
        filters = asked.filters.within_years(bounds.first, bounds.last)
        if bounds.is_whole or accepted is None or accepted.numbers is not None:
            left = works if accepted is None else accepted.total
            return self._vectors.nearest(encoded, filters, accepted, limit, reach=reach(limit, left, works))
        # Postgres knows nothing of words and names: of a longer list the index tells what the other clauses leave
        far = reach(MAX_KEPT_WORKS, works, works)
        near = self._vectors.nearest(encoded, filters, accepted, MAX_KEPT_WORKS, reach=far)
        return self._left_of(near, asked, limit)

    def _left_of(self, near: Neighbours, asked: IndexRequest, limit: int) -> Neighbours:
        """The nearest ones of those that filters and clauses leave."""
        only = replace(
            asked, near=near.numbers, only=near.numbers, words_match=False, facets=(), title_key=None
        )
        left = set(self._index.search(replace(only, limit=max(len(near.numbers), 1))).numbers)
        pairs = [one for one in zip(near.numbers, near.similarities, strict=True) if one[0] in left][:limit]
        return Neighbours(tuple(number for number, _ in pairs), tuple(cosine for _, cosine in pairs))
