"""How far the nearest works are looked for."""

from __future__ import annotations

import pytest

from research_api.domain.neighbours import FEW, Reach, few, reach


def test_the_more_works_there_are_the_more_are_few() -> None:
    assert [few(works) for works in (0, 10, 50_000)] == [FEW] * 3
    assert FEW < few(62_000) < 10_000
    assert 30_000 < few(1_000_000) < 40_000


@pytest.mark.parametrize("left", [0, 9_000, 62_000, 70_000])
def test_of_a_small_graph_no_more_is_drawn_than_wanted(left: int) -> None:
    """left: an index may be a moment ahead of its own count."""
    assert reach(200, left, 62_000) == Reach(600, 200)
    assert reach(1_000, left, 62_000) == Reach(1_000, 1_000)
    assert reach(200, left, 150_000) == Reach(1_000, 200)


def test_of_a_large_graph_more_is_drawn_as_far_as_filters_leave_it() -> None:
    """More than one look gives, where all is left; half of that, where half is."""
    million = 1_000_000

    def drawn(limit: int, left: int) -> int:
        found = reach(limit, left, million)
        assert found.candidates == 1_000
        return found.drawn

    assert drawn(200, million) > 1_000
    assert 500 < drawn(200, million // 2) < 1_000
    assert drawn(200, million // 10) == drawn(200, million // 25) == 500
    assert drawn(1_000, million // 25) > 1_000
