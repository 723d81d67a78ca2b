"""The command as people call it: what it refuses at once, and a whole run over collections made here."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from ops.eval.asking import MODES
from tests.architecture.source import ROOT
from tests.timing import wait_until

NOTHING = "postgresql://nobody:nothing@127.0.0.1:1/nowhere"
TOPICS = {
    "volcano": "Lava and ash erupt from a volcano and cool into rock.",
    "violin": "A violin has four strings that are played with a bow.",
    "cheese": "Milk curdles and ripens into cheese in a cool cellar.",
}
SETTINGS = ("COLLECTIONS", "JSON", "PLOT", "MIN_HYBRID_MARGIN", "EMBED_TIMEOUT", "EMBEDDING_MODEL")


def start(environment: Mapping[str, str]) -> subprocess.Popen[str]:
    """`make eval` without make, which has nothing but exit code 2."""
    passed_on = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    return subprocess.Popen(
        [sys.executable, "-m", "ops.eval"],
        cwd=ROOT,
        env={**passed_on, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def write(folder: Path, works: Mapping[str, str], judged: Mapping[str, str]) -> None:
    """A collection: for each work its id and topic, for each query, which is a topic's name, the right work."""
    (folder / "qrels").mkdir(parents=True)
    rows = [{"_id": name, "title": f"About {topic}", "text": TOPICS[topic]} for name, topic in works.items()]
    (folder / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    queries = [*({"_id": f"q-{topic}", "text": topic} for topic in judged), {"_id": "none", "text": ""}]
    (folder / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in queries))
    lines = [f"q-{topic}\t{name}\t1\n" for topic, name in judged.items()]
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(lines))


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder for everything temporary, through which servers that drop root can pass."""
    folder = Path(tempfile.mkdtemp(prefix="research-api-eval-test-")).resolve()
    folder.chmod(0o755)
    (folder / "tmp").mkdir()
    yield folder
    for process in processes_of(folder):
        process.kill()
    shutil.rmtree(folder)


def processes_of(folder: Path) -> list[psutil.Process]:
    """Whatever still runs below the folder, or was started with it as its place for temporary files."""
    return [process for process in psutil.process_iter() if _is_of(process, str(folder))]


def _is_of(process: psutil.Process, folder: str) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        seen = (*process.environ().values(), *process.cmdline(), process.cwd())
        return any(folder in one for one in seen)
    except (psutil.Error, OSError):
        return False


@pytest.mark.slow
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "the following arguments are required: collections"),
        ({"COLLECTIONS": "absent"}, "Error: absent: there is no such folder."),
        ({"COLLECTIONS": "docs"}, "Error: docs: no collection in it."),
        ({"COLLECTIONS": "{}", "EMBEDDING_MODEL": "none"}, "Error: EMBEDDING_MODEL is none"),
        ({"COLLECTIONS": "{}", "MIN_HYBRID_MARGIN": "much"}, "--min-hybrid-margin: must be a number"),
        ({"COLLECTIONS": "{}", "EMBED_TIMEOUT": "0"}, "--embed-timeout: must be more than 0"),
        ({"COLLECTIONS": "{}", "JSON": "{}"}, "cannot be written."),
        ({"COLLECTIONS": "{}", "PLOT": "{}/plot.pdf"}, "let its name end in .png."),
        ({"COLLECTIONS": "{}/bad"}, "/bad/c/qrels/test.tsv:2: the grade 'x' is not a whole number."),
    ],
)
def test_wrong_usage_is_told_in_one_line_before_anything_starts(
    place: Path, given: dict[str, str], expected: str
) -> None:
    write(place / "good", {"1": "violin"}, {"violin": "1"})
    write(place / "bad" / "c", {"1": "violin"}, {"violin": "1"})
    (place / "bad" / "c" / "qrels" / "test.tsv").write_text("q-violin\t1\t1\nq-violin\t1\tx\n")
    settings = {name: value.format(place) for name, value in given.items()}

    run = start({"PLOT": str(place / "plot.png"), **settings})
    out, err = run.communicate(timeout=60)

    assert (run.returncode, out) == (2, "")
    assert expected in err.splitlines()[-1]
    assert "starting" not in err


def given_two_collections(place: Path) -> dict[str, str]:
    """What to measure, with a goal that is out of reach; servers and folders named there are not to be used."""
    write(place / "in" / "music", {"1": "violin", "2": "volcano"}, {"violin": "1", "volcano": "2"})
    write(place / "in" / "nature", {"1": "volcano", "3": "cheese"}, {"volcano": "1", "cheese": "nowhere"})
    twins = [{"_id": name, "title": "A twin", "text": "", "doi": "10.5555/twin"} for name in ("4", "5")]
    with (place / "in" / "nature" / "corpus.jsonl").open("a") as corpus:
        corpus.writelines(json.dumps(row) + "\n" for row in twins)
    return {
        "COLLECTIONS": str(place / "in"),
        "JSON": str(place / "kept.json"),
        "PLOT": str(place / "plot.png"),
        "MIN_HYBRID_MARGIN": "0.5",
        "EMBEDDING_MODEL": "builtin",
        "TMPDIR": str(place / "tmp"),
        "DATABASE_URL": NOTHING,
        "INDEX_DIR": str(place / "elsewhere"),
    }


def check_figures(kept: dict[str, Any]) -> None:
    """Both collections have the work 1, each with another text: it is found for another query in each."""
    music, nature = kept["collections"]
    assert (music["name"], music["works"], music["queries"], music["scored"]) == ("music", 2, 3, 2)
    assert (nature["name"], nature["works"], nature["queries"], nature["scored"]) == ("nature", 3, 3, 2)
    for mode in MODES:
        assert (music["modes"][mode]["ndcg_at_10"], music["modes"][mode]["recall_at_100"]) == (1.0, 1.0)
        assert (nature["modes"][mode]["ndcg_at_10"], nature["modes"][mode]["refused"]) == (0.5, 1)
        assert 0 < music["modes"][mode]["p50_ms"] <= music["modes"][mode]["p95_ms"]
        assert music["modes"][mode]["degraded"] == 0
    assert (kept["is_met"], music["hybrid_margin"]) == (False, 0.0)


@pytest.mark.long
@pytest.mark.services
def test_each_collection_is_measured_in_a_system_of_its_own(place: Path) -> None:
    run = start(given_two_collections(place))
    out, err = run.communicate(timeout=600)

    assert run.returncode == 1, err
    kept = json.loads((place / "kept.json").read_text())
    check_figures(kept)
    assert json.loads((place / "plot.json").read_text()) == kept
    assert (place / "plot.png").read_bytes().startswith(b"\x89PNG")
    plain = [" ".join(line.replace("│", " ").split()) for line in out.splitlines()]
    assert any(re.fullmatch(r"music 2 2 lexical 1\.000 1\.000 [\d.]+ [\d.]+", line) for line in plain)
    assert any(re.fullmatch(r"hybrid 0\.500 0\.500 [\d.]+ [\d.]+ \+0\.000 MISSED", line) for line in plain)
    assert "nature: 1 judgements name works that are not in the corpus: never found" in plain
    assert any(line.startswith("nature: 1 works became one with another") for line in plain)
    assert plain[-1].endswith("MISSED on music, nature")
    assert "about 60 s" in err.splitlines()[0]
    assert processes_of(place) == []
    assert list((place / "tmp").iterdir()) == []
    assert not (place / "elsewhere").exists()


@pytest.mark.long
@pytest.mark.services
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_everything_that_was_started(place: Path, number: signal.Signals) -> None:
    write(place / "in" / "music", {"1": "violin", "2": "volcano"}, {"violin": "1", "volcano": "2"})
    settings = {"COLLECTIONS": str(place / "in"), "PLOT": str(place / "plot.png")}
    run = start({**settings, "TMPDIR": str(place / "tmp")})
    wait_until(
        lambda: any("gunicorn" in " ".join(one.cmdline()) for one in processes_of(place)), "the web processes"
    )
    time.sleep(1.0)

    os.killpg(run.pid, number)
    _, err = run.communicate(timeout=90)

    assert run.returncode == 130
    assert err.splitlines()[-1] == "Error: stopped; everything that was started is gone"
    assert processes_of(place) == []
    assert list((place / "tmp").iterdir()) == []
