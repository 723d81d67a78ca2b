"""Which published work a preprint is of."""

from __future__ import annotations

from collections.abc import Iterable

from research_api.domain.agreement import WorkState
from research_api.domain.likeness import is_preprint, is_version


def is_preprint_work(work: WorkState) -> bool:
    """True where every record tells of a manuscript: with the record of a publication the work is that one."""
    return bool(work.records) and all(is_preprint(record) for record in work.records.values())


def published_version(preprint: WorkState, candidates: Iterable[WorkState]) -> str | None:
    """The id of the publication that the preprint surely is of, or None; of several the surest, then the first."""
    found = []
    for work in candidates:
        if work.id != preprint.id and not is_preprint_work(work):
            strength = max(
                (is_version(a, b) for a in preprint.records.values() for b in work.records.values()),
                default=0,
            )
            if strength:
                found.append((-strength, _year_of(work), work.id))
    return min(found)[2] if found else None


def _year_of(work: WorkState) -> int:
    return min((record.year for record in work.records.values() if record.year is not None), default=0)
