"""Works near to a text: encodes the text by the model whose vectors are there, and asks for its neighbours."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from research_api.domain.errors import DatabaseUnavailable, EmbeddingUnavailable
from research_api.domain.index import Accepted
from research_api.domain.neighbours import Reach
from research_api.domain.search import Filters
from research_api.domain.vectors import Embedder, EmbeddingModel, Matrix, Neighbours, Numbers
from research_api.services.model_in_use import ModelInUse
from research_api.services.ports import EmbedderLoader, VectorStore

log = structlog.get_logger(__name__)

# a switch to another model's vectors is noticed so soon; the former ones stay for longer
LOOK_AGAIN_SECONDS = 2.0
# less than former vectors are kept
BELIEVED_SECONDS = 20.0
# a server of vectors that let a query wait for so long is left alone for a while, or each search would wait as long
SLOW_SECONDS = 1.0
QUIET_SECONDS = 10.0
# works wait this long for their vectors before answers say so
FILLING_AFTER_SECONDS = 60.0
# on a new system the first model is registered by the index worker, which starts beside the web processes
WARM_UP_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Encoded:
    """A query as a vector of one model."""

    model: EmbeddingModel
    vector: Matrix
    least_similarity: float


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the store said, and until when that is believed."""

    model: EmbeddingModel | None
    is_filling: bool
    until: float


class VectorSearch:
    """One for a process; threads share it. Nothing is loaded before the first query or `warm_up`."""

    def __init__(
        self,
        store: VectorStore,
        loader: EmbedderLoader,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._store = store
        self._in_use = ModelInUse(loader, monotonic=monotonic)
        self._monotonic = monotonic
        self._sleep = sleep
        self._quiet_until = float("-inf")
        self._looking = threading.Lock()
        self._seen: _Seen | None = None

    def warm_up(self) -> bool:
        """The model is loaded, so that no query waits for it; False where none could be within ten minutes.

        For a thread of its own: it waits for the database, and for the first model to be registered.
        """
        until = self._monotonic() + WARM_UP_SECONDS
        while self._monotonic() < until:
            try:
                model = self._looked().model
                if model is not None:
                    self._in_use.embedder(model)
                    return True
            except (DatabaseUnavailable, EmbeddingUnavailable) as error:
                log.debug("not_warm_yet", detail=error.detail)
            self._sleep(LOOK_AGAIN_SECONDS)
        return False

    def is_filling(self) -> bool:
        """True where works have waited for a vector for a minute. Raises DatabaseUnavailable."""
        return self._looked().is_filling

    def encode(self, text: str) -> Encoded:
        """The text as a vector of the current model. Raises EmbeddingUnavailable, DatabaseUnavailable."""
        model = self._looked().model
        if model is None:
            raise EmbeddingUnavailable("No work has a vector yet.")
        embedder = self._in_use.embedder(model)
        return Encoded(model, self._vector(embedder, text), embedder.least_similarity)

    def nearest(
        self, encoded: Encoded, filters: Filters, accepted: Accepted | None, limit: int, *, reach: Reach
    ) -> Neighbours:
        """At most `limit` works, nearest first. accepted: what the filters leave, None where they leave all."""
        if accepted is not None and accepted.numbers is not None:
            return self._store.nearest_among(encoded.model, encoded.vector, accepted.numbers, limit)
        return self._store.nearest(encoded.model, encoded.vector, filters, limit, reach=reach)

    def vectors_of(self, model: EmbeddingModel, numbers: list[int]) -> tuple[Numbers, Matrix]:
        """The vectors of those works that have one: their numbers, and a row for each."""
        return self._store.vectors_of(model, numbers)

    def current_model(self) -> EmbeddingModel | None:
        """The model whose vectors are searched. Raises DatabaseUnavailable."""
        return self._looked().model

    def _vector(self, embedder: Embedder, text: str) -> Matrix:
        begin = self._monotonic()
        if begin < self._quiet_until:
            raise EmbeddingUnavailable("The model did not answer in time a moment ago.")
        try:
            return embedder.embed_query(text)
        except EmbeddingUnavailable:
            now = self._monotonic()
            if now - begin >= SLOW_SECONDS:
                self._quiet_until = now + QUIET_SECONDS
            raise

    def _looked(self) -> _Seen:
        """What one thread asks every two seconds; the others go on with what was seen before, if anything was."""
        seen = self._seen
        if seen is not None and self._monotonic() < seen.until:
            return seen
        # a process that rested through a change of model must not go on with vectors that are gone
        is_usable = seen is not None and self._monotonic() < seen.until + BELIEVED_SECONDS
        if not self._looking.acquire(blocking=not is_usable) and seen is not None:
            return seen
        try:
            if self._seen is seen:
                model, is_filling = self._store.current_model(), self._store.is_filling(FILLING_AFTER_SECONDS)
                self._seen = _Seen(model, is_filling, self._monotonic() + LOOK_AGAIN_SECONDS)
            return self._seen  # type: ignore[return-value] # mypy does not see that another thread filled it
        finally:
            self._looking.release()
