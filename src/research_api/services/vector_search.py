"""Works near to a text: encodes the text by the model whose vectors are there, and asks for its neighbours."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from research_api.domain.errors import EmbeddingUnavailable
from research_api.domain.index import Accepted
from research_api.domain.search import Filters
from research_api.domain.vectors import Embedder, EmbeddingModel, Matrix, Neighbours, Numbers
from research_api.services.ports import EmbedderLoader, VectorStore

log = structlog.get_logger(__name__)

# a switch to another model's vectors is noticed so soon; the former ones stay for longer
LOOK_AGAIN_SECONDS = 2.0
# a model that could not be loaded is left alone for so long
RETRY_LOADING_SECONDS = 30.0
# works wait this long for their vectors before answers say so
FILLING_AFTER_SECONDS = 60.0
# so few works are compared one by one: beyond, walking the graph is faster and finds nearly all
COMPARED_ONE_BY_ONE = 8_000


@dataclass(frozen=True, slots=True)
class Encoded:
    """A query as a vector of one model."""

    model: EmbeddingModel
    vector: Matrix
    least_similarity: float


class VectorSearch:
    """One for a process; threads share it. Nothing is loaded before the first query."""

    def __init__(
        self,
        store: VectorStore,
        loader: EmbedderLoader,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._loader = loader
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._next_look = 0.0
        self._model: EmbeddingModel | None = None
        self._is_filling = False
        self._embedders: dict[str, Embedder] = {}
        self._quiet_until: dict[str, float] = {}

    def is_filling(self) -> bool:
        """True where works have waited for a vector for a minute. Raises DatabaseUnavailable."""
        self._looked()
        return self._is_filling

    def encode(self, text: str) -> Encoded:
        """The text as a vector of the current model. Raises EmbeddingUnavailable, DatabaseUnavailable."""
        model = self._looked()
        if model is None:
            raise EmbeddingUnavailable("No work has a vector yet.")
        embedder = self._embedder(model)
        return Encoded(model, embedder.embed_query(text), embedder.least_similarity)

    def nearest(
        self, encoded: Encoded, filters: Filters, accepted: Accepted | None, limit: int
    ) -> Neighbours:
        """At most `limit` works, nearest first. accepted: what the filters leave, None where they leave all."""
        if accepted is not None and accepted.numbers is not None and accepted.total <= COMPARED_ONE_BY_ONE:
            return self._store.nearest_among(encoded.model, encoded.vector, accepted.numbers, limit)
        return self._store.nearest(encoded.model, encoded.vector, filters, limit)

    def vectors_of(self, model: EmbeddingModel, numbers: list[int]) -> tuple[Numbers, Matrix]:
        """The vectors of those works that have one: their numbers, and a row for each."""
        return self._store.vectors_of(model, numbers)

    def current_model(self) -> EmbeddingModel | None:
        """The model whose vectors are searched. Raises DatabaseUnavailable."""
        return self._looked()

    def _looked(self) -> EmbeddingModel | None:
        with self._lock:
            if self._monotonic() >= self._next_look:
                self._model = self._store.current_model()
                self._is_filling = self._store.is_filling(FILLING_AFTER_SECONDS)
                self._next_look = self._monotonic() + LOOK_AGAIN_SECONDS
            return self._model

    def _embedder(self, model: EmbeddingModel) -> Embedder:
        """Loaded once, by one thread; its name must be the model's, else its vectors mean something else."""
        with self._lock:
            if model.name in self._embedders:
                return self._embedders[model.name]
            if self._monotonic() < self._quiet_until.get(model.name, 0.0):
                raise EmbeddingUnavailable("The model cannot be loaded now.")
            self._quiet_until[model.name] = self._monotonic() + RETRY_LOADING_SECONDS
            embedder = self._loader.load(model.spec)
            if embedder.name != model.name:
                log.warning("model_changed", expected=model.name, found=embedder.name)
                raise EmbeddingUnavailable("The model is another one than that of the stored vectors.")
            self._embedders = {model.name: embedder}
            return embedder
