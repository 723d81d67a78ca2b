"""Puts the works that a text names before those that its words find."""

from __future__ import annotations

from collections.abc import Sequence

from research_api.domain.index import IndexHits, KeptList
from research_api.domain.search import MAX_KEPT_WORKS, SearchRequest, Sort
from research_api.services.retrieval import Found


def joined(request: SearchRequest, found: Found, named: Sequence[int]) -> KeptList:
    """The ranked list: by relevance the named works come first, each with a score above the best.

    The index knows the named works and counts them; only one that it lacks is added to the total. In another
    order than relevance they stand where they belong, or at the end of the answer of an index that is missing.
    """
    hits = found.hits
    ranked = list(zip(hits.numbers, hits.scores, strict=True))
    if named and request.sort is Sort.RELEVANCE:
        best = max(hits.scores, default=0.0)
        ranked = [(one, best + 1.0) for one in named] + [one for one in ranked if one[0] not in named]
    lacking = _lacking(hits, named)
    if request.sort is not Sort.RELEVANCE:
        ranked += [(one, 0.0) for one in lacking]
    ranked = ranked[:MAX_KEPT_WORKS]
    return KeptList(
        request=request,
        numbers=tuple([number for number, _ in ranked]),
        scores=tuple([score for _, score in ranked]),
        total=hits.total + len(lacking),
        facets=hits.facets,
        degraded=found.degraded or hits.state != "fresh",
        is_counted=found.is_counted,
    )


def _lacking(hits: IndexHits, named: Sequence[int]) -> list[int]:
    """Named works that are not among the hits, where the hits are all there are."""
    if hits.total > len(hits.numbers) and hits.state == "fresh":
        return []
    return [one for one in named if one not in hits.numbers]
