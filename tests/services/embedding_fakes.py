"""The ports of the embedding service in memory, on a clock that only moves when somebody works or rests."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from research_api.domain.errors import EmbeddingUnavailable
from research_api.domain.vectors import EmbeddingModel, EmbeddingProgress, Matrix, ModelRole, WaitingText

DIMENSIONS = 4
BEGIN = datetime(2026, 11, 1, tzinfo=UTC)


class FakeTime:
    """Wall and CPU clock; rests are noted."""

    def __init__(self) -> None:
        self.wall = 1_000.0
        self.cpu = 0.0
        self.rests: list[float] = []

    def monotonic(self) -> float:
        return self.wall

    def cpu_seconds(self) -> float:
        return self.cpu

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.wall += seconds
        self.rests.append(seconds)


@dataclass
class FakeEmbedder:
    """Takes a second of CPU for ten texts; poison: texts of which it makes none. is_down: it makes none at all."""

    time: FakeTime
    name: str = "fake@1"
    dimensions: int = DIMENSIONS
    least_similarity: float = -1.0
    poison: frozenset[str] = frozenset()
    is_down: bool = False
    is_broken: bool = False
    seconds_each: float = 0.1
    asked: list[list[str]] = field(default_factory=list)

    def embed_query(self, text: str) -> Matrix:
        return self.embed_texts([text])[0]

    def embed_texts(self, texts: Sequence[str]) -> Matrix:
        self.asked.append(list(texts))
        self.time.wall += self.seconds_each * len(texts)
        self.time.cpu += self.seconds_each * len(texts)
        if self.is_down or self.poison & set(texts):
            raise EmbeddingUnavailable("It cannot.")
        rows = np.tile(np.eye(1, DIMENSIONS, dtype=np.float32), (len(texts), 1))
        return rows * np.nan if self.is_broken else rows


@dataclass
class FakeLoader:
    """Gives the one embedder; `gate` makes loading wait, `breaks` makes it fail as nobody expects."""

    embedder: FakeEmbedder
    is_missing: bool = False
    loads: int = 0
    gate: threading.Event | None = None
    breaks: bool = False

    def load(self, spec: str) -> FakeEmbedder:
        self.loads += 1
        if self.gate is not None:
            assert self.gate.wait(60)
        if self.breaks:
            raise RuntimeError("broken")
        if self.is_missing:
            raise EmbeddingUnavailable("The model is not there.")
        return self.embedder


class FakeModels:
    """The last that was registered is filled; is_busy: registering has to wait."""

    def __init__(self) -> None:
        self.known: dict[str, EmbeddingModel] = {}
        self.registered: list[str] = []
        self.is_busy = False
        self.dropped = 0

    def register(self, name: str, spec: str, dimensions: int) -> EmbeddingModel | None:
        if self.is_busy:
            return None
        self.registered.append(name)
        role = ModelRole.NEXT if self.known and name not in self.known else ModelRole.CURRENT
        self.known[name] = EmbeddingModel(len(self.known) + 1, name, spec, dimensions, role)
        return self.known[name]

    def filled(self) -> EmbeddingModel | None:
        return self.known[self.registered[-1]] if self.registered else None

    def promote(self, model: EmbeddingModel) -> bool:
        self.known = {model.name: replace(model, role=ModelRole.CURRENT)}
        return True

    def drop_former(self, after_seconds: float) -> int:
        self.dropped += 1
        return 0


class FakeStore:
    """A backlog; leases end by the fake clock."""

    def __init__(self, time: FakeTime, models: FakeModels) -> None:
        self._time, self._models = time, models
        self.waiting: dict[str, WaitingText] = {}
        self.until: dict[str, float] = {}
        self.failures: dict[str, int] = {}
        self.stored: list[str] = []
        self.sweeps_left = 0

    def put(self, *titles: str) -> None:
        for title in titles:
            moment = BEGIN + timedelta(seconds=len(self.until))
            self.waiting[title] = WaitingText(title, moment, title, None)
            self.until[title] = 0.0

    def claim(self, limit: int, seconds: float) -> list[WaitingText]:
        free = [one for one in self.waiting.values() if self.until[one.work_id] <= self._time.wall]
        chosen = sorted(free, key=lambda one: one.changed_at, reverse=True)[:limit]
        self.until |= {one.work_id: self._time.wall + seconds for one in chosen}
        return chosen

    def store(self, model: EmbeddingModel, texts: Sequence[WaitingText], vectors: Matrix) -> bool:
        if self._models.filled() != model:
            return False
        if np.isnan(vectors).any():
            raise EmbeddingUnavailable("That is no vector.")
        for one in texts:
            if self.waiting.pop(one.work_id, None):
                self.stored.append(one.work_id)
        return True

    def fail(self, texts: Sequence[WaitingText], seconds: float) -> None:
        for one in texts:
            self.failures[one.work_id] = self.failures.get(one.work_id, 0) + 1
            final = self.failures[one.work_id] >= 3
            self.until[one.work_id] = float("inf") if final else self._time.wall + seconds

    def release(self, texts: Sequence[WaitingText], seconds: float) -> None:
        self.until |= {one.work_id: self._time.wall + seconds for one in texts}

    def trim(self, model: EmbeddingModel, most: int) -> int:
        return 0

    def top_up(self, model: EmbeddingModel, page: int) -> bool:
        self.sweeps_left -= 1
        return self.sweeps_left < 0

    def progress(self) -> EmbeddingProgress | None:
        model = self._models.filled()
        if model is None:
            return None
        failed = sum(1 for one in self.waiting if self.until[one] == float("inf"))
        waiting = len(self.waiting) - failed
        return EmbeddingProgress(model.name, model.role, len(self.stored), waiting, failed, True, None)
