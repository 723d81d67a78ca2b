"""Loads a model while its process does something else: fetching one from a hub may take half an hour."""

from __future__ import annotations

import threading
from concurrent.futures import Future

from research_api.domain.errors import EmbeddingUnavailable
from research_api.domain.vectors import Embedder
from research_api.services.ports import EmbedderLoader


def load_in_background(loader: EmbedderLoader, spec: str) -> Future[Embedder]:
    """The embedder to come from a daemon thread, which a process that ends does not wait for.

    Its result raises EmbeddingUnavailable. What else goes wrong is reported as threads report it.
    """
    future: Future[Embedder] = Future()

    def load() -> None:
        try:
            future.set_result(loader.load(spec))
        except EmbeddingUnavailable as error:
            future.set_exception(error)
        finally:
            if not future.done():
                future.set_exception(EmbeddingUnavailable("The model cannot be loaded now."))

    threading.Thread(target=load, name="load-model", daemon=True).start()
    return future
