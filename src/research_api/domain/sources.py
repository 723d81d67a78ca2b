"""What is asked of a source and what it answers, as plain data; and what a source is.

`Source` stands here and not in `services.ports`, because the registry of the providers names it as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from research_api.domain.calls import Send
from research_api.domain.query import Query
from research_api.domain.search import Filters, Sort, SourceOutcome
from research_api.domain.works import Identifier, Record

# tells where the free copies of works are that others know: without its answer nothing is in doubt
UNPAYWALL = "unpaywall"


@dataclass(frozen=True, slots=True)
class SourceQuestion:
    """A search as each source gets it: it sends what of this it can, and our own filters do the rest.

    text: the query as it was typed, in NFC; query: what of it was understood. is_strict: a work must satisfy the whole
    query; else words and phrases without a field only rank, so that a source may be asked for any of them.
    filters: with the years of the query's own `year:` clauses. limit: how many records are wanted.
    """

    text: str
    query: Query
    is_strict: bool
    filters: Filters
    sort: Sort
    limit: int


@dataclass(frozen=True, slots=True)
class SourceAnswer:
    """Records in the order of the source, each once. sent: the query in the source's own language, without key.

    total: how many works it says it has for that, None where it does not say. rejected: records that could not be
    taken.
    """

    records: tuple[Record, ...]
    sent: str
    total: int | None = None
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class Edges:
    """Works at the other ends of citations: `records` where the source tells more of them, else their names alone.

    total: how many there are in all, None where it does not say.
    """

    records: tuple[Record, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    total: int | None = None


class SourceFailed(Exception):
    """A source gave no usable answer. detail: for the log and the report, without URL, key or text of the source.

    outcome: RATE_LIMITED, ERROR or TIMEOUT. status: of its HTTP answer, None without one.
    retry_after_seconds: what it asked for, None where it did not.
    """

    def __init__(
        self,
        detail: str,
        outcome: SourceOutcome = SourceOutcome.ERROR,
        *,
        status: int | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.outcome = outcome
        self.status = status
        self.retry_after_seconds = retry_after_seconds


class Source(Protocol):
    """One scholarly source. Each method sends what it needs by `send`, and raises SourceFailed and CallFailed.

    looks_up: the schemes by which it finds works. Those of `references` stand in `follows`, those of `citations` in
    `cited_by`; they are empty where the source cannot say that.
    """

    @property
    def name(self) -> str:
        """As `sources` parameters and answers have it."""
        ...

    @property
    def looks_up(self) -> frozenset[str]:
        """The schemes of `look_up`."""
        ...

    @property
    def follows(self) -> frozenset[str]:
        """The schemes of `references`."""
        ...

    @property
    def cited_by(self) -> frozenset[str]:
        """The schemes of `citations`."""
        ...

    def search(self, question: SourceQuestion, send: Send) -> SourceAnswer:
        """The best works that the source has for the question, `question.limit` at most."""
        ...

    def look_up(self, identifiers: Sequence[Identifier], send: Send) -> tuple[Record, ...]:
        """What the source has of these works; all of them are of a scheme in `looks_up`. In no order."""
        ...

    def references(self, identifier: Identifier, limit: int, send: Send) -> Edges:
        """Works that this one refers to, `limit` at most."""
        ...

    def citations(self, identifier: Identifier, limit: int, send: Send) -> Edges:
        """Works that refer to this one, `limit` at most, those the source puts first."""
        ...
