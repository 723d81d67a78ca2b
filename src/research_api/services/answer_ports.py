"""What a federated search needs of the cache: answers kept for a time, and equal questions asked once.

Nothing here raises: a cache that is away, full or broken is a miss.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from research_api.domain.answers import KeptAnswer


class AnswerCache(Protocol):
    """Keeps answers; all of them may be lost at any time."""

    def visit(self) -> CacheVisit:
        """One request's use of the cache. Nothing is sent yet."""
        ...


class CacheVisit(Protocol):
    """One request's use: Redis gets 0.25 s of it in all; after a first time-out or fault it is asked no more.

    From then on all is a miss. May be shared by the threads of the request. Keys are hashes: short, and free of what
    was asked.
    """

    def beside(self) -> CacheVisit:
        """For what no answer waits for: it takes none of the request's time, and is broken where the request's is."""
        ...

    @property
    def is_broken(self) -> bool:
        """True where Redis is asked no more in this request."""
        ...

    def get(self, keys: Sequence[str]) -> dict[str, KeptAnswer]:
        """What is kept under these keys, in one round trip; missing ones are left out."""
        ...

    def put(self, answers: Mapping[str, bytes], keep_seconds: int) -> bool:
        """Each is kept for so long, in one round trip, but for bodies that are over 1 MB compressed.

        True where all of them are.
        """
        ...

    def fly(self, key: str, seconds: float) -> Flight:
        """Who first asks flies, for so many seconds at most; the others wait for him.

        Another may have put the answer and landed since the caller looked: whose flight it is looks once more by
        `get` before he asks the sources, and puts what may be kept before he lands.
        """
        ...

    def first(self, key: str, seconds: int) -> bool:
        """True for the first caller within so many seconds; False for the others, and where Redis is broken."""
        ...


class Flight(Protocol):
    """One question that is being asked for everybody who wants the same."""

    @property
    def is_mine(self) -> bool:
        """True: this caller asks the sources and must call `give_up`, or `land` and `tell_others`."""
        ...

    def land(self, body: bytes) -> None:
        """Everybody who waits in this process gets this, whether it may be cached or not.

        A second end of the flight is none.
        """
        ...

    def tell_others(self, body: bytes) -> None:
        """Those who wait in other processes get it, once it has landed here. Until then the flight is under way there;
        so this may be done behind the answer, and has to be done.
        """
        ...

    def give_up(self) -> None:
        """Those who wait ask for themselves; so they do where the flyer dies and his seconds are over."""
        ...

    def wait(self, seconds: float) -> bytes | None:
        """For those whose it is not: the body, or None where it did not come in time or was given up.

        After None the caller may `fly` again, so that of many who waited in vain one asks.
        """
        ...
