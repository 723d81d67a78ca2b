"""Works, their records, identifiers and redirects in Postgres."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from research_api.db.bulk import upsert_rows
from research_api.db.engine import Database
from research_api.db.known import changed_of, digests_of, load, owners_of
from research_api.db.tables import identifiers, work_records, work_redirects, work_references, works
from research_api.db.turns import CATALOG_WRITERS_LOCK, TURN
from research_api.db.versions import links_among, links_of, write_links
from research_api.db.work_rows import SHOWN_COLUMNS, WRITTEN_COLUMNS, row_of, work_of
from research_api.domain.agreement import RecordKey
from research_api.domain.previews import Looked
from research_api.domain.upsert import (
    Incoming,
    Known,
    MergedWork,
    Outcome,
    Plan,
    Upsert,
)
from research_api.domain.works import Identifier, Work

_FORGET_REFERENCES = sa.text("DELETE FROM work_references WHERE work_id = ANY(CAST(:ids AS text[]))")
_KEEP_NAMES = sa.text(
    "INSERT INTO work_redirects (old_id, new_id) SELECT DISTINCT ON (told.id) told.id, r.work_id"
    " FROM unnest(CAST(:sources AS text[]), CAST(:source_ids AS text[]), CAST(:told AS text[]))"
    " AS told (source, source_id, id)"
    " JOIN work_records AS r ON r.source = told.source AND r.source_id = told.source_id"
    " WHERE NOT EXISTS (SELECT FROM works WHERE works.id = told.id) ORDER BY told.id, r.work_id"
    " ON CONFLICT (old_id) DO NOTHING"
)
_RECORD_COLUMNS = ("source", "source_id", "work_id", "digest", "body")


class PostgresWorkStore:
    """The truth about works."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def upsert(self, batch: Sequence[Incoming]) -> list[Outcome]:
        """Each record is stored and its work merged anew; outcomes in the order of the records. All or none.

        Raises DatabaseUnavailable.
        """
        with self._database.begin() as connection:
            connection.execute(TURN, {"lock": CATALOG_WRITERS_LOCK})
            known = Known(digests=digests_of(connection, batch))
            changed = changed_of(known, batch)
            if not changed:
                return [Outcome.UNCHANGED] * len(batch)
            load(connection, known, changed)
            plan = Upsert(known).decide(batch)
            _write(connection, plan)
        return list(plan.outcomes)

    def keep_names(self, told: Mapping[RecordKey, str]) -> None:
        """Each record's work is also found under the id that somebody was told for it, unless that is another work.

        Raises DatabaseUnavailable.
        """
        columns = {
            "sources": [source for source, _ in told],
            "source_ids": [source_id for _, source_id in told],
            "told": [*told.values()],
        }
        with self._database.begin() as connection:
            connection.execute(TURN, {"lock": CATALOG_WRITERS_LOCK})
            connection.execute(_KEEP_NAMES, columns)

    def look(self, batch: Sequence[Incoming], *, with_works: bool) -> Looked:
        """What is stored that the records may touch, to preview what storing them would give.

        with_works: False leaves out works that the records do not change; their links are there all the same.
        All of one moment: with a work that another stored in between, its id would be taken and its records unknown,
        and the preview would name it otherwise than it is stored. Raises DatabaseUnavailable.
        """
        with self._database.connect() as connection:
            known = Known(digests=digests_of(connection, batch))
            if not changed_of(known, batch):
                # nothing to decide, so no moment to keep; a transaction would cost three more round trips
                return _told(connection, known, batch, with_works=with_works)
        with self._database.snapshot() as connection:
            known = Known(digests=digests_of(connection, batch))
            load(connection, known, changed_of(known, batch))
            return _told(connection, known, batch, with_works=with_works)

    def by_ids(self, ids: Sequence[str]) -> dict[str, Work]:
        """The works under the ids asked, survivors under the ids that were merged away; unknown ids are left out."""
        if not ids:
            return {}
        with self._database.connect() as connection:
            found = _works(connection, ids)
            missing = [work_id for work_id in ids if work_id not in found]
            if missing:
                moved = _redirects(connection, missing)
                survivors = _works(connection, sorted(set(moved.values()))) if moved else {}
                found |= {old: survivors[new] for old, new in moved.items() if new in survivors}
        return found

    def ids_of(self, wanted: Sequence[Identifier]) -> dict[Identifier, str]:
        """The work id of each identifier that is known."""
        if not wanted:
            return {}
        with self._database.connect() as connection:
            return owners_of(connection, wanted)

    def ids_by_title(self, title_key: bytes, limit: int) -> list[str]:
        """Works whose whole title folds to that key, oldest first."""
        query = (
            sa.select(works.c.id)
            .where(works.c.title_key == title_key)
            .order_by(works.c.created_at, works.c.id)
            .limit(limit)
        )
        with self._database.connect() as connection:
            return list(connection.execute(query).scalars())

    def links_among(self, numbers: Sequence[int]) -> dict[int, int]:
        """Preprint to publication, as numbers of works, where both are among these. Raises DatabaseUnavailable."""
        if len(numbers) < 2:
            return {}
        with self._database.connect() as connection:
            return links_among(connection, numbers)

    def count(self) -> int:
        """How many works there are."""
        with self._database.connect() as connection:
            return int(connection.execute(sa.select(sa.func.count()).select_from(works)).scalar_one())

    def size_bytes(self) -> int:
        """What the catalog's tables and their indexes take on disk."""
        names = [table.name for table in (works, work_records, identifiers, work_redirects, work_references)]
        query = sa.text(
            "SELECT sum(pg_total_relation_size(name::regclass)) FROM unnest(CAST(:names AS text[])) AS name"
        )
        with self._database.connect() as connection:
            return int(connection.execute(query, {"names": names}).scalar_one())


def _told(connection: sa.Connection, known: Known, batch: Sequence[Incoming], *, with_works: bool) -> Looked:
    """With the works that the records belong to, or the links of these."""
    ids = {known.digests[one.key][0] for one in batch if one.key in known.digests}
    if with_works and ids:
        return Looked(known, _works(connection, sorted(ids)))
    known.links |= links_of(connection, ids)
    return Looked(known, {})


def _works(connection: sa.Connection, ids: Sequence[str]) -> dict[str, Work]:
    query = sa.select(*SHOWN_COLUMNS).where(
        works.c.id == sa.any_(sa.bindparam("ids", type_=sa.ARRAY(sa.Text)))
    )
    return {row.id: work_of(row) for row in connection.execute(query, {"ids": list(ids)})}


def _redirects(connection: sa.Connection, ids: Sequence[str]) -> dict[str, str]:
    query = sa.select(work_redirects.c.old_id, work_redirects.c.new_id).where(
        work_redirects.c.old_id == sa.any_(sa.bindparam("ids", type_=sa.ARRAY(sa.Text)))
    )
    return {row.old_id: row.new_id for row in connection.execute(query, {"ids": list(ids)})}


def _write(connection: sa.Connection, plan: Plan) -> None:
    upsert_rows(connection, works, WRITTEN_COLUMNS, [row_of(merged) for merged in plan.works])
    _write_references(connection, plan.works)
    records = [_record_row(one, work) for one, work in plan.records]
    upsert_rows(connection, work_records, _RECORD_COLUMNS, records, json_texts=("body",))
    for (source, source_id), work_id in plan.moved_records:
        connection.execute(
            sa.update(work_records)
            .where(work_records.c.source == source, work_records.c.source_id == source_id)
            .values(work_id=work_id)
        )
    for identifier in plan.released:
        connection.execute(
            sa.delete(identifiers).where(
                identifiers.c.scheme == identifier.scheme, identifiers.c.value == identifier.value
            )
        )
    owners = [
        {"scheme": i.scheme, "value": i.value, "work_id": work_id} for i, work_id in plan.owners.items()
    ]
    upsert_rows(connection, identifiers, ("scheme", "value", "work_id"), owners)
    _redirect(connection, plan.redirects)
    write_links(connection, plan.links)


def _write_references(connection: sa.Connection, merged: Sequence[MergedWork]) -> None:
    connection.execute(_FORGET_REFERENCES, {"ids": [one.work.id for one in merged]})
    rows = [
        {"work_id": one.work.id, "scheme": to.scheme, "value": to.value}
        for one in merged
        for to in one.references
    ]
    upsert_rows(connection, work_references, ("work_id", "scheme", "value"), rows)


def _record_row(incoming: Incoming, work_id: str) -> dict[str, object]:
    return {
        "source": incoming.record.source,
        "source_id": incoming.record.source_id,
        "work_id": work_id,
        "digest": incoming.digest,
        "body": incoming.body_text,
    }


def _redirect(connection: sa.Connection, redirects: dict[str, str]) -> None:
    """Ids merged away point at their survivors, also those that pointed at them before."""
    for old, new in redirects.items():
        connection.execute(sa.update(identifiers).where(identifiers.c.work_id == old).values(work_id=new))
        connection.execute(sa.update(work_redirects).where(work_redirects.c.new_id == old).values(new_id=new))
        connection.execute(sa.delete(works).where(works.c.id == old))
        connection.execute(
            insert(work_redirects)
            .values(old_id=old, new_id=new)
            .on_conflict_do_update(index_elements=["old_id"], set_={"new_id": new})
        )
