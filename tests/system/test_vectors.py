"""Vectors are made beside everything else: through a killed worker, and from one model to another."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psutil
import pytest

from research_api.embeddings.folder import builtin_folder
from research_api.services.embedding import CLAIM_SECONDS, DROP_FORMER_SECONDS
from tests import timing
from tests.system.figures import has_all_vectors, stats
from tests.system.records import lines, plain
from tests.system.running import Answer, System, wait_until

WATCHED_SECONDS, SHARE = 20.0, 0.25
LONG = "Where wombats dig and how long they stay below is known from few places. " * 20

pytestmark = pytest.mark.services
SEARCH = f"/v1/search?mode=vector&limit=5&q={quote('how is DNA built?')}"


@pytest.fixture
def own_system() -> Iterator[System]:
    """With the demo records, in a folder of its own; vectors may take the whole machine."""
    system = System(DEMO="1", SOURCES="catalog", EMBEDDING_CPU_PERCENT="100")
    try:
        yield system
    finally:
        system.remove()


@pytest.fixture
def short_model(tmp_path: Path) -> str:
    """The built-in model as a folder that reads less of a text: to the system, another model."""
    builtin, folder = builtin_folder(), tmp_path / "short"
    folder.mkdir()
    (folder / "model.onnx").symlink_to(builtin.onnx)
    (folder / "tokenizer.json").symlink_to(builtin.tokenizer)
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 24}))
    return str(folder)


def models(system: System) -> dict[str, str]:
    """Role of each model, by what stands before its digest."""
    rows = system.query("SELECT name, role FROM embedding_models")
    return {str(name).partition("@")[0].partition("-")[0]: str(role) for name, role in rows}


def test_works_that_wait_are_embedded_in_the_foreground(system: System) -> None:
    """The index worker may have been at it before; what it has claimed is waited for."""
    ended = system.flask("catalog", "embed", "--json")

    assert ended.code == 0, ended.err
    assert set(ended.json) == {"embedded", "failed", "seconds"}
    figures = stats(system)
    assert (figures["with_vector"], figures["without_vector"]) == (figures["works"], 0)
    answer = system.search("how is DNA built?", mode="vector", limit=5)
    assert any("nucleic" in one["title"].lower() for one in answer["results"])


def test_no_vectors_are_made_where_none_are_wanted(system: System) -> None:
    ended = system.flask("catalog", "embed", EMBEDDING_MODEL="none")

    assert (ended.code, ended.err.count("Error: ")) == (2, 1)
    assert "EMBEDDING_MODEL" in ended.err


@pytest.mark.long
def test_a_killed_worker_costs_a_lease_and_no_vector(own_system: System) -> None:
    system = own_system
    system.start()
    wait_until(lambda: stats(system)["with_vector"] > 0, "the first vectors")
    given = lines(plain("wombat", 400))
    assert system.flask("catalog", "import", "-", "--namespace", "wombats", given=given).code == 0
    wait_until(lambda: system.query("SELECT FROM embedding_backlog WHERE claimed_until > now()"), "a batch")
    [child] = [one for one in system.processes("worker -Q index") if not one.children()]

    child.send_signal(signal.SIGKILL)
    before = stats(system)["with_vector"]
    timing.wait_until(
        lambda: has_all_vectors(system),
        "a vector for every work",
        seconds=CLAIM_SECONDS + timing.PATIENCE_SECONDS,
    )

    figures = stats(system)
    assert before < figures["works"]
    assert (figures["with_vector"], figures["vectors_failed"]) == (figures["works"], 0)
    assert system.query("SELECT count(*) FROM embedding_backlog") == [(0,)]


@pytest.mark.long
def test_the_worker_takes_its_share_of_the_cpu_and_no_more() -> None:
    """All its processes together: the parent, which only hands messages on, once took a core of its own."""
    system = System(DEMO="1", SOURCES="catalog", EMBEDDING_CPU_PERCENT=f"{SHARE * 100:.0f}")
    try:
        system.start()
        # texts of some length: a batch then lasts past its time, and the next message waits for it
        given = lines([{**one, "text": LONG} for one in plain("wombat", 1_000)])
        assert system.flask("catalog", "import", "-", "--namespace", "wombats", given=given).code == 0
        wait_until(lambda: stats(system)["pending"] == 0, "the index has them")
        before = stats(system)["with_vector"]
        worker = system.processes("worker -Q index")
        used = cpu_seconds(worker)
        time.sleep(WATCHED_SECONDS)
        used = cpu_seconds(worker) - used
        figures = stats(system)
    finally:
        system.remove()

    assert before < figures["with_vector"]
    assert figures["without_vector"] > 0
    # a batch may end after its time, and indexing may not be over
    assert used < 1.3 * SHARE * WATCHED_SECONDS * len(os.sched_getaffinity(0))


def cpu_seconds(processes: list[psutil.Process]) -> float:
    """What they have used so far."""
    return float(sum(sum(one.cpu_times()[:2]) for one in processes))


class Asking:
    """A client that searches without a pause, and what it was answered."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._ask)
        self.answers: list[Answer] = []
        self.errors: list[Exception] = []

    def __enter__(self) -> Asking:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _ask(self) -> None:
        while not self._is_over.is_set():
            try:
                self.answers.append(self._system.get(SEARCH))
            except OSError as error:
                self.errors.append(error)
            time.sleep(0.05)


@pytest.mark.long
def test_another_model_takes_over_and_no_search_notices(own_system: System, short_model: str) -> None:
    """While the new vectors are made, queries are encoded by the old model, which only the database names."""
    system = own_system
    system.start(EMBEDDING_MODEL=short_model)
    wait_until(lambda: has_all_vectors(system), "the vectors of the first model")
    assert models(system) == {"short": "current"}
    assert system.stop() == 0

    system.start(EMBEDDING_MODEL="builtin", EMBEDDING_CPU_PERCENT="20")
    with Asking(system) as client:
        wait_until(lambda: models(system) == {"short": "current", "bge": "next"}, "both models")
        wait_until(lambda: client.answers, "an answer meanwhile")
        wait_until(lambda: models(system).get("bge") == "current", "the switch")
        timing.wait_until(
            lambda: models(system) == {"bge": "current"},
            "the end of the former vectors",
            seconds=DROP_FORMER_SECONDS + timing.PATIENCE_SECONDS,
        )

    assert client.errors == []
    assert {one.status for one in client.answers} == {200}
    assert [one.json["warnings"] for one in client.answers if one.json["degraded"]] == []
    assert all(len(one.json["results"]) == 5 for one in client.answers)
    assert len({one.json["results"][0]["score"] for one in client.answers}) == 2
    assert system.query("SELECT count(*) FROM work_vectors") == system.query("SELECT count(*) FROM works")
    assert system.stop() == 0
