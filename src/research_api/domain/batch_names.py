"""Which record of a batch is decided first, and which id a new work gets: the same for any order they came in."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Protocol

from research_api.domain.agreement import RecordKey
from research_api.domain.identifiers import SCHEMES
from research_api.domain.merging import seed_of
from research_api.domain.works import Identifier, Record, work_id_from_seed

SeedRank = tuple[int, str, str, str]


class Told(Protocol):
    """A record of a batch."""

    @property
    def key(self) -> RecordKey:
        """Names the record for ever."""
        ...

    @property
    def rank(self) -> SeedRank:
        """What `seed_rank` says of it."""
        ...


def in_turn(batch: Sequence[Told]) -> list[int]:
    """The places of the records, strongest identifiers first; a record that comes twice has its turns in order."""
    seen: dict[RecordKey, int] = {}
    turns = []
    for place, one in enumerate(batch):
        turn = seen.get(one.key, 0)
        seen[one.key] = turn + 1
        turns.append((turn, one.rank, place))
    return [place for _, _, place in sorted(turns)]


def seed_rank(record: Record) -> SeedRank:
    """Smaller where the record names its work by a stronger identifier."""
    seed = seed_of(record)
    scheme = seed.partition(":")[0] if record.identifiers else ""
    rank = SCHEMES.index(scheme) if scheme in SCHEMES else len(SCHEMES)
    return (rank, seed, record.source, record.source_id)


def naming_turn(rank: SeedRank, work_id: str, owners: Mapping[Identifier, str]) -> tuple[bool, SeedRank]:
    """When a new work is named, by its best rank: of two whose records give one identifier the owner goes first."""
    scheme, _, value = rank[1].partition(":")
    return (owners.get(Identifier(scheme, value), work_id) != work_id, rank)


def free_id(rank: SeedRank, taken: Container[str]) -> str:
    """The first of the ids that a work named by a record of that rank may get. Raises StopIteration if none is left."""
    return next(one for one in _candidates(*rank[1:]) if one not in taken)


def candidate_ids(record: Record) -> tuple[str, ...]:
    """The ids a work made for the record may get, first choice first.

    The second is for a record whose identifier already gave its id to another work. It names the record itself, so
    that no third record can come to it, whatever was stored before; the third stands for the one chance in 2**60.
    """
    return tuple(_candidates(seed_of(record), record.source, record.source_id))


def _candidates(seed: str, source: str, source_id: str) -> Iterator[str]:
    own = f"{seed}#{source}:{source_id}"
    for text in (seed, own, own + "#"):
        yield work_id_from_seed(text)
