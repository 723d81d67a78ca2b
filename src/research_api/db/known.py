"""What the tables hold that a batch of records may touch."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from research_api.db.near_works import near_works
from research_api.db.versions import links_of
from research_api.domain.agreement import RecordKey, WorkState
from research_api.domain.batch import Incoming, Known
from research_api.domain.batch_names import candidate_ids
from research_api.domain.merging import record_from_body
from research_api.domain.works import Identifier


def owners_of(connection: sa.Connection, wanted: Sequence[Identifier]) -> dict[Identifier, str]:
    """The work id of each identifier that is known."""
    query = sa.text(
        "SELECT i.scheme, i.value, i.work_id FROM unnest(CAST(:schemes AS text[]), CAST(:values AS text[]))"
        " AS asked (scheme, value) JOIN identifiers AS i ON i.scheme = asked.scheme AND i.value = asked.value"
    )
    values = {"schemes": [i.scheme for i in wanted], "values": [i.value for i in wanted]}
    return {Identifier(row.scheme, row.value): row.work_id for row in connection.execute(query, values)}


def digests_of(connection: sa.Connection, batch: Sequence[Incoming]) -> dict[RecordKey, tuple[str, bytes]]:
    """The work and the digest of each record that is stored."""
    query = sa.text(
        "SELECT r.source, r.source_id, r.work_id, r.digest FROM unnest(CAST(:sources AS text[]), CAST(:ids AS text[]))"
        " AS asked (source, id) JOIN work_records AS r ON r.source = asked.source AND r.source_id = asked.id"
    )
    values = {"sources": [one.record.source for one in batch], "ids": [one.record.source_id for one in batch]}
    return {
        (row.source, row.source_id): (row.work_id, bytes(row.digest))
        for row in connection.execute(query, values)
    }


def changed_of(known: Known, batch: Sequence[Incoming]) -> list[Incoming]:
    """The records that are new, or say something else than before."""
    return [one for one in batch if known.digests.get(one.key, ("", b""))[1] != one.digest]


def load(connection: sa.Connection, known: Known, changed: Sequence[Incoming]) -> None:
    """Everything that the changed records may touch is in `known`."""
    wanted = sorted({i for one in changed for i in one.record.identifiers}, key=lambda i: (i.scheme, i.value))
    known.owners = owners_of(connection, wanted)
    known.near = near_works(connection, changed)
    touched = {known.digests[one.key][0] for one in changed if one.key in known.digests}
    touched.update(known.owners.values())
    touched.update(work_id for ids in known.near.values() for work_id in ids)
    known.links = links_of(connection, touched)
    touched.update(known.links, known.links.values())
    _load_states(connection, known, sorted(touched))
    candidates = sorted({work_id for one in changed for work_id in candidate_ids(one.record)})
    taken = sa.text(
        "SELECT id FROM works WHERE id = ANY(:ids) UNION ALL SELECT old_id FROM work_redirects WHERE old_id = ANY(:ids)"
    )
    known.taken_ids = set(connection.execute(taken, {"ids": candidates}).scalars())


def _load_states(connection: sa.Connection, known: Known, work_ids: Sequence[str]) -> None:
    if not work_ids:
        return
    query = sa.text(
        "SELECT w.id, (extract(epoch FROM w.created_at) * 1000000)::bigint AS age, r.source, r.source_id, r.body"
        " FROM works AS w JOIN work_records AS r ON r.work_id = w.id WHERE w.id = ANY(:ids)"
    )
    for row in connection.execute(query, {"ids": list(work_ids)}):
        state = known.works.setdefault(row.id, WorkState(row.id, row.age))
        state.records[(row.source, row.source_id)] = record_from_body(row.body)
    owned = sa.text("SELECT scheme, value, work_id FROM identifiers WHERE work_id = ANY(:ids)")
    for row in connection.execute(owned, {"ids": list(work_ids)}):
        known.owners[Identifier(row.scheme, row.value)] = row.work_id
