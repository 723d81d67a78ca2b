"""The embedding service over a real Postgres: several of them share the work, and a dead one's is taken over."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest

from research_api.domain.vectors import Matrix
from research_api.services.embedding import CpuShare, EmbeddingService
from tests.db.vector_given import DIMENSIONS, Made, put_works, titled, vector_of

pytestmark = pytest.mark.services


class Killed(BaseException):
    """What ends a worker without a chance to tidy up."""


class TextEmbedder:
    """Loads itself; dies_after: so many texts."""

    name, dimensions, least_similarity = "texts@1", DIMENSIONS, -1.0

    def __init__(self, dies_after: float = float("inf")) -> None:
        self._dies_after = dies_after
        self.seen: list[str] = []

    def load(self, spec: str) -> TextEmbedder:
        return self

    def embed_query(self, text: str) -> Matrix:
        return vector_of(text)

    def embed_texts(self, texts: Sequence[str]) -> Matrix:
        if len(self.seen) + len(texts) > self._dies_after:
            raise Killed
        self.seen += texts
        time.sleep(0.002)
        return np.stack([vector_of(text) for text in texts])


def service(made: Made, embedder: TextEmbedder, claim_seconds: float = 60) -> EmbeddingService:
    return EmbeddingService(
        made.models, made.store, embedder, "texts", share=CpuShare(1.0, cores=64), claim_seconds=claim_seconds
    )


def test_services_share_the_work_and_none_does_anothers(made: Made) -> None:
    works = titled(*(f"work {number}" for number in range(300)))
    put_works(made.database, works)
    embedders = [TextEmbedder(), TextEmbedder()]
    threads = [
        threading.Thread(target=service(made, one).finish, args=(1.0, lambda _: None)) for one in embedders
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    seen = Counter(text for one in embedders for text in one.seen)
    assert seen == Counter(work.title for work in works)
    assert all(one.seen for one in embedders)
    model = made.models.filled()
    assert model is not None
    assert made.stale(model) == []


def test_what_a_dead_worker_had_in_hand_is_taken_over_after_its_lease(made: Made) -> None:
    put_works(made.database, titled(*(f"work {number}" for number in range(60))))
    with pytest.raises(Killed):
        service(made, TextEmbedder(dies_after=20), claim_seconds=1).finish(1.0, lambda _: None)

    done = service(made, TextEmbedder()).finish(1.0, lambda _: None)

    model = made.models.filled()
    assert model is not None
    assert done == 60 - 15
    assert made.stale(model) == []
    assert made.waiting() == set()
