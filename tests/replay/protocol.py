"""What the server and the replays of the sources tell each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from tests.replay.works import SampleWork


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. path: below the base URL, with its slash, still percent-encoded; headers: names in lower case."""

    method: str
    path: str
    params: Mapping[str, list[str]] = field(default_factory=lambda: MappingProxyType({}))
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    body: bytes = b""

    def param(self, name: str, default: str = "") -> str:
        """The first value of that parameter."""
        return self.params.get(name, [default])[0]


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer; the server adds Content-Length, and Content-Encoding where it packs the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Replayed(Protocol):
    """Speaks for one source. name: that of the source, and of the path below which it is served."""

    @property
    def name(self) -> str:
        """The name of the source."""
        ...

    def answer(self, asked: Asked) -> Answered:
        """What the real API would say: it refuses what that refuses. Called by many threads at once."""
        ...


class MakesReplay(Protocol):
    """What REPLAY of a module is: the class itself."""

    name: str

    def __call__(self, works: Sequence[SampleWork], /) -> Replayed:
        """The replay over those of the works that its source has."""
        ...
