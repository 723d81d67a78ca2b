"""A batch of records on its way into the catalog: what comes in, what is known, and what is to be written."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from research_api.domain.agreement import RecordKey, WorkState
from research_api.domain.batch_names import SeedRank, seed_rank
from research_api.domain.merging import body_text, digest_of, record_to_body
from research_api.domain.near_keys import NearKeys, near_keys
from research_api.domain.works import Identifier, Record, Work


class Outcome(StrEnum):
    """What became of one record."""

    NEW = "new"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Incoming:
    """One record with what is derived from it once.

    is_part: what it does not say its source may have said before, and does not take back: an answer to a search is
    shorter than one to a look-up. A record that is imported is whole.
    """

    record: Record
    body_text: str
    digest: bytes
    near: NearKeys | None
    rank: SeedRank
    is_part: bool = False

    @property
    def key(self) -> RecordKey:
        """Names the record for ever."""
        return (self.record.source, self.record.source_id)


def prepare(record: Record, *, is_part: bool = False) -> Incoming:
    """The record with its body as JSON text, digest and keys."""
    text = body_text(record_to_body(record))
    return Incoming(record, text, digest_of(text), near_keys(record), seed_rank(record), is_part)


@dataclass(slots=True)
class Known:
    """What the store already holds that a batch may touch; grows while the batch is decided.

    digests: record key -> (work id, digest). owners: identifier -> work id. near: works that may be alike to a
    record of the batch, by the keys that it asks for. taken_ids: work ids that exist or are redirected. links: work
    id of a preprint -> that of its publication.
    """

    digests: dict[RecordKey, tuple[str, bytes]] = field(default_factory=dict)
    owners: dict[Identifier, str] = field(default_factory=dict)
    near: dict[int, list[str]] = field(default_factory=dict)
    works: dict[str, WorkState] = field(default_factory=dict)
    taken_ids: set[str] = field(default_factory=set)
    links: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MergedWork:
    """A work to be written, with the keys it is found by and the works that it refers to."""

    work: Work
    title_key: bytes
    near: NearKeys | None
    references: tuple[Identifier, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What to write. redirects: id merged away -> survivor. owners: identifiers that gain or change their work.
    released: identifiers that no record of their work names any longer. links: preprints whose publication is another
    one than before, None where there is none now.
    """

    outcomes: tuple[Outcome, ...]
    works: tuple[MergedWork, ...]
    records: tuple[tuple[Incoming, str], ...]
    moved_records: tuple[tuple[RecordKey, str], ...]
    owners: dict[Identifier, str]
    released: tuple[Identifier, ...]
    redirects: dict[str, str]
    links: dict[str, str | None]
