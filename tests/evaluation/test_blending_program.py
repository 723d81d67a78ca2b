"""The measurement of how lists are blended."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.eval import blending
from tests.evaluation.test_collections import write


def test_each_collection_has_a_line_with_four_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "water", water="query-id\tcorpus-id\tscore\nq1\t1\t2\n")

    blending.main(tmp_path)

    heading, line = capsys.readouterr().out.splitlines()
    name, *figures = line.split()
    assert heading.split()[:5] == ["collection", "catalog", "words", "sources", "blend"]
    assert name == "water"
    assert [float(figure) for figure in figures] == [1.0, 1.0, pytest.approx(1.0), 1.0]


def test_the_program_measures_the_blend_that_searches_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Half of the works that match a word have another one: nothing tells which of them were judged."""
    works = "".join(f'{{"_id": "{n}", "title": "Water {n}", "text": ""}}\n' for n in range(40))
    judged = "".join(f"q1\t{n}\t1\n" for n in range(20, 40))
    queries = '{"_id": "q1", "text": "water"}\n'
    write(tmp_path / "many", works=works, queries=queries, many=f"query-id\tcorpus-id\tscore\n{judged}")

    blending.main(tmp_path)

    figures = capsys.readouterr().out.splitlines()[1].split()[1:]
    assert all(0.0 <= float(figure) <= 1.0 for figure in figures)
    assert float(figures[0]) < 1.0
