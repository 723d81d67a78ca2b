"""Related works from stored vectors and shared references."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from research_api.domain.errors import NotFound
from research_api.domain.neighbours import Reach
from research_api.domain.related import Coupling
from research_api.domain.search import Filters
from research_api.domain.vectors import EmbeddingModel, Matrix, ModelRole, Neighbours, Numbers
from research_api.domain.works import Work, work_id_from_seed, work_number
from research_api.services.related import RelatedService

MODEL = EmbeddingModel(1, "tiny@1", "builtin", 2, ModelRole.CURRENT)
WORKS = {name: Work(work_id_from_seed(name), f"About {name}") for name in ("asked", "near", "far", "coupled")}


@dataclass
class FakeWorks:
    """Finds works by name, and by their ids."""

    gone: set[str] = field(default_factory=set)

    def known(self, reference: str) -> Work:
        if reference not in WORKS:
            raise NotFound("No such work.")
        return WORKS[reference]

    def by_ids(self, ids: Sequence[str]) -> dict[str, Work]:
        return {work.id: work for work in WORKS.values() if work.id in ids and work.id not in self.gone}


@dataclass
class FakeVectorStore:
    """Two-dimensional vectors in memory."""

    vectors: dict[str, tuple[float, float]]
    model: EmbeddingModel | None = MODEL

    def current_model(self) -> EmbeddingModel | None:
        return self.model

    def vectors_of(self, model: EmbeddingModel, numbers: Sequence[int]) -> tuple[Numbers, Matrix]:
        known = [name for name in self.vectors if work_number(WORKS[name].id) in numbers]
        rows = np.array([self.vectors[name] for name in known], dtype=np.float32).reshape(len(known), 2)
        return np.array([work_number(WORKS[name].id) for name in known], dtype=np.int64), rows

    def nearest(
        self, model: EmbeddingModel, vector: Matrix, filters: Filters, limit: int, *, reach: Reach
    ) -> Neighbours:
        ranked = sorted(self.vectors, key=lambda name: -float(np.dot(self.vectors[name], vector)))[:limit]
        return Neighbours(
            tuple(work_number(WORKS[name].id) for name in ranked),
            tuple(float(np.dot(self.vectors[name], vector)) for name in ranked),
        )


@dataclass
class FakeReferences:
    """Couples the asked work with what it is told."""

    couplings: list[Coupling] = field(default_factory=list)

    def coupled(self, work_id: str, limit: int) -> list[Coupling]:
        assert work_id == WORKS["asked"].id
        return self.couplings[:limit]


def service(
    vectors: FakeVectorStore | None, couplings: list[Coupling] | None = None, works: FakeWorks | None = None
) -> RelatedService:
    works = works or FakeWorks()
    return RelatedService(works, works, FakeReferences(couplings or []), vectors)  # type: ignore[arg-type] # as much as is called


def names(answer: object) -> list[str]:
    return [one.work.title.removeprefix("About ") for one in answer.results]  # type: ignore[attr-defined] # an answer


VECTORS = {"asked": (1.0, 0.0), "near": (0.8, 0.6), "far": (0.0, 1.0)}
SHARED = [Coupling(WORKS["coupled"].id, 4, 4, 4)]


def test_near_and_coupled_works_come_together_without_the_work_itself() -> None:
    answer = service(FakeVectorStore(VECTORS), SHARED).related("asked", 10)

    assert names(answer) == ["coupled", "near", "far"]
    assert [one.score for one in answer.results] == pytest.approx([0.5, 0.4, 0.0])
    assert [one.similarity for one in answer.results] == [None, pytest.approx(0.8), 0.0]
    assert not answer.degraded


def test_a_coupled_work_has_its_nearness_even_where_it_is_not_among_the_nearest() -> None:
    vectors = FakeVectorStore({**VECTORS, "coupled": (-1.0, 0.0)})
    vectors.nearest = lambda *_, **__: Neighbours()  # type: ignore[method-assign] # nothing is near

    [only] = service(vectors, SHARED).related("asked", 10).results

    assert (only.similarity, only.score) == (pytest.approx(-1.0), pytest.approx(0.0))


@pytest.mark.parametrize(
    ("vectors", "code"),
    [
        (None, "vectors_off"),
        (FakeVectorStore({}), "no_vector"),
        (FakeVectorStore(VECTORS, model=None), "no_vector"),
    ],
)
def test_without_a_vector_shared_references_count_alone_and_the_answer_says_so(
    vectors: FakeVectorStore | None, code: str
) -> None:
    """Nothing is encoded to answer a request."""
    answer = service(vectors, SHARED).related("asked", 10)

    assert names(answer) == ["coupled"]
    assert [one.code for one in answer.warnings] == [code]
    assert answer.degraded


def test_the_limit_holds_and_works_that_went_meanwhile_are_left_out() -> None:
    gone = FakeWorks(gone={WORKS["coupled"].id})

    assert names(service(FakeVectorStore(VECTORS), SHARED).related("asked", 1)) == ["coupled"]
    assert names(service(FakeVectorStore(VECTORS), SHARED, gone).related("asked", 2)) == ["near"]


def test_an_unknown_work_is_not_found() -> None:
    with pytest.raises(NotFound):
        service(None).related("nothing", 10)
