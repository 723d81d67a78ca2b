"""Which record of a batch is decided first, and which id a new work gets: the same for any order they came in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Protocol

from research_api.domain.agreement import RecordKey, WorkState
from research_api.domain.identifiers import SCHEMES
from research_api.domain.merging import seed_of
from research_api.domain.works import Identifier, Record, work_id_from_seed


class Told(Protocol):
    """A record of a batch."""

    @property
    def record(self) -> Record:
        """What the source says."""
        ...

    @property
    def key(self) -> RecordKey:
        """Names the record for ever."""
        ...


def in_turn(batch: Sequence[Told]) -> list[int]:
    """The places of the records, strongest identifiers first; a record that comes twice has its turns in order."""
    seen: Counter[RecordKey] = Counter()
    turns = []
    for place, one in enumerate(batch):
        turns.append((seen[one.key], seed_rank(one.record), place))
        seen[one.key] += 1
    return [place for _, _, place in sorted(turns)]


def seed_rank(record: Record) -> tuple[int, str, str, str]:
    """Smaller where the record names its work by a stronger identifier."""
    seed = seed_of(record)
    scheme = seed.partition(":")[0] if record.identifiers else ""
    rank = SCHEMES.index(scheme) if scheme in SCHEMES else len(SCHEMES)
    return (rank, seed, record.source, record.source_id)


def seeds_in_order(work: WorkState) -> list[Record]:
    """The records of the work, the one first whose identifier names it."""
    return sorted(work.records.values(), key=seed_rank)


def naming_turn(work: WorkState, owners: Mapping[Identifier, str]) -> tuple[bool, tuple[int, str, str, str]]:
    """Of two works whose records give one identifier the one that owns it is named first, and by it."""
    first = seeds_in_order(work)[0]
    scheme, _, value = seed_of(first).partition(":")
    return (owners.get(Identifier(scheme, value), work.id) != work.id, seed_rank(first))


def candidate_ids(record: Record) -> tuple[str, ...]:
    """The ids a work made for the record may get, first choice first.

    The second is for a record whose identifier already gave its id to another work. It names the record itself, so
    that no third record can come to it, whatever was stored before; the third stands for the one chance in 2**60.
    """
    seed = seed_of(record)
    own = f"{seed}#{record.source}:{record.source_id}"
    return (work_id_from_seed(seed), work_id_from_seed(own), work_id_from_seed(own + "#"))
