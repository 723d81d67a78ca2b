"""The spoiled payloads are what they are taken for."""

from __future__ import annotations

from tests.providers.hostile import WRONG, spoiled


def test_each_place_is_spoiled_in_every_way_and_the_payload_stays_whole() -> None:
    payload = {"a": [1, 2, 3], "b": {"c": "d"}}

    copies = list(spoiled(payload))

    # the whole, a, b, two items of a, and c; three keys are also taken away
    assert len(copies) == 6 * len(WRONG) + 3
    assert {"a": [1, [], 3], "b": {"c": "d"}} in copies
    assert {"a": [1, 2, 3], "b": {}} in copies
    assert payload == {"a": [1, 2, 3], "b": {"c": "d"}}
