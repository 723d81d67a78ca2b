"""Works as rows and back."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from research_api.db.tables import works
from research_api.domain.merging import author_to_body, open_access_to_body
from research_api.domain.upsert import MergedWork
from research_api.domain.works import Author, OpenAccess, Rejected, SourceRef, Version, Work

_READ = (
    "id", "title", "abstract", "authors", "year", "date", "venue", "type", "identifiers", "url",
    "open_access", "citation_count", "retracted", "sources", "provenance", "disagreements",
)  # fmt: skip

# the other one of each link, the one that appeared first before the others
_VERSIONS: sa.ColumnElement[Any] = sa.literal_column(
    "(SELECT json_agg(json_build_object('id', v.id, 'type', v.type, 'year', v.year) ORDER BY v.year, v.id)"
    " FROM work_versions AS l JOIN works AS v"
    " ON v.id = CASE WHEN l.preprint_id = works.id THEN l.published_id ELSE l.preprint_id END"
    " WHERE l.preprint_id = works.id OR l.published_id = works.id)"
).label("versions")

WORK_COLUMNS = tuple(works.c[name] for name in _READ)
SHOWN_COLUMNS: tuple[sa.ColumnElement[Any], ...] = (*WORK_COLUMNS, _VERSIONS)
WRITTEN_COLUMNS = (*_READ, "title_key", "near_title", "near_family")


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
        "near_title": merged.near.by_title if merged.near else None,
        "near_family": merged.near.by_family if merged.near else None,
        "disagreements": {
            name: [{"source": one.source, "value": one.value} for one in rejected]
            for name, rejected in work.disagreements.items()
        },
    }


def work_of(row: Any) -> Work:
    """The work that a row of WORK_COLUMNS or SHOWN_COLUMNS holds."""
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
        disagreements=_disagreements_of(row.disagreements),
        versions=tuple(Version(**one) for one in getattr(row, "versions", None) or ()),
    )


def _disagreements_of(body: dict[str, list[dict[str, Any]]]) -> MappingProxyType[str, tuple[Rejected, ...]]:
    return MappingProxyType(
        {name: tuple(Rejected(**one) for one in rejected) for name, rejected in body.items()}
    )
