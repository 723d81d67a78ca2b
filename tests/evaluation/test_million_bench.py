"""The bench over a million works, with a few of them: every step of it, to the table."""

from __future__ import annotations

import gzip
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

pytestmark = [pytest.mark.long, pytest.mark.services]

PAPERS, WORKS = 600, 1_300
WORDS = (
    "parsing",
    "neural",
    "translation",
    "grammar",
    "semantic",
    "corpus",
    "dialogue",
    "speech",
    "learning",
)


def corpus(path: Path) -> Path:
    """Papers in the Anthology's form, made anew."""
    source = random.Random(7)
    with gzip.open(path, "wt", encoding="utf-8") as lines:
        for number in range(1, PAPERS + 1):
            title = " ".join(source.sample(WORDS, 5)).capitalize()
            paper = {
                "id": f"2020.made-main.{number}",
                "title": f"{title} number{number}",
                "abstract": " ".join(source.choices(WORDS, k=30)) if number % 2 else "",
                "authors": [{"given": "Ann", "family": f"Author{number}"}],
                "year": 1990 + number % 30,
                "venue": "Made",
                "url": "",
                "doi": "",
            }
            lines.write(json.dumps(paper) + "\n")
    return path


def test_it_measures_a_few_works_from_end_to_end(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    environment = {
        **os.environ,
        "CORPUS": str(corpus(tmp_path / "made.jsonl.gz")),
        "WORKS": str(WORKS),
        "TRUE_VECTORS": "20",
        "JSON": str(figures),
        # a system that is not the bench's to fill
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    }

    ended = subprocess.run(
        [sys.executable, "-m", "ops.bench.million"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode in (0, 1), ended.stderr
    found = json.loads(figures.read_text())
    assert found["works"] == WORKS
    assert found["recall, no filter"] > 0.9
    assert found["vectors MB"] > 0
    assert 0 < found["hybrid p50 ms"] <= found["hybrid p95 ms"]
    assert "hybrid p95 ms" in ended.stdout
