"""What the services need of the outside; adapters in db, catalog, cache and enqueue satisfy these.

`ChangeFeed` stands in `domain.feed`, because the catalog's index needs it as well, and so does `Embedder` in
`domain.vectors`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from research_api.domain.agreement import RecordKey
from research_api.domain.edges import Referring
from research_api.domain.index import Accepted, IndexHits, IndexRequest
from research_api.domain.keys import Credential, Key
from research_api.domain.neighbours import Reach
from research_api.domain.previews import Looked
from research_api.domain.query import Query
from research_api.domain.related import Coupling
from research_api.domain.search import Filters, Hit
from research_api.domain.upsert import Incoming, Outcome
from research_api.domain.vectors import (
    Embedder,
    EmbeddingModel,
    EmbeddingProgress,
    Matrix,
    Neighbours,
    Numbers,
    WaitingText,
)
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

    def keep_names(self, told: Mapping[RecordKey, str]) -> None:
        """Each record's work is also found under the id that somebody was told for it, unless that is another work.

        Raises DatabaseUnavailable.
        """
        ...

    def look(self, batch: Sequence[Incoming], *, with_works: bool) -> Looked:
        """What is stored that the records may touch, to preview what storing them would give.

        with_works: False leaves out works that the records do not change; their links are there all the same.
        Raises DatabaseUnavailable.
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

    def links_among(self, numbers: Sequence[int]) -> dict[int, int]:
        """Preprint to publication, as numbers of works, where both are among these. Raises DatabaseUnavailable."""
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

    def size(self) -> int:
        """How many works the index has; 0 where it cannot be read."""
        ...

    def accepted(self, query: Query, filters: Filters, most: int) -> Accepted | None:
        """How many works filters and the filter part of the query leave, and which, where they are at most `most`.

        None where they leave all, and where the index cannot be read.
        """
        ...


class ReferenceStore(Protocol):
    """What works refer to."""

    def coupled(self, work_id: str, limit: int) -> list[Coupling]:
        """Works that refer to works which this one refers to, those with the most in common first.

        Raises DatabaseUnavailable.
        """
        ...

    def of(self, work_id: str, limit: int) -> list[Identifier]:
        """The names of what the work refers to, in no order that means anything. Raises DatabaseUnavailable."""
        ...

    def referring(self, work_id: str, names: Sequence[Identifier], limit: int) -> Referring:
        """Works that refer to this one, by one of these names or of those that the catalog has of it.

        Raises DatabaseUnavailable.
        """
        ...


class EmbedderLoader(Protocol):
    """Makes embedders."""

    def load(self, spec: str) -> Embedder:
        """The embedder that the spec, as EMBEDDING_MODEL has it, names. Raises EmbeddingUnavailable."""
        ...


class VectorStore(Protocol):
    """The vectors of the works, findable. Each method raises DatabaseUnavailable."""

    def current_model(self) -> EmbeddingModel | None:
        """The model that queries are to be encoded with, or None where there is none yet."""
        ...

    def is_filling(self, longer_than_seconds: float) -> bool:
        """True where works have waited for a vector for longer than that."""
        ...

    def nearest(
        self, model: EmbeddingModel, vector: Matrix, filters: Filters, limit: int, *, reach: Reach
    ) -> Neighbours:
        """At most `limit` works that the filters accept: the nearest ones, as far as `reach` goes."""
        ...

    def nearest_among(
        self, model: EmbeddingModel, vector: Matrix, numbers: Sequence[int], limit: int
    ) -> Neighbours:
        """At most `limit` of these works, exactly the nearest ones."""
        ...

    def vectors_of(self, model: EmbeddingModel, numbers: Sequence[int]) -> tuple[Numbers, Matrix]:
        """The vectors of those works that have one: their numbers, and a row for each."""
        ...


class ModelStore(Protocol):
    """The models whose vectors are kept. Each method raises DatabaseUnavailable."""

    def register(self, name: str, spec: str, dimensions: int) -> EmbeddingModel | None:
        """The model is the one that is filled: as `current` where there is none yet, else as `next` beside it.

        None where writers were in the way: ask again. Raises EmbeddingUnavailable where such vectors cannot be kept.
        """
        ...

    def filled(self) -> EmbeddingModel | None:
        """The model whose vectors are being made: the last that was registered, None before the first."""
        ...

    def promote(self, model: EmbeddingModel) -> bool:
        """`next` is `current` and what was current is `former`, if nothing waits any more. True where it is so now."""
        ...

    def drop_former(self, after_seconds: float) -> int:
        """Vectors of models that are former for so long are gone; the count of models."""
        ...


class EmbeddingStore(Protocol):
    """Which works wait for a vector, and the vectors that were made. Each method raises DatabaseUnavailable."""

    def claim(self, limit: int, seconds: float) -> list[WaitingText]:
        """The newest works of the backlog, newest first, left to the caller alone for so long."""
        ...

    def store(self, model: EmbeddingModel, texts: Sequence[WaitingText], vectors: Matrix) -> bool:
        """The works that did not change meanwhile have these vectors and wait no more.

        False where another model is filled now: nothing is stored then. Raises EmbeddingUnavailable where the
        vectors are none.
        """
        ...

    def fail(self, texts: Sequence[WaitingText], seconds: float) -> None:
        """Each failed once more and waits so long; after the third time it waits until its text changes."""
        ...

    def release(self, texts: Sequence[WaitingText], seconds: float) -> None:
        """Nobody has them, and they wait so long: that no vector came is no fault of theirs."""
        ...

    def trim(self, model: EmbeddingModel, most: int) -> int:
        """At most so many works wait; the oldest beyond are left to the next sweep. The count of those."""
        ...

    def top_up(self, model: EmbeddingModel, page: int) -> bool:
        """Some more works without a vector are in the backlog. True once every work has one or waits for one."""
        ...

    def progress(self) -> EmbeddingProgress | None:
        """How far the model that is being filled has come; None without a model."""
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
