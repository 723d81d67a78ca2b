"""What storing records would give, before they are stored: the same works under the same ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from research_api.domain.agreement import RecordKey
from research_api.domain.batch import Incoming, Known
from research_api.domain.upsert import Upsert
from research_api.domain.works import Version, Work


@dataclass(frozen=True, slots=True)
class Looked:
    """What is stored that some records may touch. works: those whose records are among them, as they are shown.

    is_blind: nobody could look.
    """

    known: Known = field(default_factory=Known)
    works: Mapping[str, Work] = field(default_factory=lambda: MappingProxyType({}))
    is_blind: bool = False


def joined_looks(looks: Iterable[Looked]) -> Looked:
    """What several looks saw, as one look at all of their records."""
    known = Known()
    works: dict[str, Work] = {}
    is_blind = False
    for look in looks:
        is_blind |= look.is_blind
        known.digests |= look.known.digests
        known.owners |= look.known.owners
        known.works = look.known.works | known.works
        known.taken_ids |= look.known.taken_ids
        known.links |= look.known.links
        for key, ids in look.known.near.items():
            seen = known.near.setdefault(key, [])
            seen += [one for one in ids if one not in seen]
        works |= look.works
    return Looked(known, works, is_blind)


@dataclass(frozen=True, slots=True)
class Preview:
    """ids: of each record's work. works: by id, as they would be. redirects: ids that would be merged away, to their
    survivors. links: preprint to publication, where one of them would change; what is stored may hold more.
    is_news: storing the records would change something. is_compared: False where nobody could look at the catalog.
    is_torn: several looks saw different moments, and a work that was stored between them is taken for new.
    """

    ids: Mapping[RecordKey, str]
    works: Mapping[str, Work]
    redirects: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    links: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    is_news: bool = False
    is_compared: bool = True
    is_torn: bool = False


def preview_of(looked: Looked, batch: Sequence[Incoming]) -> Preview:
    """What `Upsert` decides for the batch, where `looked` is all that it may touch; it is used up by that."""
    stored = {key: work_id for key, (work_id, _) in looked.known.digests.items()}
    former = dict(looked.known.links)
    seen = set(looked.known.works)
    plan = Upsert(looked.known).decide(batch)
    ids = {one.key: work_id for one, work_id in plan.records}
    for one in batch:
        if one.key not in ids:
            ids[one.key] = plan.redirects.get(stored[one.key], stored[one.key])
    changed = {merged.work.id: merged.work for merged in plan.works}
    works = {**{one: work for one, work in looked.works.items() if one not in plan.redirects}, **changed}
    links = {one: other for one, other in {**former, **plan.links}.items() if other is not None}
    is_torn = not {one for one in changed if one not in seen}.isdisjoint(stored.values())
    return Preview(
        ids,
        _linked(works, changed, links),
        plan.redirects,
        links,
        bool(plan.records),
        not looked.is_blind,
        is_torn,
    )


def _linked(
    works: dict[str, Work], changed: Mapping[str, Work], links: Mapping[str, str]
) -> Mapping[str, Work]:
    """The works with their versions: stored ones have them, changed ones get them from the links."""
    for preprint, published in links.items():
        for one, other in ((preprint, published), (published, preprint)):
            if one in changed and other in works:
                version = Version(other, works[other].type, works[other].year)
                if version not in works[one].versions:
                    works[one] = replace(works[one], versions=(*works[one].versions, version))
    return works
