"""What works refer to."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from research_api.db.engine import Database
from research_api.domain.edges import Referring
from research_api.domain.related import Coupling
from research_api.domain.works import Identifier

# more references than any but surveys have; works that refer to the same one, of which some have 100,000
MAX_REFERENCES = 2_000
MAX_REFERRING = 500
# works that refer to one: so many of each of its names are put in order
MAX_RANKED = 10_000

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

_OF = sa.text(
    "SELECT scheme, value FROM work_references WHERE work_id = :id ORDER BY scheme, value LIMIT :limit"
)
_REFERRING = sa.text(
    "WITH names AS (SELECT scheme, value FROM identifiers WHERE work_id = :id"
    "   UNION SELECT scheme, value"
    "   FROM unnest(CAST(:schemes AS text[]), CAST(:values AS text[])) AS given (scheme, value)),"
    " referring AS (SELECT DISTINCT r.work_id FROM names AS n CROSS JOIN LATERAL"
    "   (SELECT work_id FROM work_references AS w WHERE w.scheme = n.scheme AND w.value = n.value"
    "     AND w.work_id <> :id ORDER BY w.work_id LIMIT :ranked) AS r)"
    " SELECT w.id, count(*) OVER () AS total FROM referring AS r JOIN works AS w ON w.id = r.work_id"
    " ORDER BY w.citation_count DESC NULLS LAST, w.year DESC NULLS LAST, w.id LIMIT :limit"
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

    def of(self, work_id: str, limit: int) -> list[Identifier]:
        """The names of what the work refers to. Raises DatabaseUnavailable."""
        with self._database.connect() as connection:
            rows = connection.execute(_OF, {"id": work_id, "limit": limit}).all()
        return [Identifier(row.scheme, row.value) for row in rows]

    def referring(self, work_id: str, names: Sequence[Identifier], limit: int) -> Referring:
        """Works that refer to this one, the most cited first, then the newest.

        names: other than those that the catalog has of the work. Of a work that more refer to by one name only
        MAX_RANKED are looked at, and they are not counted. Raises DatabaseUnavailable.
        """
        given = {"schemes": [one.scheme for one in names], "values": [one.value for one in names]}
        bounds = {"ranked": MAX_RANKED, "limit": limit}
        with self._database.connect() as connection:
            rows = connection.execute(_REFERRING, {"id": work_id, **given, **bounds}).all()
        total = rows[0].total if rows else 0
        return Referring(tuple([row.id for row in rows]), total if total < MAX_RANKED else None)
