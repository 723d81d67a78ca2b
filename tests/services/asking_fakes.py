"""Look-ups over sources in memory, and a catalog that knows what refers to what."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from research_api.domain.edges import Referring
from research_api.domain.search import SourceOutcome
from research_api.domain.sources import SourceFailed
from research_api.domain.works import Identifier, Record, Work, work_id_from_seed
from research_api.services.behind import Behind
from research_api.services.edges import EdgesService
from research_api.services.fan_out import FanOut
from research_api.services.intake import RecordIntake
from research_api.services.look_up import LookUp
from research_api.services.outside import Outside
from research_api.services.works import WorksService
from tests.catalog.fakes import FakeChangeFeed
from tests.services.federation_fakes import FakeSource, FakeWorkStore, send_nothing


def doi(number: int) -> Identifier:
    """The DOI of that number."""
    return Identifier("doi", f"10.1000/{number}")


def record(source: str, number: int, title: str = "Deep water", **told: object) -> Record:
    """A record with the DOI of that number."""
    identifiers = told.pop("identifiers", (doi(number),))
    return Record(source, f"{source}-{number}", title, identifiers=identifiers, **told)  # type: ignore[arg-type] # as much as the tests need


def id_of(number: int) -> str:
    """The id that a work with the DOI of that number gets."""
    return work_id_from_seed(f"doi:10.1000/{number}")


def work(number: int, **told: object) -> Work:
    """A work with the DOI of that number."""
    identifiers = told.pop("identifiers", {"doi": f"10.1000/{number}"})
    return Work(id_of(number), f"Work {number}", identifiers=identifiers, **told)  # type: ignore[arg-type] # as much as the tests need


def failing(outcome: SourceOutcome = SourceOutcome.ERROR) -> Callable[[], None]:
    """What makes a source fail like that."""

    def fail() -> None:
        raise SourceFailed("Not today.", outcome)

    return fail


@dataclass
class FakeReferences:
    """What works refer to, by their ids, and what refers to them."""

    names: dict[str, list[Identifier]] = field(default_factory=dict)
    citing: dict[str, Referring] = field(default_factory=dict)
    asked: list[tuple[str, tuple[Identifier, ...]]] = field(default_factory=list)

    def of(self, work_id: str, limit: int) -> list[Identifier]:
        return self.names.get(work_id, [])[:limit]

    def referring(self, work_id: str, names: Sequence[Identifier], limit: int) -> Referring:
        self.asked.append((work_id, tuple(names)))
        return self.citing.get(work_id, Referring((), 0))


@dataclass
class Desk:
    """Works and edges over these sources; all of them are asked by default, after the catalog."""

    sources: Mapping[str, FakeSource]
    feed: FakeChangeFeed = field(default_factory=FakeChangeFeed)
    references: FakeReferences = field(default_factory=FakeReferences)

    def __post_init__(self) -> None:
        self.store = FakeWorkStore(self.feed)
        self.writing = Behind("writing", idle_seconds=0.2)
        intake = RecordIntake(self.store, self.writing)  # type: ignore[arg-type] # as much as the tests need
        fan_out = FanOut(send_nothing)
        outside = Outside(self.sources, fan_out, intake, ("catalog", *self.sources))  # type: ignore[arg-type] # fakes
        self.works = WorksService(self.store, LookUp(outside))  # type: ignore[arg-type] # as much as the tests need
        self.edges = EdgesService(self.works, self.store, self.references, outside)  # type: ignore[arg-type] # as much as the tests need

    def stored(self) -> list[str]:
        """The records that were written through, by source."""
        self.writing.settle()
        return [one.record.source_id for batch in self.store.stored for one in batch]
