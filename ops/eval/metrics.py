"""How good a ranked list is, and how long answers took: pure functions."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

import numpy as np

NDCG_DEPTH, RECALL_DEPTH = 10, 100


def ndcg(ranked: Sequence[str], grades: Mapping[str, int], depth: int = NDCG_DEPTH) -> float:
    """nDCG at the depth: the gain is the grade itself, the ideal list has all judged works, best first.

    ranked: each work once, best first. grades: what was judged; other works have 0, and a grade below 0 counts as 0.
    0 where nothing judged is above 0.
    Source: trec_eval, measure ndcg_cut (read 2026-11)
    """
    ideal = _discounted(sorted(map(_gain, grades.values()), reverse=True)[:depth])
    return _discounted([_gain(grades.get(work, 0)) for work in ranked[:depth]]) / ideal if ideal else 0.0


def recall(ranked: Sequence[str], grades: Mapping[str, int], depth: int = RECALL_DEPTH) -> float:
    """How much of what is judged above 0 stands among the first `depth`; 0 where nothing is."""
    wanted = {work for work, grade in grades.items() if grade > 0}
    return len(wanted.intersection(ranked[:depth])) / len(wanted) if wanted else 0.0


def mean(values: Collection[float]) -> float:
    """The arithmetic mean; 0 of nothing."""
    return math.fsum(values) / len(values) if values else 0.0


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that so many percent do not exceed, between two neighbours in proportion; 0 of nothing."""
    return float(np.percentile(values, percent)) if values else 0.0


def _gain(grade: int) -> int:
    return max(grade, 0)


def _discounted(gains: Sequence[int]) -> float:
    return math.fsum(gain / math.log2(place + 2) for place, gain in enumerate(gains))
