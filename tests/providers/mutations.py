"""Answers in which some value is of a type or of a size that nobody expects."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from research_api.domain.calls import Reply

Path = tuple[str | int, ...]

_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([2**31, -1, 10**40, 0]),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(
        ["", " ", "\x00", "\ud800", "10.", "doi:", "10.5555/" + "a" * 600, "<i>", "&lt;b&gt;", "0" * 50]
    ),
)
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


def _paths(body: Any, here: Path = ()) -> Iterator[Path]:
    yield here
    members = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, value in members:
        yield from _paths(value, (*here, key))


def _with(body: Any, path: Path, value: object) -> Any:
    """The body with that value there; a path that an earlier change took away changes nothing."""
    if not path:
        return value
    place = body
    for key in path[:-1]:
        place = place[key] if _has(place, key) else None
    if _has(place, path[-1]):
        place[path[-1]] = value
    return body


def _has(place: Any, key: str | int) -> bool:
    if isinstance(place, list):
        return isinstance(key, int) and key < len(place)
    return isinstance(place, dict) and key in place


@st.composite
def mutated(draw: st.DrawFn, body: bytes) -> Reply:
    """The JSON answer with one to four of its values replaced."""
    whole = json.loads(body)
    paths = sorted(_paths(whole), key=repr)
    changed = copy.deepcopy(whole)
    for path in draw(st.lists(st.sampled_from(paths), min_size=1, max_size=4)):
        changed = _with(changed, path, draw(_VALUES))
    return Reply(200, {"content-type": "application/json"}, json.dumps(changed).encode())
