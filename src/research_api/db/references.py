"""What works refer to."""

from __future__ import annotations

import sqlalchemy as sa

from research_api.db.engine import Database
from research_api.domain.related import Coupling

# more references than any but surveys have; works that refer to the same one, of which some have 100,000
MAX_REFERENCES = 2_000
MAX_REFERRING = 500

# A source names a work by a DOI, another one by its own number: all names that we know of a work stand for it.
_COUPLED = sa.text(
    "WITH targets AS (SELECT r.scheme, r.value, coalesce(i.work_id, r.scheme || ':' || r.value) AS target"
    "   FROM work_references AS r LEFT JOIN identifiers AS i ON i.scheme = r.scheme AND i.value = r.value"
    "   WHERE r.work_id = :id ORDER BY r.scheme, r.value LIMIT :references),"
    " names AS (SELECT scheme, value, target FROM targets"
    "   UNION SELECT i.scheme, i.value, t.target FROM targets AS t JOIN identifiers AS i ON i.work_id = t.target),"
    " shared AS (SELECT r.work_id, count(DISTINCT n.target) AS shared FROM names AS n CROSS JOIN LATERAL"
    "   (SELECT work_id FROM work_references AS w WHERE w.scheme = n.scheme AND w.value = n.value"
    "     AND w.work_id <> :id ORDER BY w.work_id LIMIT :referring) AS r"
    "   GROUP BY r.work_id ORDER BY shared DESC, r.work_id LIMIT :limit)"
    " SELECT s.work_id, s.shared, (SELECT count(DISTINCT target) FROM targets) AS mine,"
    "   (SELECT count(DISTINCT coalesce(i.work_id, o.scheme || ':' || o.value)) FROM work_references AS o"
    "     LEFT JOIN identifiers AS i ON i.scheme = o.scheme AND i.value = o.value"
    "     WHERE o.work_id = s.work_id) AS theirs"
    " FROM shared AS s ORDER BY s.shared DESC, s.work_id"
)


class PostgresReferenceStore:
    """Reads references; the work store writes them with their works."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def coupled(self, work_id: str, limit: int) -> list[Coupling]:
        """Works that refer to works which this one refers to, those with the most in common first.

        Of a work with more than MAX_REFERENCES only so many are looked at, and of a work that very many refer to
        MAX_REFERRING of those. Raises DatabaseUnavailable.
        """
        bounds = {"references": MAX_REFERENCES, "referring": MAX_REFERRING, "limit": limit}
        with self._database.connect() as connection:
            rows = connection.execute(_COUPLED, {"id": work_id, **bounds}).all()
        return [Coupling(row.work_id, row.shared, row.mine, row.theirs) for row in rows]
