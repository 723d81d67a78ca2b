"""Related works as the outside sees them."""

from __future__ import annotations

from research_api.domain.record_bodies import work_body
from research_api.services.related import RelatedAnswer


def related_body(answer: RelatedAnswer) -> dict[str, object]:
    """Works related to one, each with its reasons."""
    return {
        "id": answer.work.id,
        "results": [
            {
                "work": work_body(one.work),
                "score": one.score,
                "similarity": one.similarity,
                "shared_references": one.shared_references,
            }
            for one in answer.results
        ],
        "warnings": [{"code": one.code, "detail": one.detail} for one in answer.warnings],
        "degraded": answer.degraded,
    }
