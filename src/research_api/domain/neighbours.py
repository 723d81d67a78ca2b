"""How the nearest works are looked for: one by one, or by a graph that finds nearly all of them, and how far.

docs/performance.md has the measurements on a million works that chose the numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

# so few are always compared one by one
FEW = 8_000
# Comparing costs 4.5 µs a work. The graph costs 14 µs a work that it looks at, and of a filter that leaves one in n it
# looks at n times as many: both cost the same at the root of so many times the works.
_FEW_SQUARED_PER_WORK = 1_250
# one look at the graph of so many works finds nearly all with fewer candidates
_SMALL, _SMALL_CANDIDATES = 100_000, 600
# the most that pgvector allows; beyond, one look is not enough, and so many more than wanted are drawn
_MEDIUM, _CANDIDATES, _SPARE = 200_000, 1_000, 300


@dataclass(frozen=True, slots=True)
class Reach:
    """How far the graph is searched.

    candidates: what one look keeps (ef). drawn: how many of the accepted works are taken from it, by further looks
    where need be, before the nearest are chosen.
    """

    candidates: int
    drawn: int


def few(works: int) -> int:
    """At most so many of the `works` are compared one by one: nothing is missed, and the graph would be no faster."""
    return max(FEW, math.isqrt(_FEW_SQUARED_PER_WORK * works))


def reach(limit: int, left: int, works: int) -> Reach:
    """How far to search for a list of `limit`, where filters leave `left` of the `works`.

    The graph finds what is near first, and not all of it: from a large one more are drawn, half as many again as one
    look at it gives, as far as filters leave them.
    """
    if works <= _MEDIUM:
        candidates = _SMALL_CANDIDATES if works <= _SMALL else _CANDIDATES
        return Reach(max(candidates, min(limit, _CANDIDATES)), limit)
    return Reach(_CANDIDATES, max(limit + _SPARE, _CANDIDATES * 3 * min(left, works) // (2 * works)))
