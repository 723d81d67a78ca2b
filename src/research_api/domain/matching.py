"""Which works of a batch are one although no identifier says so, whatever the order they came in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from research_api.domain.agreement import WorkState, contradicts
from research_api.domain.likeness import likeness

Edges = dict[str, dict[str, int]]


def alike_pairs(pairs: Iterable[tuple[WorkState, WorkState]]) -> list[tuple[str, str]]:
    """The pairs to join, surest first; each pair must still be `joinable` when its turn comes.

    A work that is as like to two others which cannot be one is joined with neither: its record may be either's.
    """
    works: dict[str, WorkState] = {}
    edges: Edges = defaultdict(dict)
    for one, other in pairs:
        strength = edges[one.id].get(other.id)
        if one.id == other.id or strength is not None or not joinable(one, other):
            continue
        strength = max(likeness(a, b) for a in one.records.values() for b in other.records.values())
        if strength:
            works[one.id], works[other.id] = one, other
            edges[one.id][other.id] = edges[other.id][one.id] = strength
    ranked = sorted(
        (-strength, one, other)
        for one, found in edges.items()
        for other, strength in found.items()
        if one < other
    )
    return [
        (one, other)
        for _, one, other in ranked
        if not (_has_rival(one, other, edges, works) or _has_rival(other, one, edges, works))
    ]


def joinable(one: WorkState, other: WorkState) -> bool:
    """False where identifiers contradict, or where a source or a collection has numbered the two apart."""
    if not _namespaces(one).isdisjoint(_namespaces(other)):
        return False
    return not any(contradicts(record, other) for record in one.records.values())


def _namespaces(work: WorkState) -> set[str]:
    """Whose numbers the work has: of its sources, and of collections that its records were taken from."""
    found = {key[0] for key in work.records}
    for record in work.records.values():
        found.update(one.value.partition(":")[0] for one in record.identifiers if one.scheme == "local")
    return found


def _has_rival(one: str, other: str, edges: Edges, works: dict[str, WorkState]) -> bool:
    found = edges[one]
    rivals = [name for name, strength in found.items() if name != other and strength >= found[other]]
    return any(not joinable(works[rival], works[other]) for rival in rivals)
