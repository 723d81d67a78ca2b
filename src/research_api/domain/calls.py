"""One call to the outside, as plain data: what is sent, what came back, or why nothing did.

CallFailed
├── CallRefused    the guard does not let it out
├── CallTimedOut   its time was over, in looking the name up, connecting, or reading
└── CallBroken     no connection, no HTTP, or more bytes than are taken
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One HTTP request. params: sent behind the `?`, encoded; they may hold a key, so nobody logs them.

    url: absolute and without a query. body: sent as it is; headers name its type.
    """

    url: str
    params: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    method: str = "GET"
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """One whole answer of any status. headers: names in lower case. body: decoded bytes."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class CallFailed(Exception):
    """There is no answer. The text is for the log: it has neither URL nor key."""


class CallRefused(CallFailed):
    """The guard does not let the call out; the text is the reason."""


class CallTimedOut(CallFailed):
    """The time was over before the answer was whole."""


class CallBroken(CallFailed):
    """The other side cannot be reached, does not speak HTTP, or sends more than is taken."""


class Send(Protocol):
    """The one way out, bound to the deadline and the size that hold for its caller."""

    def __call__(self, outgoing: Outgoing, /) -> Reply:
        """The answer, whatever its status; redirects within the host were followed. Raises CallFailed."""
        ...
