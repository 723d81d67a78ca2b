"""What storing records would give, before they are stored: the same works under the same ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from research_api.domain.agreement import RecordKey
from research_api.domain.upsert import Incoming, Known, Upsert
from research_api.domain.works import Work


@dataclass(frozen=True, slots=True)
class Preview:
    """ids: of each record's work. works: those that the batch would change; the others are as they are stored.

    redirects: ids that would be merged away, to their survivors.
    """

    ids: Mapping[RecordKey, str]
    works: Mapping[str, Work]
    redirects: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def lacking(self) -> list[str]:
        """Ids of works that are not among `works`."""
        return sorted(set(self.ids.values()) - self.works.keys())


def preview_of(known: Known, batch: Sequence[Incoming]) -> Preview:
    """What `Upsert` decides for the batch; with nothing known, what a new catalog would make of it."""
    stored = {key: work_id for key, (work_id, _) in known.digests.items()}
    plan = Upsert(known).decide(batch)
    ids = {one.key: work_id for one, work_id in plan.records}
    for one in batch:
        if one.key not in ids:
            ids[one.key] = plan.redirects.get(stored[one.key], stored[one.key])
    return Preview(ids, {merged.work.id: merged.work for merged in plan.works}, plan.redirects)
