"""Gives works their vectors, a little at a time."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from research_api.domain.errors import EmbeddingUnavailable
from research_api.domain.vectors import (
    Embedder,
    EmbeddingModel,
    EmbeddingProgress,
    ModelRole,
    WaitingText,
    text_to_embed,
)
from research_api.services.ports import EmbedderLoader, EmbeddingStore

log = structlog.get_logger(__name__)

# some 3 s of work, so that little is repeated after a crash and the index is not kept waiting
BATCH = 16
# longer than a batch takes on a busy machine; what a killed worker had is taken up again after it
CLAIM_SECONDS = 120.0
RETRY_SECONDS = 60.0
BACKLOG_MOST = 100_000
# the sweep adds when less than this waits, so that new works stay the first
SWEEP_PAGE = 2_000
# web processes look every 2 s whether the model has changed
DROP_FORMER_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class CpuShare:
    """At most `share` of all cores over time, by pauses after each piece of work."""

    share: float
    cores: int = os.cpu_count() or 1
    cpu_seconds: Callable[[], float] = time.process_time

    def pause_after(self, cpu: float, wall: float) -> float:
        """Seconds to rest after a piece of work that took so much CPU and so long."""
        return max(0.0, cpu / (self.share * self.cores) - wall)


class EmbeddingService:
    """Fills the backlog, empties it newest first, and switches to a new model when all works have its vectors.

    Any number of processes may run it: what one has claimed, the others leave alone.
    """

    def __init__(
        self,
        store: EmbeddingStore,
        loader: EmbedderLoader,
        spec: str | None,
        *,
        share: CpuShare,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._loader = loader
        self._spec = spec
        self._share = share
        self._sleep = sleep
        self._monotonic = monotonic
        self._embedder: Embedder | None = None
        self._model: EmbeddingModel | None = None
        self._next_try = 0.0

    @property
    def is_on(self) -> bool:
        """False where the operator wants no vectors."""
        return self._spec is not None

    def run(self, seconds: float, is_wanted_elsewhere: Callable[[], bool]) -> int:
        """Works for about so long, or until something else waits, or until nothing is left; the works embedded.

        Raises DatabaseUnavailable; what was stored before stays.
        """
        until = self._monotonic() + seconds
        model = self._ready()
        done = 0
        while model is not None and self._next_try <= self._monotonic() < until:
            begin, cpu = self._monotonic(), self._share.cpu_seconds()
            taken = self._batch(model)
            if not taken and self._fill(model):
                break
            done += taken
            if is_wanted_elsewhere():
                break
            pause = self._share.pause_after(self._share.cpu_seconds() - cpu, self._monotonic() - begin)
            # a pause may last past the end: the share holds over calls too
            self._sleep(min(pause, CLAIM_SECONDS))
        return done

    def progress(self) -> EmbeddingProgress | None:
        """How far it has come; None where there is no model. Raises DatabaseUnavailable."""
        return self._store.progress()

    def _ready(self) -> EmbeddingModel | None:
        """The model as registered; None where there is none to work with now."""
        if self._spec is None or self._monotonic() < self._next_try:
            return None
        try:
            if self._embedder is None:
                self._embedder = self._loader.load(self._spec)
            if self._model is None:
                self._model = self._store.register(self._embedder.name, self._spec, self._embedder.dimensions)
        except EmbeddingUnavailable as error:
            self._next_try = self._monotonic() + RETRY_SECONDS
            log.warning("embedding_unavailable", detail=error.detail)
            return None
        return self._model

    def _fill(self, model: EmbeddingModel) -> bool:
        """The backlog has more, if there is more; True where all is done, and then the model is the current one."""
        self._store.trim(BACKLOG_MOST)
        if not self._store.top_up(model, SWEEP_PAGE):
            return False
        if model.role is ModelRole.NEXT and self._store.promote(model):
            log.info("model_switched", model=model.name)
            self._model = None
        if dropped := self._store.drop_former(DROP_FORMER_SECONDS):
            log.info("former_vectors_dropped", models=dropped)
        return True

    def _batch(self, model: EmbeddingModel) -> int:
        """The works embedded; 0 where none waits, or where no vector could be had."""
        texts = self._store.claim(BATCH, CLAIM_SECONDS)
        if not texts:
            return 0
        if self._stored(model, texts):
            return len(texts)
        done = [one for one in texts if self._stored(model, [one])]
        failed = [one for one in texts if one not in done]
        if done:
            # the model works, so it is they
            self._store.fail(failed, RETRY_SECONDS)
        else:
            self._store.release(failed, RETRY_SECONDS)
            self._next_try = self._monotonic() + RETRY_SECONDS
        log.warning("texts_not_embedded", texts=len(failed), is_their_fault=bool(done))
        return len(done)

    def _stored(self, model: EmbeddingModel, texts: list[WaitingText]) -> bool:
        """True where the texts have their vectors now."""
        if self._embedder is None:
            return False
        try:
            vectors = self._embedder.embed_texts([text_to_embed(one.title, one.abstract) for one in texts])
        except EmbeddingUnavailable as error:
            log.info("embedding_failed", detail=error.detail)
            return False
        self._store.store(model, texts, vectors)
        return True
