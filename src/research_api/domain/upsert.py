"""Decides which work each incoming record belongs to; pure, so that it can be tested without a database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from research_api.domain.agreement import RecordKey, WorkState, agree, contradicts
from research_api.domain.identifiers import SCHEMES
from research_api.domain.merging import (
    body_text,
    digest_of,
    match_key,
    merge_records,
    merge_references,
    record_to_body,
    seed_of,
    title_key,
)
from research_api.domain.works import Identifier, Record, Work, work_id_from_seed


class Outcome(StrEnum):
    """What became of one record."""

    NEW = "new"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Incoming:
    """One record with what is derived from it once."""

    record: Record
    body_text: str
    digest: bytes
    match_key: bytes | None

    @property
    def key(self) -> RecordKey:
        """Names the record for ever."""
        return (self.record.source, self.record.source_id)


def prepare(record: Record) -> Incoming:
    """The record with its body as JSON text, digest and match key."""
    text = body_text(record_to_body(record))
    return Incoming(record, text, digest_of(text), match_key(record))


@dataclass(slots=True)
class Known:
    """What the store already holds that a batch may touch; grows while the batch is decided.

    digests: record key -> (work id, digest). owners: identifier -> work id. by_match_key: works that may be
    the same by title, year and first author, oldest first. taken_ids: work ids that exist or are redirected.
    """

    digests: dict[RecordKey, tuple[str, bytes]] = field(default_factory=dict)
    owners: dict[Identifier, str] = field(default_factory=dict)
    by_match_key: dict[bytes, list[str]] = field(default_factory=dict)
    works: dict[str, WorkState] = field(default_factory=dict)
    taken_ids: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class MergedWork:
    """A work to be written, with the keys it is found by and the works that it refers to."""

    work: Work
    title_key: bytes
    match_key: bytes | None
    references: tuple[Identifier, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What to write. redirects: id merged away -> survivor. owners: identifiers that gain or change their work.
    released: identifiers that no record of their work names any longer.
    """

    outcomes: tuple[Outcome, ...]
    works: tuple[MergedWork, ...]
    records: tuple[tuple[Incoming, str], ...]
    moved_records: tuple[tuple[RecordKey, str], ...]
    owners: dict[Identifier, str]
    released: tuple[Identifier, ...]
    redirects: dict[str, str]


class Upsert:
    """Decides one batch, record after record; a later record sees what an earlier one changed."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._dirty: dict[str, None] = {}
        self._new: set[str] = set()
        self._written: dict[RecordKey, tuple[Incoming, str]] = {}
        self._moved: dict[RecordKey, str] = {}
        self._owners: dict[Identifier, str] = {}
        self._released: dict[Identifier, None] = {}
        self._redirects: dict[str, str] = {}

    def decide(self, batch: Sequence[Incoming]) -> Plan:
        """The plan for the whole batch."""
        outcomes = tuple(self._take(incoming) for incoming in batch)
        works = tuple(self._merged(work_id) for work_id in self._dirty if work_id not in self._redirects)
        return Plan(
            outcomes,
            works,
            tuple((incoming, self._survivor(work_id)) for incoming, work_id in self._written.values()),
            tuple((key, self._survivor(work_id)) for key, work_id in self._moved.items()),
            {identifier: self._survivor(work_id) for identifier, work_id in self._owners.items()},
            tuple(self._released),
            {old: self._survivor(new) for old, new in self._redirects.items()},
        )

    def _take(self, incoming: Incoming) -> Outcome:
        known = self._known.digests.get(incoming.key)
        if known is not None and known[1] == incoming.digest:
            return Outcome.UNCHANGED
        if known is not None and self._has_left(incoming, self._work(known[0])):
            known = None
        targets = self._targets(incoming, known[0] if known else None)
        work = self._joined(targets) if targets else self._made(incoming)
        former = work.records.get(incoming.key)
        work.records[incoming.key] = incoming.record
        if former is not None:
            self._release(former, work)
        self._dirty[work.id] = None
        self._written[incoming.key] = (incoming, work.id)
        self._known.digests[incoming.key] = (work.id, incoming.digest)
        self._claim(incoming, work.id)
        return Outcome.UPDATED if targets else Outcome.NEW

    def _has_left(self, incoming: Incoming, own: WorkState) -> bool:
        """True where the record now contradicts the others of its work: it is taken out, and decided anew."""
        others = WorkState(
            own.id, own.age, {key: one for key, one in own.records.items() if key != incoming.key}
        )
        former = own.records.get(incoming.key)
        if former is None or not others.records or not contradicts(incoming.record, others):
            return False
        del own.records[incoming.key]
        self._release(former, own)
        self._dirty[own.id] = None
        return True

    def _targets(self, incoming: Incoming, own_work: str | None) -> list[WorkState]:
        found: dict[str, WorkState] = {}
        if own_work is not None:
            own = self._work(own_work)
            found[own.id] = own
        for identifier in _strongest_first(incoming.record.identifiers):
            owner = self._known.owners.get(identifier)
            if owner is not None and self._may_join(incoming, self._work(owner)):
                work = self._work(owner)
                found.setdefault(work.id, work)
        if not found and incoming.match_key is not None:
            for work_id in self._known.by_match_key.get(incoming.match_key, ()):
                work = self._work(work_id)
                if not _has_other_record_of(incoming, work) and not contradicts(incoming.record, work):
                    return [work]
        # an export that comes back names its record after the work it was
        return self._compatible(sorted(found.values(), key=lambda work: work.id != incoming.record.source_id))

    def _may_join(self, incoming: Incoming, work: WorkState) -> bool:
        if incoming.key in work.records:
            return True
        if contradicts(incoming.record, work):
            return False
        # one source that numbers two records apart and gives both the same DOI has mistyped it unless the titles agree
        return not _has_other_record_of(incoming, work) or any(
            title_key(record.title) == title_key(incoming.record.title) for record in work.records.values()
        )

    @staticmethod
    def _compatible(works: list[WorkState]) -> list[WorkState]:
        joined: list[WorkState] = []
        for work in works:
            if all(agree(work, other) for other in joined):
                joined.append(work)
        return joined

    def _joined(self, works: list[WorkState]) -> WorkState:
        survivor = min(works, key=lambda work: (work.age, work.id))
        for work in works:
            if work is survivor:
                continue
            for key, record in work.records.items():
                survivor.records[key] = record
                self._moved[key] = survivor.id
                self._owners.update(
                    {i: survivor.id for i in record.identifiers if self._owner_is(i, work.id)}
                )
            self._redirects[work.id] = survivor.id
        self._known.owners.update(self._owners)
        return survivor

    def _owner_is(self, identifier: Identifier, work_id: str) -> bool:
        owner = self._known.owners.get(identifier)
        return owner is not None and self._survivor(owner) == work_id

    def _made(self, incoming: Incoming) -> WorkState:
        work_id = next(one for one in candidate_ids(incoming.record) if one not in self._known.taken_ids)
        self._known.taken_ids.add(work_id)
        work = WorkState(work_id, age=2**62 + len(self._new))
        self._known.works[work_id] = work
        self._new.add(work_id)
        if incoming.match_key is not None:
            self._known.by_match_key.setdefault(incoming.match_key, []).append(work_id)
        return work

    def _claim(self, incoming: Incoming, work_id: str) -> None:
        for identifier in incoming.record.identifiers:
            if identifier not in self._known.owners:
                self._released.pop(identifier, None)
                self._owners[identifier] = work_id
                self._known.owners[identifier] = work_id

    def _release(self, former: Record, work: WorkState) -> None:
        for identifier in former.identifiers:
            if identifier.value not in work.values_of(identifier.scheme) and self._owner_is(
                identifier, work.id
            ):
                del self._known.owners[identifier]
                self._owners.pop(identifier, None)
                self._released[identifier] = None

    def _work(self, work_id: str) -> WorkState:
        return self._known.works[self._survivor(work_id)]

    def _survivor(self, work_id: str) -> str:
        while work_id in self._redirects:
            work_id = self._redirects[work_id]
        return work_id

    def _merged(self, work_id: str) -> MergedWork:
        records = list(self._known.works[work_id].records.values())
        work = merge_records(work_id, records)
        return MergedWork(work, title_key(work.title), match_key(work), merge_references(records))


def candidate_ids(record: Record) -> tuple[str, ...]:
    """The ids a work made for the record may get, first choice first.

    The second is for a record whose identifier already gave its id to another work. It names the record itself, so
    that no third record can come to it, whatever was stored before; the third stands for the one chance in 2**60.
    """
    seed = seed_of(record)
    own = f"{seed}#{record.source}:{record.source_id}"
    return (work_id_from_seed(seed), work_id_from_seed(own), work_id_from_seed(own + "#"))


def _strongest_first(identifiers: Iterable[Identifier]) -> list[Identifier]:
    return sorted(identifiers, key=lambda identifier: SCHEMES.index(identifier.scheme))


def _has_other_record_of(incoming: Incoming, work: WorkState) -> bool:
    return any(key[0] == incoming.record.source and key != incoming.key for key in work.records)
