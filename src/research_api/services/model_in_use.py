"""The model that queries are encoded by, loaded once in a process and away from the requests."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from research_api.domain.errors import EmbeddingUnavailable
from research_api.domain.vectors import Embedder, EmbeddingModel
from research_api.services.ports import EmbedderLoader

log = structlog.get_logger(__name__)

# a model that could not be loaded is left alone for so long
RETRY_LOADING_SECONDS = 30.0
# requests wait for a model that began to be loaded less than so long ago; the built-in one takes 0.25 s of CPU,
# and three seconds on a machine that starts everything at once
WAIT_FOR_LOADING_SECONDS = 5.0


@dataclass(slots=True)
class _Load:
    """One attempt. ended_at: None while it runs. detail: why there is no embedder."""

    name: str
    began_at: float
    done: threading.Event = field(default_factory=threading.Event)
    ended_at: float | None = None
    embedder: Embedder | None = None
    detail: str = "The model cannot be loaded now."


class ModelInUse:
    """Threads share it. Loading may take minutes, where a hub is slow: nobody waits that long."""

    def __init__(
        self,
        loader: EmbedderLoader,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        wait_seconds: float = WAIT_FOR_LOADING_SECONDS,
    ) -> None:
        self._loader = loader
        self._monotonic = monotonic
        self._wait_seconds = wait_seconds
        self._lock = threading.Lock()
        self._load: _Load | None = None

    def embedder(self, model: EmbeddingModel) -> Embedder:
        """The model's embedder. Raises EmbeddingUnavailable where it is still being loaded or cannot be."""
        load = self._load_of(model)
        if not load.done.wait(max(0.0, load.began_at + self._wait_seconds - self._monotonic())):
            raise EmbeddingUnavailable("The model is being loaded.")
        if load.embedder is None:
            raise EmbeddingUnavailable(load.detail)
        return load.embedder

    def _load_of(self, model: EmbeddingModel) -> _Load:
        """The attempt that counts for the model; a new one where there is none, or where it is time for another."""
        with self._lock:
            load = self._load
            if load is None or load.name != model.name or self._is_due_again(load):
                load = self._load = _Load(model.name, self._monotonic())
                threading.Thread(target=self._run, args=(load, model), name="load-model", daemon=True).start()
            return load

    def _is_due_again(self, load: _Load) -> bool:
        has_failed = load.ended_at is not None and load.embedder is None
        return has_failed and self._monotonic() >= (load.ended_at or 0.0) + RETRY_LOADING_SECONDS

    def _run(self, load: _Load, model: EmbeddingModel) -> None:
        """Its name must be the model's, else its vectors mean something else."""
        try:
            embedder = self._loader.load(model.spec)
            if embedder.name == model.name:
                load.embedder = embedder
                log.info(
                    "model_loaded", model=model.name, seconds=round(self._monotonic() - load.began_at, 2)
                )
            else:
                load.detail = "The model is another one than that of the stored vectors."
                log.warning("model_changed", expected=model.name, found=embedder.name)
        except EmbeddingUnavailable as error:
            load.detail = error.detail
            log.warning("model_not_loaded", model=model.name, detail=error.detail)
        finally:
            load.ended_at = self._monotonic()
            load.done.set()
