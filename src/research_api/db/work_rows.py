"""Works as rows and back."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from research_api.db.tables import works
from research_api.domain.merging import author_to_body, open_access_to_body
from research_api.domain.upsert import MergedWork
from research_api.domain.works import Author, OpenAccess, SourceRef, Work

_READ = (
    "id", "title", "abstract", "authors", "year", "date", "venue", "type", "identifiers", "url",
    "open_access", "citation_count", "retracted", "sources", "provenance",
)  # fmt: skip

WORK_COLUMNS = tuple(works.c[name] for name in _READ)
WRITTEN_COLUMNS = (*_READ, "title_key", "match_key")


def row_of(merged: MergedWork) -> dict[str, Any]:
    """The columns of `works`, without the times."""
    work = merged.work
    return {
        "id": work.id,
        "title": work.title,
        "abstract": work.abstract,
        "authors": [author_to_body(author) for author in work.authors],
        "year": work.year,
        "date": work.date,
        "venue": work.venue,
        "type": work.type,
        "identifiers": dict(work.identifiers),
        "url": work.url,
        "open_access": open_access_to_body(work.open_access),
        "citation_count": work.citation_count,
        "retracted": work.retracted,
        "sources": [{"name": source.name, "id": source.id} for source in work.sources],
        "provenance": dict(work.provenance),
        "title_key": merged.title_key,
        "match_key": merged.match_key,
    }


def work_of(row: Any) -> Work:
    """The work that a row of WORK_COLUMNS holds."""
    return Work(
        id=row.id,
        title=row.title,
        abstract=row.abstract,
        authors=tuple(Author(**author) for author in row.authors),
        year=row.year,
        date=row.date,
        venue=row.venue,
        type=row.type,
        identifiers=MappingProxyType(row.identifiers),
        url=row.url,
        open_access=OpenAccess(**row.open_access),
        citation_count=row.citation_count,
        retracted=row.retracted,
        sources=tuple(SourceRef(**source) for source in row.sources),
        provenance=MappingProxyType(row.provenance),
    )
