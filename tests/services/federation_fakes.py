"""Sources, stores and a search service in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from research_api.domain.agreement import RecordKey
from research_api.domain.calls import Outgoing, Reply, Send
from research_api.domain.merging import title_key
from research_api.domain.previews import Looked
from research_api.domain.sources import Edges, Source, SourceAnswer, SourceQuestion
from research_api.domain.upsert import Incoming, Outcome
from research_api.domain.works import Identifier, Record, Work
from research_api.services.asking import SourceAsker
from research_api.services.behind import Behind
from research_api.services.catalog_list import CatalogLister
from research_api.services.cursors import CursorSigner
from research_api.services.fan_out import FanOut
from research_api.services.federation import FederatedSearch
from research_api.services.intake import RecordIntake
from research_api.services.retrieval import Retriever
from research_api.services.search import SearchService
from research_api.services.source_answers import SourceAnswers
from tests.catalog.fakes import FakeChangeFeed
from tests.services.answer_fakes import FakeAnswerCache


@dataclass
class FakeSource:
    """Answers with its records; `before` runs in each call, and may wait or fail. `asked` has what it was asked.

    follows: by what it says references and citations; edges: what it gives for both, citations only where it knows
    them. is_careless: it looks nothing up, and gives all it has.
    """

    name: str
    records: tuple[Record, ...] = ()
    total: int | None = None
    looks_up: frozenset[str] = frozenset()
    follows: frozenset[str] = frozenset()
    before: Callable[[], None] = lambda: None
    asked: list[SourceQuestion | tuple[Identifier, ...]] = field(default_factory=list)
    edges: Edges = field(default_factory=Edges)
    is_careless: bool = False
    knows_citations: bool = True

    @property
    def cited_by(self) -> frozenset[str]:
        return self.follows if self.knows_citations else frozenset()

    def search(self, question: SourceQuestion, send: Send) -> SourceAnswer:
        self.asked.append(question)
        self.before()
        return SourceAnswer(self.records[: question.limit], f"{self.name}({question.text})", self.total)

    def look_up(self, identifiers: Sequence[Identifier], send: Send) -> tuple[Record, ...]:
        self.asked.append(tuple(identifiers))
        self.before()
        return tuple(
            one for one in self.records if self.is_careless or set(one.identifiers) & set(identifiers)
        )

    def references(self, identifier: Identifier, limit: int, send: Send) -> Edges:
        return self._edges(identifier, limit)

    def citations(self, identifier: Identifier, limit: int, send: Send) -> Edges:
        return self._edges(identifier, limit)

    def _edges(self, identifier: Identifier, limit: int) -> Edges:
        self.asked.append((identifier,))
        self.before()
        return replace(
            self.edges, records=self.edges.records[:limit], identifiers=self.edges.identifiers[:limit]
        )


class FakeWorkStore:
    """Works in memory; `stored` has the batches that were written, `told` the ids that answers had for them.

    failure: what it raises. before_look runs in each look, and may wait.
    """

    def __init__(self, feed: FakeChangeFeed) -> None:
        self.feed = feed
        self.stored: list[tuple[Incoming, ...]] = []
        self.told: list[Mapping[RecordKey, str]] = []
        self.failure: Exception | None = None
        self.wrote = threading.Event()
        self.before_look: Callable[[], None] = lambda: None

    def look(self, batch: Sequence[Incoming], *, with_works: bool) -> Looked:
        if self.failure is not None:
            raise self.failure
        self.before_look()
        return Looked()

    def links_among(self, numbers: Sequence[int]) -> dict[int, int]:
        return {}

    def upsert(self, batch: Sequence[Incoming]) -> list[Outcome]:
        if self.failure is not None:
            raise self.failure
        self.stored.append(tuple(batch))
        self.wrote.set()
        return [Outcome.NEW] * len(batch)

    def keep_names(self, told: Mapping[RecordKey, str]) -> None:
        self.told.append(told)

    def by_ids(self, ids: Sequence[str]) -> dict[str, Work]:
        return self.feed.works(ids)

    def ids_of(self, identifiers: Sequence[Identifier]) -> dict[Identifier, str]:
        return {
            one: work.id
            for one in identifiers
            for work in self.feed.known.values()
            if work.identifiers.get(one.scheme) == one.value
        }

    def ids_by_title(self, key: bytes, limit: int) -> list[str]:
        return [work.id for work in self.feed.known.values() if title_key(work.title) == key][:limit]


def send_nothing(_until: float) -> Send:
    """A sender for sources that send nothing."""

    def send(outgoing: Outgoing, /) -> Reply:
        raise AssertionError(f"{outgoing.url} was to be asked")

    return send


@dataclass
class Parts:
    """A search service and everything behind it."""

    feed: FakeChangeFeed
    store: FakeWorkStore
    cache: FakeAnswerCache
    behind: Behind
    writing: Behind
    service: SearchService


def make_parts(
    retriever: Retriever,
    feed: FakeChangeFeed,
    sources: Mapping[str, Source] | None = None,
    *,
    default_sources: tuple[str, ...] = ("catalog",),
    late_seconds: float = 10.0,
) -> Parts:
    """The service over these sources; the senders send nothing."""
    store, cache = FakeWorkStore(feed), FakeAnswerCache()
    behind, writing = Behind("cache", idle_seconds=0.2), Behind("writing", idle_seconds=0.2)
    lister = CatalogLister(store, retriever)  # type: ignore[arg-type] # as much as the tests need
    answers = SourceAnswers(sources or {}, FanOut(send_nothing, late_seconds=late_seconds), cache)
    asker = SourceAsker(answers, lister, store, RecordIntake(store, writing))  # type: ignore[arg-type] # as much as the tests need
    service = SearchService(
        store,  # type: ignore[arg-type] # as much as the tests need
        lister,
        FederatedSearch(asker, cache, behind),
        CursorSigner(b"secret"),
        default_sources=default_sources,
    )
    return Parts(feed, store, cache, behind, writing, service)
