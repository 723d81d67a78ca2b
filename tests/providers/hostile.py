"""Payloads that no source should send: at each place of a real one stands something of a wrong type."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

from research_api.domain.calls import Reply
from research_api.domain.sources import SourceFailed
from tests.providers.sending import Given

WRONG: tuple[object, ...] = (
    None, True, False, 0, -7, 10**30, 1.5, float("nan"), "", " ", "\ud800\x00", "9" * 5_000, [], [None], [[]], [7], {},
    {"a": {"b": []}}, [{}], [{"name": {}}],
)  # fmt: skip


def spoiled(payload: object) -> Iterator[object]:
    """Copies of the payload, each with one value replaced; also keys are gone."""
    for path in _paths(payload):
        for wrong in WRONG:
            yield _replaced(payload, path, wrong)
        if path and isinstance(path[-1], str):
            copy: Any = deepcopy(payload)
            place = copy
            for key in path[:-1]:
                place = place[key]
            del place[path[-1]]
            yield copy


def outcomes_of(payload: object, ask: Callable[[Given], object]) -> Counter[object]:
    """How often asking gave what, where each spoiled copy was the answer; None: a failure of the source."""
    outcomes: Counter[object] = Counter()
    for copy in spoiled(payload):
        try:
            outcomes[ask(Given(Reply(200, {}, json.dumps(copy).encode())))] += 1
        except SourceFailed:
            outcomes[None] += 1
    return outcomes


def _paths(value: object, lead: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield lead
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _paths(part, (*lead, key))
    if isinstance(value, list):
        # what holds for the first two holds for all
        for place, part in enumerate(value[:2]):
            yield from _paths(part, (*lead, place))


def _replaced(payload: object, path: tuple[str | int, ...], wrong: object) -> object:
    if not path:
        return wrong
    copy: Any = deepcopy(payload)
    place = copy
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = wrong
    return copy
