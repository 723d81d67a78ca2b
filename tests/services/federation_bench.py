"""A search service over a real index and two sources in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from research_api.catalog.indexer import TantivyIndexer
from research_api.catalog.layout import IndexLayout
from research_api.catalog.searcher import TantivySearcher
from research_api.domain.search import (
    Mode,
    SearchAnswer,
    SearchRequest,
    SourceOutcome,
)
from research_api.domain.sources import SourceFailed
from research_api.domain.works import Identifier, Record, Work
from research_api.services.retrieval import Retriever
from research_api.services.search import Wish
from tests.catalog.fakes import FakeChangeFeed
from tests.services.federation_fakes import FakeSource, Parts, make_parts

BOTH = ("catalog", "crossref", "openalex")


def record(source: str, number: int, title: str = "Deep water", **fields: object) -> Record:
    """A record with a DOI of that number."""
    identifiers = fields.pop("identifiers", (Identifier("doi", f"10.1000/{number}"),))
    return Record(source, f"{source}-{number}", title, identifiers=identifiers, **fields)  # type: ignore[arg-type] # as much as the tests need


@dataclass
class Bench:
    """The service over a real index and two sources."""

    folder: Path
    crossref: FakeSource = field(default_factory=lambda: FakeSource("crossref"))
    openalex: FakeSource = field(default_factory=lambda: FakeSource("openalex"))

    def __post_init__(self) -> None:
        self.feed = FakeChangeFeed()
        self.layout = IndexLayout(self.folder)
        self.searcher = TantivySearcher(self.layout)
        self.parts: Parts = make_parts(
            Retriever(self.searcher, None),
            self.feed,
            {"crossref": self.crossref, "openalex": self.openalex},
            default_sources=BOTH,
        )

    def put(self, *works: Work) -> None:
        self.feed.put(*works)
        TantivyIndexer(self.layout, self.feed, host="here").apply()
        self.searcher._next_look = 0.0  # the next look is now

    def ask(self, text: str = "deep water", *, wish: Wish | None = None, **fields: object) -> SearchAnswer:
        request = SearchRequest(text, **{"mode": Mode.LEXICAL, **fields})  # type: ignore[arg-type] # as much as the tests need
        answer = self.parts.service.search(request, wish or Wish(10, "t", "key"))
        self.parts.behind.settle()
        self.parts.writing.settle()
        return answer


def outcomes(answer: SearchAnswer) -> dict[str, str]:
    return {report.name: report.outcome.value for report in answer.sources}


def failing(outcome: SourceOutcome = SourceOutcome.ERROR) -> Callable[[], None]:
    def fail() -> None:
        raise SourceFailed("Not today.", outcome)

    return fail


def titles(answer: SearchAnswer) -> list[str]:
    return [hit.work.title for hit in answer.hits]
