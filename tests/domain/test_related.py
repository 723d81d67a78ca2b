"""Why one work is related to another."""

from __future__ import annotations

import pytest

from research_api.domain.related import Coupling, combined


def test_the_strength_of_coupling_is_shared_references_over_the_geometric_mean() -> None:
    assert Coupling("w_a", shared=6, mine=9, theirs=16).strength == pytest.approx(0.5)
    assert Coupling("w_a", shared=3, mine=3, theirs=3).strength == 1.0
    assert Coupling("w_a", shared=0, mine=0, theirs=0).strength == 0.0


def test_two_reasons_are_better_than_one_and_equals_stand_by_their_ids() -> None:
    couplings = [Coupling("w_both", 2, 4, 4), Coupling("w_shared", 2, 4, 4), Coupling("w_alike", 2, 4, 4)]

    ranked = combined({"w_both": 0.8, "w_near": 0.8}, couplings)

    assert [one.work_id for one in ranked] == ["w_both", "w_near", "w_alike", "w_shared"]
    assert [one.score for one in ranked] == pytest.approx([0.65, 0.4, 0.25, 0.25])
    assert [one.similarity for one in ranked] == [0.8, 0.8, None, None]
    assert [one.shared_references for one in ranked] == [2, 0, 2, 2]
