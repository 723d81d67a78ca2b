"""Which publication a preprint is of."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa

from research_api.db.bulk import upsert_rows
from research_api.db.tables import work_versions
from research_api.domain.works import work_number

_AMONG = sa.text(
    "SELECT preprint, published FROM work_versions WHERE preprint = ANY(CAST(:numbers AS bigint[]))"
)
_OF_EITHER = sa.text(
    "SELECT preprint_id, published_id FROM work_versions WHERE preprint_id = ANY(:ids) OR published_id = ANY(:ids)"
)
_FORGET = sa.text("DELETE FROM work_versions WHERE preprint_id = ANY(:ids)")


def links_among(connection: sa.Connection, numbers: Sequence[int]) -> dict[int, int]:
    """Preprint to publication, as numbers of works, where both are among these."""
    # written out as one text: as an array of the driver a thousand numbers take twice as long
    text = "{" + ",".join(map(str, numbers)) + "}"
    among = set(numbers)
    rows = connection.execute(_AMONG, {"numbers": text})
    return {row.preprint: row.published for row in rows if row.published in among}


def links_of(connection: sa.Connection, ids: Collection[str]) -> dict[str, str]:
    """The links of which one end is among these works."""
    if not ids:
        return {}
    rows = connection.execute(_OF_EITHER, {"ids": list(ids)})
    return {row.preprint_id: row.published_id for row in rows}


def write_links(connection: sa.Connection, links: Mapping[str, str | None]) -> None:
    """Each preprint is linked to that publication, or to none."""
    if not links:
        return
    connection.execute(_FORGET, {"ids": [preprint for preprint, published in links.items() if not published]})
    rows = [
        {
            "preprint_id": preprint,
            "published_id": published,
            "preprint": work_number(preprint),
            "published": work_number(published),
        }
        for preprint, published in links.items()
        if published
    ]
    columns = ("preprint_id", "published_id", "preprint", "published")
    upsert_rows(connection, work_versions, columns, rows)
