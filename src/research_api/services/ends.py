"""The ends of a work's citations as one source gives them, and as the works that they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from research_api.domain.batch import Incoming, prepare
from research_api.domain.edges import Told
from research_api.domain.previews import Preview
from research_api.domain.sources import Edges
from research_api.domain.works import Identifier


@dataclass(frozen=True, slots=True)
class Ends:
    """What one source gave. total: how many there are in all, None where it does not say."""

    records: tuple[Incoming, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    work_ids: tuple[str, ...] = ()
    total: int | None = None

    @property
    def count(self) -> int:
        """How many it gave."""
        return len(self.records) + len(self.identifiers) + len(self.work_ids)


def ends_of(edges: Edges) -> Ends:
    """The same with its records prepared."""
    records = tuple([prepare(one, is_part=True) for one in edges.records])
    return Ends(records, tuple(dict.fromkeys(edges.identifiers)), (), edges.total)


def told_by(ends: Ends, owners: Mapping[Identifier, str], preview: Preview, own_id: str) -> Told:
    """The ends as ids of works and as names that nobody owns; the work itself is none of them.

    owners: works by their names. preview: of the records of all sources.
    """
    names = [(one, owners.get(one)) for one in ends.identifiers]
    ids = [preview.ids[one.key] for one in ends.records]
    ids += [*ends.work_ids, *(owner for _, owner in names if owner is not None)]
    survivors = dict.fromkeys(preview.redirects.get(one, one) for one in ids)
    survivors.pop(preview.redirects.get(own_id, own_id), None)
    unknown = tuple(one for one, owner in names if owner is None)
    return Told(tuple(survivors), unknown, ends.count, ends.total)


def owners_among(preview: Preview, batch: list[Incoming]) -> dict[Identifier, str]:
    """The works that the names in the records would belong to: the first record that gives a name claims it."""
    owners: dict[Identifier, str] = {}
    for one in batch:
        for identifier in one.record.identifiers:
            owners.setdefault(identifier, preview.ids[one.key])
    return owners
