"""Works that a record may be alike to, found by their keys."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from research_api.domain.batch import Incoming
from research_api.domain.titles import compare_titles, title_form

# `Machine translation` by a Wang is in hundreds of titles; those of the nearest years are looked at
MAX_NEAR = 20

# A plain join is planned as a scan of all works while the growing table has no statistics: 54 ms for 500 keys.
_NEAR = sa.text(
    "SELECT asked.place, asked.key, found.id, found.title FROM unnest(CAST(:places AS int[]), CAST(:keys AS bigint[]),"
    " CAST(:years AS int[]), CAST(:titled AS boolean[])) AS asked (place, key, year, titled) CROSS JOIN LATERAL ("
    " (SELECT id, title FROM works WHERE asked.titled AND near_title = asked.key LIMIT :most)"
    " UNION ALL (SELECT id, title FROM works WHERE NOT asked.titled AND near_family = asked.key"
    "   ORDER BY abs(year - asked.year), id LIMIT :most)) AS found"
)


def near_works(connection: sa.Connection, changed: Sequence[Incoming]) -> dict[int, list[str]]:
    """By key that a record asks for: the works that have it and a title that agrees with the record's."""
    asked = [
        {"place": place, "key": key, "year": one.record.year, "titled": key != one.near.by_family}
        for place, one in enumerate(changed)
        if one.near is not None
        for key in one.near.asked
    ]
    if not asked:
        return {}
    values = {f"{name}s": [one[name] for one in asked] for name in ("place", "key", "year")}
    values["titled"] = [one["titled"] for one in asked]
    found: dict[int, list[str]] = {}
    for row in connection.execute(_NEAR, {**values, "most": MAX_NEAR}):
        mine = title_form(changed[row.place].record.title)
        ids = found.setdefault(row.key, [])
        if row.id not in ids and compare_titles(mine, title_form(row.title)):
            ids.append(row.id)
    return found
