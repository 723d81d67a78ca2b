"""Gives works their vectors, a little at a time."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass, replace

import structlog

from research_api.domain.errors import Conflict, EmbeddingUnavailable, Invalid
from research_api.domain.vectors import (
    Embedder,
    EmbeddingModel,
    EmbeddingProgress,
    Matrix,
    ModelRole,
    WaitingText,
    check_vectors,
    text_to_embed,
)
from research_api.services.background_load import load_in_background
from research_api.services.ports import EmbedderLoader, EmbeddingStore, ModelStore

log = structlog.get_logger(__name__)

# A batch takes about so long, so that little is repeated after a crash and the index does not wait for long.
BATCH_SECONDS = 1.0
MAX_BATCH = 16
# longer than a batch takes on a busy machine; what a killed worker had is taken up again after it
CLAIM_SECONDS = 120.0
RETRY_SECONDS = 60.0
BACKLOG_MOST = 100_000
# the sweep adds when nothing waits, so that new works stay the first
SWEEP_PAGE = 2_000
# web processes look every 2 s whether the model has changed
DROP_FORMER_SECONDS = 60.0
# so often a pause looks whether something else waits
LOOK_SECONDS = 0.25
# who works in the foreground looks so often how far all are
FOREGROUND_SECONDS = 2.0
# a model that comes from a hub takes minutes, and then the worker registers it
PREPARE_SECONDS = 60.0
_PROBE = "Is this a model that works?"


@dataclass(frozen=True, slots=True)
class CpuShare:
    """At most `share` of all cores over time, by pauses after each piece of work."""

    share: float
    cores: int = len(os.sched_getaffinity(0))
    cpu_seconds: Callable[[], float] = time.process_time

    def pause_after(self, cpu: float, wall: float) -> float:
        """Seconds to rest after a piece of work that took so much CPU and so long."""
        return max(0.0, cpu / (self.share * self.cores) - wall)


class EmbeddingService:
    """Fills the backlog, empties it newest first, and switches to a new model when all works have its vectors.

    Any number of processes may run it: what one has claimed, the others leave alone. The model of the process that
    began last is filled; those with another one stand by.
    """

    def __init__(  # noqa: PLR0913 - two clocks and a lease beside what it works with
        self,
        models: ModelStore,
        store: EmbeddingStore,
        loader: EmbedderLoader,
        spec: str | None,
        *,
        share: CpuShare,
        claim_seconds: float = CLAIM_SECONDS,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._models = models
        self._store = store
        self._loader = loader
        self._spec = spec
        self._share = share
        self._claim_seconds = claim_seconds
        self._sleep = sleep
        self._monotonic = monotonic
        self._embedder: Embedder | None = None
        self._loading: Future[Embedder] | None = None
        self._is_registered = False
        self._next_try = 0.0
        self._reason = ""
        # grows step by step: on a busy machine one quick text does not mean that sixteen are quick
        self._batch_size = 1

    @property
    def is_on(self) -> bool:
        """False where the operator wants no vectors."""
        return self._spec is not None

    def prepare(self) -> bool:
        """The database knows the model, so that searches may use what vectors there are; True where it does.

        A model that cannot be had now is left to the worker. Raises DatabaseUnavailable.
        """
        return self._ready(self._monotonic() + PREPARE_SECONDS, lambda: False) is not None

    def run(
        self,
        seconds: float,
        is_wanted_elsewhere: Callable[[], bool],
        on_batch: Callable[[int], None] = lambda _: None,
    ) -> int:
        """Works for about so long, or until something else waits, or until nothing is left; the works embedded.

        on_batch is told of each batch. Raises DatabaseUnavailable; what was stored before stays.
        """
        until = self._monotonic() + seconds
        model = self._ready(until, is_wanted_elsewhere)
        if model is not None:
            self._store.trim(model, BACKLOG_MOST)
        done = 0
        while model is not None and self._next_try <= self._monotonic() < until:
            begin, cpu = self._monotonic(), self._share.cpu_seconds()
            texts = self._store.claim(self._batch_size, self._claim_seconds)
            taken = self._batch(model, texts) if texts else 0
            if taken is None or (not texts and self._fill(model)):
                break
            done += taken
            on_batch(taken)
            if is_wanted_elsewhere():
                break
            wall = self._monotonic() - begin
            # a pause may last past the end: the share holds over calls too
            self._rest(self._share.pause_after(self._share.cpu_seconds() - cpu, wall), is_wanted_elsewhere)
        return done

    def progress(self) -> EmbeddingProgress | None:
        """How far it has come; None where there is no model. Raises DatabaseUnavailable."""
        return self._store.progress()

    def finish(self, share: float, on_batch: Callable[[int], None]) -> int:
        """Works at that share of the CPU until every work has its vector or failed for good; the works embedded.

        Works that others have claimed are waited for. Raises Invalid where no vectors are wanted, EmbeddingUnavailable
        where the model cannot be had, Conflict where another one is filled now.
        """
        if self._spec is None:
            raise Invalid("EMBEDDING_MODEL is none: set it to make vectors.")
        self._share = replace(self._share, share=share)
        done = 0
        while True:
            taken = self.run(FOREGROUND_SECONDS, lambda: False, on_batch)
            if self._is_unavailable():
                raise EmbeddingUnavailable(self._reason)
            done += taken
            if self._is_finished():
                return done
            if not taken:
                self._sleep(LOOK_SECONDS)

    def _is_finished(self) -> bool:
        progress = self._store.progress()
        if progress is None or self._embedder is None:
            return False
        if progress.model != self._embedder.name:
            raise Conflict(
                f"Another process makes vectors of {progress.model} now: set EMBEDDING_MODEL to the same."
            )
        return progress.is_swept and not progress.waiting and progress.role is ModelRole.CURRENT

    def _is_unavailable(self) -> bool:
        return self._monotonic() < self._next_try

    def _rest(self, seconds: float, is_wanted_elsewhere: Callable[[], bool]) -> None:
        """Rests so long, or until something else waits."""
        until = self._monotonic() + min(seconds, self._claim_seconds)
        while (left := until - self._monotonic()) > 0:
            self._sleep(min(left, LOOK_SECONDS))
            if left > LOOK_SECONDS and is_wanted_elsewhere():
                return

    def _ready(self, until: float, is_wanted_elsewhere: Callable[[], bool]) -> EmbeddingModel | None:
        """The model to work with now; None where there is none, or none yet."""
        if self._spec is None or self._is_unavailable():
            return None
        try:
            self._embedder = self._embedder or self._loaded(self._spec, until, is_wanted_elsewhere)
            if self._embedder is None:
                return None
            name, dimensions = self._embedder.name, self._embedder.dimensions
            if not self._is_registered:
                self._is_registered = self._models.register(name, self._spec, dimensions) is not None
        except EmbeddingUnavailable as error:
            self._put_off(error)
            return None
        model = self._models.filled() if self._is_registered else None
        if model is not None and model.name != name:
            # another process was started later with another model, and its operator's word is the newest
            log.warning("embedding_superseded", ours=name, filled=model.name)
            return None
        return model

    def _loaded(self, spec: str, until: float, is_wanted_elsewhere: Callable[[], bool]) -> Embedder | None:
        """None where loading goes on: the index must not wait for a hub. Raises EmbeddingUnavailable."""
        if self._loading is None:
            self._loading = load_in_background(self._loader, spec)
        while not wait([self._loading], LOOK_SECONDS).done:
            if self._monotonic() >= until or is_wanted_elsewhere():
                return None
        loading, self._loading = self._loading, None
        return loading.result()

    def _put_off(self, error: EmbeddingUnavailable) -> None:
        self._next_try, self._reason = self._monotonic() + RETRY_SECONDS, error.detail
        log.warning("embedding_unavailable", detail=error.detail)

    def _fill(self, model: EmbeddingModel) -> bool:
        """The backlog has more, if there is more; True where all is done, and then the model is the current one."""
        if self._is_unavailable() or not self._store.top_up(model, SWEEP_PAGE):
            return False
        if model.role is ModelRole.NEXT and self._models.promote(model):
            log.info("model_switched", model=model.name)
        if dropped := self._models.drop_former(DROP_FORMER_SECONDS):
            log.info("former_vectors_dropped", models=dropped)
        return True

    def _batch(self, model: EmbeddingModel, texts: list[WaitingText]) -> int | None:
        """How many have their vectors now; None where another model is filled now."""
        begin = self._monotonic()
        try:
            if not self._embedded(model, texts):
                return None
        except EmbeddingUnavailable as error:
            log.info("embedding_failed", detail=error.detail)
            return self._one_by_one(model, texts)
        seconds = self._monotonic() - begin
        fitting = round(len(texts) * BATCH_SECONDS / max(seconds, 0.001))
        self._batch_size = max(1, min(MAX_BATCH, 2 * len(texts), fitting))
        return len(texts)

    def _one_by_one(self, model: EmbeddingModel, texts: list[WaitingText]) -> int:
        """Finds out whether the texts or the model are at fault, and what can be embedded is."""
        if not self._model_works(model):
            self._store.release(texts, RETRY_SECONDS)
            return 0
        failed: list[WaitingText] = []
        for one in texts:
            try:
                self._embedded(model, [one])
            except EmbeddingUnavailable:
                failed.append(one)
        if failed:
            self._store.fail(failed, RETRY_SECONDS)
            log.warning("texts_not_embedded", works=[one.work_id for one in failed])
        return len(texts) - len(failed)

    def _model_works(self, model: EmbeddingModel) -> bool:
        """A text that any model can read tells; where it is the model, it is left alone for a while."""
        try:
            check_vectors(self._vectors([_PROBE]), 1, model.dimensions)
        except EmbeddingUnavailable as error:
            self._put_off(error)
            return False
        return True

    def _embedded(self, model: EmbeddingModel, texts: list[WaitingText]) -> bool:
        """True where the texts have their vectors; False where another model is filled now, and nobody has them."""
        vectors = self._vectors([text_to_embed(one.title, one.abstract) for one in texts])
        if self._store.store(model, texts, vectors):
            return True
        self._store.release(texts, 0)
        return False

    def _vectors(self, texts: list[str]) -> Matrix:
        if self._embedder is None:
            raise EmbeddingUnavailable("No model is loaded.")
        return self._embedder.embed_texts(texts)
