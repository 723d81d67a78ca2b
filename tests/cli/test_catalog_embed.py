"""`flask catalog embed`, over services in memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from click.testing import Result
from flask import Flask

from research_api.cli import register
from research_api.domain.errors import Conflict, EmbeddingUnavailable, Invalid, ResearchApiError


class FakeEmbedding:
    """Makes twenty vectors in two batches, or fails."""

    def __init__(self, error: ResearchApiError | None = None) -> None:
        self._error = error
        self.shares: list[float] = []

    def finish(self, share: float, on_batch: Callable[[int], None]) -> int:
        self.shares.append(share)
        if self._error is not None:
            raise self._error
        on_batch(16)
        on_batch(4)
        return 20


def run(embedding: FakeEmbedding, *arguments: str) -> Result:
    figures = SimpleNamespace(without_vector=20, vectors_failed=1)
    services = SimpleNamespace(embedding=embedding, catalog=SimpleNamespace(stats=lambda: figures))
    app = Flask("test")
    app.extensions["services"] = lambda: services
    register(app)
    return app.test_cli_runner().invoke(args=["catalog", "embed", *arguments])


def test_it_tells_how_many_have_vectors_now_and_how_many_never_will() -> None:
    as_json, as_text = run(FakeEmbedding(), "--json"), run(FakeEmbedding())

    found = json.loads(as_json.stdout)
    assert (as_json.exit_code, found["embedded"], found["failed"]) == (0, 20, 1)
    assert set(found) == {"embedded", "failed", "seconds"}
    assert as_text.stdout.splitlines()[0].split() == ["embedded:", "20"]
    assert as_json.stderr == ""


def test_it_takes_the_whole_machine_or_what_it_is_allowed() -> None:
    embedding = FakeEmbedding()

    codes = [
        run(embedding, *given).exit_code for given in ((), ("--cpu-percent", "30"), ("--cpu-percent", "0"))
    ]

    assert codes == [0, 0, 2]
    assert embedding.shares == [1.0, 0.3]


@pytest.mark.parametrize(
    ("error", "code"), [(Invalid("off"), 2), (Conflict("another"), 4), (EmbeddingUnavailable("gone"), 5)]
)
def test_why_it_cannot_is_one_line_and_a_code(error: ResearchApiError, code: int) -> None:
    ended = run(FakeEmbedding(error))

    assert (ended.exit_code, ended.stdout) == (code, "")
    assert ended.stderr == f"Error: {error.detail}\n"
