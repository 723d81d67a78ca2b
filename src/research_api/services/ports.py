"""What the services need of the outside; adapters in db, catalog, cache and enqueue satisfy these.

`ChangeFeed` stands in `domain.feed`, because the catalog's index needs it as well.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from research_api.domain.index import IndexHits, IndexRequest, KeptList
from research_api.domain.keys import Credential, Key
from research_api.domain.search import Hit
from research_api.domain.upsert import Incoming, Outcome
from research_api.domain.works import Identifier, Work


class Clock(Protocol):
    """The time, injected so that tests can set it."""

    def now(self) -> datetime:
        """The time in UTC."""
        ...


class WorkStore(Protocol):
    """The truth about works."""

    def upsert(self, batch: Sequence[Incoming]) -> list[Outcome]:
        """Each record is stored and its work merged anew; the outcomes stand in the order of the records.

        All or none. Raises DatabaseUnavailable.
        """
        ...

    def by_ids(self, ids: Sequence[str]) -> dict[str, Work]:
        """The works under the ids asked, survivors under the ids that were merged away; unknown ids are left out."""
        ...

    def ids_of(self, identifiers: Sequence[Identifier]) -> dict[Identifier, str]:
        """The work id of each identifier that is known."""
        ...

    def ids_by_title(self, title_key: bytes, limit: int) -> list[str]:
        """Works whose whole title folds to that key, oldest first."""
        ...

    def count(self) -> int:
        """How many works there are."""
        ...

    def size_bytes(self) -> int:
        """What the catalog's tables and their indexes take on disk."""
        ...


class SearchIndex(Protocol):
    """The words of the works, findable."""

    def search(self, request: IndexRequest) -> IndexHits:
        """The best `limit` works. Never raises for a broken index: that is state "missing" or "damaged"."""
        ...


class ListStore(Protocol):
    """Keeps ranked lists for a time."""

    def put(self, kept: KeptList, ttl_seconds: int) -> str | None:
        """The id under which the list is kept, or None where it could not be kept."""
        ...

    def get(self, list_id: str) -> KeptList | None:
        """The list, or None where its time is over.

        Raises Unavailable where the store does not answer.
        """
        ...


class RecordWriter(Protocol):
    """Writes works down in one format."""

    def write(self, shown: Iterable[Hit | Work], fields: Collection[str] = ()) -> Iterator[str]:
        """The text of a whole file, in pieces. fields: what to give of each record; empty means all."""
        ...


class WakeUps(Protocol):
    """Tells workers that there is something to do; losing one costs a delay, never the work."""

    def index(self) -> None:
        """Every host's index worker is told of changes. Never raises."""
        ...


class KeyStore(Protocol):
    """Keys and their credentials."""

    def add(self, key: Key, credential: Credential) -> Key:
        """The key and its first credential are stored; its organization is made where it is new.

        Raises Conflict if an id is taken.
        """
        ...

    def find(self, credential_id: str) -> tuple[Key, Credential] | None:
        """The key a credential belongs to, or None."""
        ...

    def get(self, key_id: str) -> Key | None:
        """The key, or None."""
        ...

    def list(self, *, organization: str | None, limit: int) -> list[Key]:
        """Keys, newest first."""
        ...

    def revoke(self, key_id: str, at: datetime) -> Key | None:
        """The key is revoked from that time, or stays revoked since before; None where there is none."""
        ...
