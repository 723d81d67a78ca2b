"""Decides which work each incoming record belongs to; pure, so that it can be tested without a database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from research_api.domain.agreement import RecordKey, WorkState, agree, contradicts
from research_api.domain.batch import Incoming, Known, MergedWork, Outcome, Plan, prepare
from research_api.domain.batch_names import SeedRank, candidate_ids, free_id, in_turn, naming_turn
from research_api.domain.identifiers import SCHEMES
from research_api.domain.matching import alike_pairs, joinable
from research_api.domain.merging import merge_records, merge_references, title_key
from research_api.domain.near_keys import NearKeys, near_keys
from research_api.domain.parts import whole
from research_api.domain.version_links import Link, links_now
from research_api.domain.works import Identifier, Record, Work

__all__ = ["Incoming", "Known", "MergedWork", "Outcome", "Plan", "Upsert", "candidate_ids", "prepare"]


class Upsert:
    """Decides one batch. The order of its records does not matter, but where one record comes twice.

    First identifiers decide, record after record; then works that are new and named by no common identifier are
    compared; at the end new works get the id that the strongest identifier of all their records gives.
    """

    def __init__(self, known: Known) -> None:
        self._known = known
        self._dirty: dict[str, None] = {}
        self._new: dict[str, None] = {}
        self._written: dict[RecordKey, tuple[Incoming, str]] = {}
        self._moved: dict[RecordKey, str] = {}
        self._owners: dict[Identifier, str] = {}
        self._released: dict[Identifier, None] = {}
        self._redirects: dict[str, str] = {}
        self._asked: dict[str, set[int]] = {}

    def decide(self, batch: Sequence[Incoming]) -> Plan:
        """The plan for the whole batch."""
        changed = [False] * len(batch)
        for place in in_turn(batch):
            changed[place] = self._take(batch[place])
        self._join_alike()
        links = self._links()
        ids = self._named()
        works = tuple(self._merged(ids.get(one, one)) for one in self._dirty if one not in self._redirects)
        return Plan(
            self._outcomes(batch, changed),
            works,
            tuple((incoming, self._final(work_id, ids)) for incoming, work_id in self._written.values()),
            tuple(
                (key, self._final(work_id, ids))
                for key, work_id in self._moved.items()
                if key not in self._written
            ),
            {identifier: self._final(work_id, ids) for identifier, work_id in self._owners.items()},
            tuple(self._released),
            {old: self._final(old, ids) for old in self._redirects if old not in self._new},
            self._changed_links(links, ids),
        )

    def _take(self, incoming: Incoming) -> bool:
        """Whether the record is another than before; its work is known then."""
        known = self._known.digests.get(incoming.key)
        if known is not None and known[1] != incoming.digest:
            incoming = whole(incoming, self._work(known[0]).records.get(incoming.key))
        if known is not None and known[1] == incoming.digest:
            return False
        if known is not None and self._has_left(incoming, self._work(known[0])):
            known = None
        targets = self._targets(incoming, known[0] if known else None)
        work = self._joined(targets) if targets else self._made()
        former = work.records.get(incoming.key)
        work.records[incoming.key] = incoming.record
        if former is not None:
            self._release(former, work)
        self._dirty[work.id] = None
        self._written[incoming.key] = (incoming, work.id)
        self._known.digests[incoming.key] = (work.id, incoming.digest)
        self._claim(incoming, work.id)
        return True

    def _outcomes(self, batch: Sequence[Incoming], changed: Sequence[bool]) -> tuple[Outcome, ...]:
        """The first record of a new work made it; all others that said something new told more of a work."""
        made: set[str] = set()
        outcomes = []
        for incoming, is_changed in zip(batch, changed, strict=True):
            work_id = self._survivor(self._written[incoming.key][1]) if is_changed else ""
            is_new = is_changed and work_id in self._new and work_id not in made
            made.add(work_id)
            outcomes.append(Outcome.NEW if is_new else Outcome.UPDATED if is_changed else Outcome.UNCHANGED)
        return tuple(outcomes)

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
        survivor = min(works, key=lambda work: (work.id in self._new, work.age, work.id))
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

    def _made(self) -> WorkState:
        """A work under a name of this batch's own, which no work id looks like."""
        work_id = f"new:{len(self._new):06}"
        work = WorkState(work_id, age=2**62 + len(self._known.works))
        self._known.works[work_id] = work
        self._new[work_id] = None
        return work

    def _join_alike(self) -> None:
        """New works are joined with those that surely are the same; two works that were known before never are."""
        for incoming, written in self._written.values():
            self._make_findable(incoming, self._survivor(written))
        new = [self._known.works[one] for one in self._new if one not in self._redirects]
        for one, other in alike_pairs((work, found) for work in new for found in self._near(work)):
            mine, theirs = self._work(one), self._work(other)
            if mine is not theirs and joinable(mine, theirs):
                keys = self._asked.get(mine.id, set()) | self._asked.get(theirs.id, set())
                joined = self._joined([mine, theirs])
                self._dirty[joined.id] = None
                self._asked[joined.id] = keys

    def _make_findable(self, incoming: Incoming, work_id: str) -> None:
        if incoming.near is None:
            return
        self._asked.setdefault(work_id, set()).update(incoming.near.asked)
        if work_id in self._new:
            for key in (incoming.near.by_title, incoming.near.by_family):
                self._known.near.setdefault(key, []).append(work_id)

    def _near(self, work: WorkState) -> list[WorkState]:
        near, works = self._known.near, self._known.works
        ids: set[str] = set()
        for key in self._asked.get(work.id, ()):
            if found := near.get(key):
                ids.update(map(self._survivor, found))
        ids.discard(work.id)
        return [works[one] for one in sorted(ids) if one in works] if ids else []

    def _links(self) -> dict[str, str | None]:
        linked: list[Link] = [
            (self._work(one), self._work(other))
            for one, other in self._known.links.items()
            if self._survivor(one) in self._known.works and self._survivor(other) in self._known.works
        ]
        written = [self._known.works[one] for one in self._dirty if one not in self._redirects]
        return links_now(written, self._near, linked)

    def _changed_links(self, links: dict[str, str | None], ids: dict[str, str]) -> dict[str, str | None]:
        """A redirect takes the link of the work that went with it, so the survivor's is told anew."""
        told = {}
        for one, other in links.items():
            final = None if other is None else self._final(other, ids)
            if self._known.links.get(one) != final:
                told[self._final(one, ids)] = final
        return told

    def _named(self) -> dict[str, str]:
        """The ids of the new works, by the names that they had in this batch; `known` has the ids from now on."""
        ids: dict[str, str] = {}
        taken = self._known.taken_ids
        for _, rank, name in sorted(self._naming_turns()):
            ids[name] = free_id(rank, taken)
            taken.add(ids[name])
        for old in self._new:
            work = self._known.works.pop(old)
            if old in ids:
                work.id = ids[old]
                self._known.works[work.id] = work
        for identifier, work_id in self._owners.items():
            self._known.owners[identifier] = self._final(work_id, ids)
        for key, (incoming, work_id) in self._written.items():
            self._known.digests[key] = (self._final(work_id, ids), incoming.digest)
        for found in self._known.near.values():
            found[:] = [self._final(one, ids) for one in found]
        return ids

    def _naming_turns(self) -> Iterator[tuple[bool, SeedRank, str]]:
        for name in self._new:
            if name not in self._redirects:
                rank = min(self._written[key][0].rank for key in self._known.works[name].records)
                yield (*naming_turn(rank, name, self._known.owners), name)

    def _final(self, work_id: str, ids: dict[str, str]) -> str:
        survivor = self._survivor(work_id)
        return ids.get(survivor, survivor)

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
        told = self._known.works[work_id].records
        records = list(told.values())
        work = merge_records(work_id, records)
        return MergedWork(
            work,
            title_key(work.title),
            self._near_keys(work, told),
            merge_references(records),
        )

    def _near_keys(self, work: Work, told: Iterable[RecordKey]) -> NearKeys | None:
        """Those of the record that the title is from, where that one was read in this batch."""
        for key in told:
            incoming, _ = self._written.get(key, (None, ""))
            if incoming is not None and _has_title_of(work, incoming.record):
                return incoming.near
        return near_keys(work)


def _has_title_of(work: Work, record: Record) -> bool:
    return (work.title, work.year, work.authors[:1]) == (record.title, record.year, record.authors[:1])


def _strongest_first(identifiers: Iterable[Identifier]) -> list[Identifier]:
    return sorted(identifiers, key=lambda identifier: SCHEMES.index(identifier.scheme))


def _has_other_record_of(incoming: Incoming, work: WorkState) -> bool:
    return any(key[0] == incoming.record.source and key != incoming.key for key in work.records)
