"""All replays there are."""

from __future__ import annotations

import pkgutil
from collections.abc import Sequence
from importlib import import_module

import tests.replay
from tests.replay.protocol import MakesReplay, Replayed
from tests.replay.works import SampleWork

_NOT_SOURCES = frozenset({"__main__"})


def replay_classes() -> dict[str, MakesReplay]:
    """By the name of its source the class that each module of this package has as REPLAY."""
    names = [module.name for module in pkgutil.iter_modules(tests.replay.__path__)]
    modules = [
        import_module(f"tests.replay.{name}")
        for name in names
        if name not in _NOT_SOURCES and not name.startswith("test_")
    ]
    classes: list[MakesReplay] = [module.REPLAY for module in modules if hasattr(module, "REPLAY")]
    return {one.name: one for one in sorted(classes, key=lambda one: one.name)}


def replays_over(works: Sequence[SampleWork], *names: str) -> dict[str, Replayed]:
    """The replays of those sources, of all of them where none is named."""
    return {name: make(works) for name, make in replay_classes().items() if not names or name in names}
