"""Answers that sources had a part in, and that are no searches, as the outside sees them."""

from __future__ import annotations

from research_api.domain.record_bodies import work_body
from research_api.domain.search import SourceReport
from research_api.services.edges import EdgesAnswer
from research_api.services.works import BatchAnswer


def batch_body(answer: BatchAnswer) -> dict[str, object]:
    """Works by their references, and what came of asking sources for those that the catalog does not have."""
    return {
        "results": [work_body(work) for work in answer.results],
        "missing": list(answer.missing),
        "sources": [_report_body(report) for report in answer.sources],
        "complete": answer.complete,
        "degraded": not answer.complete,
    }


def edges_body(answer: EdgesAnswer) -> dict[str, object]:
    """The works at the other ends of a work's citations, and names of works of which nothing else is known."""
    return {
        "id": answer.work.id,
        "results": [work_body(work) for work in answer.results],
        "unresolved": [f"{one.scheme}:{one.value}" for one in answer.unresolved],
        "total": {"value": answer.total, "relation": answer.relation},
        "sources": [_report_body(report) for report in answer.sources],
        "complete": answer.complete,
        "degraded": answer.degraded,
        "warnings": [{"code": one.code, "detail": one.detail} for one in answer.warnings],
    }


def edge_results_of(body: dict[str, object], answer: EdgesAnswer) -> dict[str, object]:
    """The part of the body that an ETag stands for: all but how long each source took."""
    return {**body, "sources": [(one.name, one.outcome, one.count) for one in answer.sources]}


def _report_body(report: SourceReport) -> dict[str, object]:
    return {
        "name": report.name,
        "outcome": report.outcome,
        "count": report.count,
        "latency_ms": report.latency_ms,
    }
