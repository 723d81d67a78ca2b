"""A picture of the modes on each collection."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ops.eval.asking import MODES
from ops.eval.report import CollectionFigures

BAR_WIDTH = 0.27
DOTS_PER_INCH = 150
# told apart by everybody, also in grey. Source: Okabe and Ito, "Color Universal Design" (read 2026-11)
COLOURS = {"lexical": "#56B4E9", "vector": "#E69F00", "hybrid": "#005A8C"}


def draw(found: Sequence[CollectionFigures], path: Path) -> None:
    """The PNG is at the path: for each collection a bar for each mode, as high as its nDCG@10."""
    figure = Figure(figsize=(max(7.0, 2.0 + 1.9 * len(found)), 4.8), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for place, mode in enumerate(MODES):
        heights = [one.modes[mode].ndcg_at_10 for one in found]
        middles = [number + (place - 1) * BAR_WIDTH for number in range(len(found))]
        bars = axes.bar(middles, heights, BAR_WIDTH * 0.94, label=mode, color=COLOURS[mode])
        axes.bar_label(bars, fmt="{:.3f}", padding=2, fontsize=9)
    axes.set_xticks(range(len(found)), [_label(one) for one in found])
    highest = max(figures.ndcg_at_10 for one in found for figures in one.modes.values())
    axes.set_ylim(0, max(highest * 1.12, 0.1))
    axes.set_ylabel("nDCG@10, mean over the judged queries")
    axes.set_xlabel("collection")
    axes.set_title(f"Search modes compared on {len(found)} collection{'s' if len(found) > 1 else ''}")
    axes.yaxis.grid(visible=True, color="#dddddd")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside lower center", ncols=len(MODES), frameon=False, title=_models(found))
    figure.savefig(path, dpi=DOTS_PER_INCH)


def _label(one: CollectionFigures) -> str:
    # a dollar sign would start a formula
    name = one.name if len(one.name) <= 20 else f"{one.name[:19]}…"
    return f"{name}\n{one.works:,} works\n{one.scored:,} queries".replace("$", r"\$")


def _models(found: Sequence[CollectionFigures]) -> str:
    return f"vectors by {', '.join(sorted({one.model for one in found}))}".replace("$", r"\$")
