"""Works related to one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from research_api.domain.neighbours import Reach
from research_api.domain.related import MAX_RELATED, Related, combined
from research_api.domain.search import Filters, SearchWarning
from research_api.domain.vectors import ids_from_numbers
from research_api.domain.works import Work, work_number
from research_api.services.ports import ReferenceStore, VectorStore, WorkStore
from research_api.services.works import WorksService

# how large the graph is nobody asks here, so it is looked at as far as one look goes
_REACH = Reach(candidates=1_000, drawn=MAX_RELATED + 1)

_NO_VECTORS = SearchWarning("vectors_off", "This server makes no vectors: only shared references count.")
_NO_VECTOR = SearchWarning("no_vector", "The work has no vector yet: only shared references count.")


@dataclass(frozen=True, slots=True)
class RelatedAnswer:
    """work: the one that was asked about. degraded: nearness could not be looked at."""

    work: Work
    results: tuple[Related, ...]
    warnings: tuple[SearchWarning, ...]

    @property
    def degraded(self) -> bool:
        """True where anything was less than normal."""
        return bool(self.warnings)


class RelatedService:
    """Asks for the neighbours of the stored vector, and for works with references in common; encodes nothing."""

    def __init__(
        self, works: WorksService, store: WorkStore, references: ReferenceStore, vectors: VectorStore | None
    ) -> None:
        self._works = works
        self._store = store
        self._references = references
        self._vectors = vectors

    def related(self, reference: str, limit: int) -> RelatedAnswer:
        """At most `limit` works, the most related first; never the work itself.

        Raises Invalid for what is no identifier, NotFound, DatabaseUnavailable.
        """
        work = self._works.known(reference)
        couplings = self._references.coupled(work.id, MAX_RELATED)
        similarities, warnings = self._near(work, [one.work_id for one in couplings])
        ranked = [one for one in combined(similarities, couplings) if one.work_id != work.id][:limit]
        found = self._store.by_ids([one.work_id for one in ranked])
        results = tuple(
            Related(found[one.work_id], one.score, one.similarity, one.shared_references)
            for one in ranked
            if one.work_id in found
        )
        return RelatedAnswer(work, results, warnings)

    def _near(self, work: Work, others: list[str]) -> tuple[dict[str, float], tuple[SearchWarning, ...]]:
        """The cosines of the nearest works and of the others, as far as they have vectors."""
        if self._vectors is None:
            return {}, (_NO_VECTORS,)
        model = self._vectors.current_model()
        if model is None:
            return {}, (_NO_VECTOR,)
        own = self._vectors.vectors_of(model, [work_number(work.id)])[1]
        if not len(own):
            return {}, (_NO_VECTOR,)
        near = self._vectors.nearest(model, own[0], Filters(), MAX_RELATED + 1, reach=_REACH)
        found = dict(zip(_ids(near.numbers), near.similarities, strict=True))
        if not others:
            return found, ()
        numbers, rows = self._vectors.vectors_of(model, [work_number(one) for one in others])
        return found | dict(zip(_ids(numbers.tolist()), (rows @ own[0]).tolist(), strict=True)), ()


def _ids(numbers: Sequence[int]) -> list[str]:
    return ids_from_numbers(np.array(numbers, dtype=np.int64))
