"""Whether two works may be one."""

from __future__ import annotations

from dataclasses import dataclass, field

from research_api.domain.exports import EXPORT_SOURCE
from research_api.domain.identifiers import SCHEMES
from research_api.domain.merging import title_key
from research_api.domain.works import Record

# `local` numbers are a source's own; two of them on one work are no contradiction
_PERSISTENT_SCHEMES = tuple(scheme for scheme in SCHEMES if scheme != "local")

RecordKey = tuple[str, str]


@dataclass(slots=True)
class WorkState:
    """A work while a batch is decided: its records, and its age so that the older id survives a merge."""

    id: str
    age: int
    records: dict[RecordKey, Record] = field(default_factory=dict)

    def values_of(self, scheme: str) -> set[str]:
        """Every value that the work's records give for the scheme."""
        return {i.value for record in self.records.values() for i in record.identifiers if i.scheme == scheme}


def contradicts(record: Record, work: WorkState) -> bool:
    """The strongest scheme that both name decides: two OpenAlex works with one DOI are one, two DOIs are two."""
    for scheme in _PERSISTENT_SCHEMES:
        ours = {i.value for i in record.identifiers if i.scheme == scheme}
        theirs = work.values_of(scheme)
        if ours and theirs:
            return not ours & theirs
    return False


def agree(one: WorkState, other: WorkState) -> bool:
    """False also where a source has numbered records of different titles apart, though it gave both one identifier."""
    apart = any(
        mine[0] == theirs[0] != EXPORT_SOURCE
        and title_key(record.title) != title_key(other.records[theirs].title)
        for mine, record in one.records.items()
        for theirs in other.records
    )
    return not apart and not any(contradicts(record, other) for record in one.records.values())
