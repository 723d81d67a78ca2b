"""Which works are related to one: near in meaning, or built on the same works."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from research_api.domain.works import Work

MAX_RELATED = 100
DEFAULT_RELATED = 10


@dataclass(frozen=True, slots=True)
class Coupling:
    """A work that shares references with another one; mine and theirs: how many the two have."""

    work_id: str
    shared: int
    mine: int
    theirs: int

    @property
    def strength(self) -> float:
        """Shared references over the geometric mean of both counts, 0 to 1.

        Source: Kessler, "Bibliographic coupling between scientific papers", 1963; normalised as Salton's cosine.
        """
        return min(1.0, self.shared / math.sqrt(max(self.mine, 1) * max(self.theirs, 1)))


@dataclass(frozen=True, slots=True)
class RelatedId:
    """similarity: cosine of the two vectors, None where one of them has none."""

    work_id: str
    score: float
    similarity: float | None
    shared_references: int


@dataclass(frozen=True, slots=True)
class Related:
    """A related work with why it is one."""

    work: Work
    score: float
    similarity: float | None
    shared_references: int


def combined(similarities: Mapping[str, float], couplings: Iterable[Coupling]) -> list[RelatedId]:
    """Both lists as one, best first. The score is the sum of cosine and strength of coupling, halved.

    What a work lacks counts as 0: two reasons are better than one.
    """
    by_id = {one.work_id: one for one in couplings}
    found = []
    for work_id in {**similarities, **by_id}:
        similarity, coupling = similarities.get(work_id), by_id.get(work_id)
        strength = coupling.strength if coupling else 0.0
        score = ((similarity or 0.0) + strength) / 2
        found.append(RelatedId(work_id, score, similarity, coupling.shared if coupling else 0))
    return sorted(found, key=lambda one: (-one.score, one.work_id))
