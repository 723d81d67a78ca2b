"""Answers of a search as the outside sees them."""

from __future__ import annotations

from collections.abc import Collection

from research_api.domain.record_bodies import hit_body
from research_api.domain.search import SearchAnswer, SearchWarning, SourceReport

# the last member, in which equal answers to two requests differ
REQUEST_ID = "request_id"


def search_body(answer: SearchAnswer, wanted: Collection[str], request_id: str) -> dict[str, object]:
    """The whole answer. wanted: the fields of each result; empty means all."""
    return {
        "query": {"text": answer.text, "mode": answer.mode, "canonical": answer.canonical},
        "results": [hit_body(hit, wanted) for hit in answer.hits],
        "sources": [_source_body(report) for report in answer.sources],
        "total": {"value": answer.total, "relation": answer.relation},
        "facets": {
            name: [{"value": one.value, "count": one.count} for one in counts]
            for name, counts in answer.facets.items()
        },
        "warnings": [_warning_body(warning) for warning in answer.warnings],
        "retry_token": None,
        "complete": answer.complete,
        "degraded": answer.degraded,
        "cache": answer.cache,
        "next_cursor": answer.next_cursor,
        REQUEST_ID: request_id,
    }


def results_of(body: dict[str, object], answer: SearchAnswer) -> dict[str, object]:
    """The part of the body that an ETag stands for.

    Left out is what differs between equal answers: the request id, how long each source took, whether the cache
    had it, and the text of the cursor, which is new for every list that is kept. A 304 carries the new one as a Link.
    """
    return {
        **body,
        "sources": [(report.name, report.outcome, report.count, report.sent) for report in answer.sources],
        "next_cursor": answer.next_cursor is not None,
        REQUEST_ID: None,
        "cache": None,
    }


def _source_body(report: SourceReport) -> dict[str, object]:
    return {
        "name": report.name,
        "outcome": report.outcome,
        "count": report.count,
        "latency_ms": report.latency_ms,
        "sent": report.sent,
        "fidelity": [],
    }


def _warning_body(warning: SearchWarning) -> dict[str, object]:
    return {"code": warning.code, "detail": warning.detail, "start": warning.start, "end": warning.end}
