"""What is printed, kept and drawn."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from matplotlib.image import imread

from ops.eval.asking import MODES, ModeFigures
from ops.eval.plot import COLOURS, draw
from ops.eval.report import CollectionFigures, as_json, print_report


def figures(
    name: str, lexical: float, vector: float, hybrid: float, *, refused: int = 0
) -> CollectionFigures:
    """A collection with these values of nDCG@10."""
    modes = {
        mode: ModeFigures(value, 0.9, 12.3, 45.6, refused, 0, 0)
        for mode, value in zip(MODES, (lexical, vector, hybrid), strict=True)
    }
    return CollectionFigures(name, "small", 1_400, 225, 200, modes, 1.0, 2.0, ("1 work is odd",))


def test_the_margin_is_that_over_the_better_list() -> None:
    assert figures("c", 0.5, 0.6, 0.63).hybrid_margin == pytest.approx(0.03)
    assert figures("c", 0.6, 0.5, 0.58).hybrid_margin == pytest.approx(-0.02)


@pytest.mark.parametrize(("hybrid", "expected"), [(0.595, True), (0.5949, False), (0.7, True)])
def test_the_goal_allows_exactly_as_much_as_it_says(hybrid: float, expected: bool) -> None:
    assert figures("c", 0.5, 0.6, hybrid).meets(-0.005) is expected


def test_the_table_has_a_line_for_each_mode_and_the_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    print_report([figures("good[1]", 0.5, 0.6, 0.65), figures("bad", 0.5, 0.6, 0.55, refused=2)], -0.005)

    lines = [" ".join(line.replace("│", " ").split()) for line in capsys.readouterr().out.splitlines()]
    assert "good[1] 1,400 200 lexical 0.500 0.900 12.3 45.6" in lines
    assert "vector 0.600 0.900 12.3 45.6" in lines
    assert "hybrid 0.650 0.900 12.3 45.6 +0.050 met" in lines
    assert "hybrid 0.550 0.900 12.3 45.6 -0.050 MISSED" in lines
    assert "good[1]: 1 work is odd" in lines
    assert "bad: queries refused by the API, which score 0: 2 lexical, 2 vector, 2 hybrid" in lines
    assert lines[-1] == "Goal (hybrid is at least -0.005 from the better of its lists): MISSED on bad"


def test_the_verdict_names_a_goal_of_ones_own(capsys: pytest.CaptureFixture[str]) -> None:
    print_report([figures("a", 0.5, 0.6, 0.65)], 0.02)

    [verdict] = capsys.readouterr().out.splitlines()[-1:]
    assert (
        verdict == "Goal (hybrid is at least +0.020 from the better of its lists): met on the one collection"
    )


def test_json_has_every_figure_and_the_verdicts() -> None:
    kept = json.loads(
        json.dumps(as_json([figures("c", 0.5, 0.6, 0.55)], -0.005, "2026-11-24T00:00:00+00:00"))
    )

    [one] = kept["collections"]
    assert (kept["is_met"], one["is_met"], one["hybrid_margin"]) == (False, False, pytest.approx(-0.05))
    assert (one["name"], one["works"], one["queries"], one["scored"]) == ("c", 1_400, 225, 200)
    assert one["modes"]["vector"] == {
        "ndcg_at_10": 0.6,
        "recall_at_100": 0.9,
        "p50_ms": 12.3,
        "p95_ms": 45.6,
        "refused": 0,
        "empty": 0,
        "degraded": 0,
    }


def rows_with(picture: npt.NDArray[np.float32], colour: str) -> int:
    """How many rows of pixels have so much of the colour that a bar runs through them; the legend has less."""
    wanted = np.frombuffer(bytes.fromhex(colour.removeprefix("#")), np.uint8)
    is_wanted = (np.rint(picture[:, :, :3] * 255) == wanted).all(axis=2)
    return int((is_wanted.sum(axis=1) > 100).sum())


def test_the_plot_has_a_bar_for_each_mode_as_high_as_its_value(tmp_path: Path) -> None:
    draw([figures("a $very$ long_name of a collection", 0.2, 0.4, 0.6)], tmp_path / "p.png")

    lexical, vector, hybrid = (rows_with(imread(tmp_path / "p.png"), COLOURS[mode]) for mode in MODES)
    assert vector / lexical == pytest.approx(2, rel=0.03)
    assert hybrid / lexical == pytest.approx(3, rel=0.03)


def test_many_collections_make_a_wider_plot(tmp_path: Path) -> None:
    """Also where no mode finds anything."""
    draw([figures(str(number), 0.0, 0.0, 0.0) for number in range(9)], tmp_path / "p.png")

    assert imread(tmp_path / "p.png").shape[1] > 2_000
