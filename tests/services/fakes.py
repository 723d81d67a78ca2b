"""Vectors and models in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import numpy as np

from research_api.domain.errors import DatabaseUnavailable, EmbeddingUnavailable
from research_api.domain.neighbours import Reach
from research_api.domain.search import Filters
from research_api.domain.vectors import EmbeddingModel, Matrix, ModelRole, Neighbours, Numbers
from research_api.domain.works import Work, work_number


def unit(*numbers: float) -> Matrix:
    """The vector with length 1."""
    vector = np.array(numbers, dtype=np.float32)
    found: Matrix = vector / np.linalg.norm(vector)
    return found


def model_named(name: str, *, number: int = 1, dimensions: int = 2) -> EmbeddingModel:
    """A current model; its spec is its name with "spec:" before it."""
    return EmbeddingModel(number, name, f"spec:{name}", dimensions, ModelRole.CURRENT)


class FakeVectorStore:
    """Compares all; `asked` has the name of each call, `is_down` makes it fail, `gate` makes `current_model` wait."""

    def __init__(self, model: EmbeddingModel | None = None) -> None:
        self.model = model
        self.filling = False
        self.is_down = False
        self.gate: threading.Event | None = None
        self.asked: list[str] = []
        self.reach: Reach | None = None
        self.works: dict[int, Work] = {}
        self.vectors: dict[int, Matrix] = {}

    def put(self, work: Work, vector: Matrix) -> None:
        """The work has that vector."""
        self.works[work_number(work.id)] = work
        self.vectors[work_number(work.id)] = vector

    def current_model(self) -> EmbeddingModel | None:
        self._note("current_model")
        if self.gate is not None:
            assert self.gate.wait(60)
        return self.model

    def is_filling(self, longer_than_seconds: float) -> bool:
        self._note("is_filling")
        return self.filling

    def nearest(
        self, model: EmbeddingModel, vector: Matrix, filters: Filters, limit: int, *, reach: Reach
    ) -> Neighbours:
        self._note("nearest")
        self.reach = reach
        return self._ranked([one for one in self.vectors if filters.accept(self.works[one])], vector, limit)

    def nearest_among(
        self, model: EmbeddingModel, vector: Matrix, numbers: Sequence[int], limit: int
    ) -> Neighbours:
        self._note("nearest_among")
        return self._ranked([one for one in numbers if one in self.vectors], vector, limit)

    def vectors_of(self, model: EmbeddingModel, numbers: Sequence[int]) -> tuple[Numbers, Matrix]:
        self._note("vectors_of")
        known = [one for one in numbers if one in self.vectors]
        rows = [self.vectors[one] for one in known] or np.empty((0, model.dimensions), dtype=np.float32)
        return np.array(known, dtype=np.int64), np.array(rows, dtype=np.float32)

    def _ranked(self, numbers: Sequence[int], vector: Matrix, limit: int) -> Neighbours:
        pairs = sorted(((float(self.vectors[one] @ vector), one) for one in numbers), reverse=True)[:limit]
        return Neighbours(tuple(one for _, one in pairs), tuple(nearness for nearness, _ in pairs))

    def _note(self, name: str) -> None:
        self.asked.append(name)
        if self.is_down:
            raise DatabaseUnavailable("Try again.")


class FakeEmbedder:
    """Knows the vectors of some texts; every other has `other`. `encoded` has what it was asked, `takes` is called."""

    def __init__(self, name: str, *, least_similarity: float = -1.0, other: Matrix | None = None) -> None:
        self.name = name
        self.dimensions = 2
        self.least_similarity = least_similarity
        self.known: dict[str, Matrix] = {}
        self.other = unit(1, 0) if other is None else other
        self.encoded: list[str] = []
        self.is_down = False
        self.takes: Callable[[], None] = lambda: None

    def embed_query(self, text: str) -> Matrix:
        self.encoded.append(text)
        self.takes()
        if self.is_down:
            raise EmbeddingUnavailable("No vector today.")
        return self.known.get(text, self.other)

    def embed_texts(self, texts: Sequence[str]) -> Matrix:
        raise AssertionError("no work is encoded inside a request")


class FakeLoader:
    """Gives the embedder of a spec, or fails where it has none; `gate` makes loading wait."""

    def __init__(self, *embedders: FakeEmbedder) -> None:
        self.embedders = {f"spec:{one.name}": one for one in embedders}
        self.gate: threading.Event | None = None
        self.loads: list[str] = []
        self.threads: list[str] = []

    def load(self, spec: str) -> FakeEmbedder:
        self.loads.append(spec)
        self.threads.append(threading.current_thread().name)
        if self.gate is not None:
            assert self.gate.wait(60)
        if spec not in self.embedders:
            raise EmbeddingUnavailable("The hub is away.")
        return self.embedders[spec]


class FakeTime:
    """A clock that stands still until it is set forward; sleeping sets it forward."""

    def __init__(self) -> None:
        self.now = 100.0
        self.on_sleep: Callable[[], None] = lambda: None

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.on_sleep()
