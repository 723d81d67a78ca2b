"""What a work refers to, and what refers to it: of the catalog and of all sources that follow citations."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from research_api.domain.calls import Send
from research_api.domain.edges import MAX_EDGES, Told, joined_edges
from research_api.domain.search import CATALOG, Relation, SearchWarning, SourceOutcome, SourceReport
from research_api.domain.sources import Source
from research_api.domain.works import Identifier, Work
from research_api.services.ends import Ends, ends_of, owners_among, told_by
from research_api.services.fan_out import Hooks, Result
from research_api.services.intake import each_once
from research_api.services.look_up import FoundWork
from research_api.services.outside import Outside
from research_api.services.ports import ReferenceStore, WorkStore
from research_api.services.works import WorksService

# what the catalog gives: more references than any but surveys have, and the most cited of the works that refer to one
MAX_OWN_REFERENCES = 2_000
MAX_OWN_CITATIONS = 500
# of the time of an answer, for finding a work that the catalog does not have
LOOK_UP_SHARE = 0.5

_NO_NAME = SearchWarning("no_identifier", "The work has no identifier by which the sources could be asked.")


@dataclass(frozen=True, slots=True)
class EdgeWish:
    """limit: of works, and of names without a work. sources: whom to ask, empty for the default set.

    seconds: until the answer goes out with what is there.
    """

    limit: int
    seconds: float
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EdgesAnswer:
    """work: the one that was asked about. unresolved: names of works of which nothing else is known."""

    work: Work
    results: tuple[Work, ...]
    unresolved: tuple[Identifier, ...]
    total: int
    relation: Relation
    sources: tuple[SourceReport, ...]
    warnings: tuple[SearchWarning, ...] = ()

    @property
    def complete(self) -> bool:
        """True where every source that was asked was ok or empty."""
        return all(one.is_answer for one in self.sources)

    @property
    def degraded(self) -> bool:
        """True where anything was less than normal."""
        return bool(self.warnings) or not self.complete


class _Direction(StrEnum):
    REFERENCES = "references"
    CITATIONS = "citations"


class EdgesService:
    """Follows citations by one step. One for a process; threads share it."""

    def __init__(
        self,
        works: WorksService,
        store: WorkStore,
        references: ReferenceStore,
        outside: Outside,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._works = works
        self._store = store
        self._references = references
        self._outside = outside
        self._monotonic = monotonic

    def references(self, reference: str, wish: EdgeWish) -> EdgesAnswer:
        """The works that this one refers to, each once; a source that fails is a report.

        Raises as `WorksService.get` does.
        """
        return self._followed(_Direction.REFERENCES, reference, wish)

    def citations(self, reference: str, wish: EdgeWish) -> EdgesAnswer:
        """The works that refer to this one, else as `references`."""
        return self._followed(_Direction.CITATIONS, reference, wish)

    def _followed(self, direction: _Direction, reference: str, wish: EdgeWish) -> EdgesAnswer:
        until = self._monotonic() + wish.seconds
        found = self._works.find(reference, wish.seconds * LOOK_UP_SHARE)
        asked = self._asked(direction, found.work, wish)
        results = self._outside.fan_out.ask(
            self._calls(direction, found, asked), until, Hooks(late=self._take_late)
        )
        given = {name: one.value for name, one in results.items() if one.value is not None}
        told, works = self._told(found.work, given)
        joined = joined_edges(told, works)
        reports = _reports(asked, results)
        is_whole = all(one.is_answer for one in reports)
        return EdgesAnswer(
            work=found.work,
            results=joined.works[: wish.limit],
            unresolved=joined.unknown[: wish.limit],
            total=joined.total,
            relation=joined.relation if is_whole else Relation.AT_LEAST,
            sources=reports,
            warnings=(_NO_NAME,) if asked.is_nameless else (),
        )

    def _asked(self, direction: _Direction, work: Work, wish: EdgeWish) -> _Asked:
        """Whom to ask; of those that nobody named, only who can be asked."""
        names = wish.sources or self._outside.of_works
        followers = {
            name: schemes
            for name in names
            if name in self._outside.sources
            and (schemes := _schemes_of(direction, self._outside.sources[name]))
        }
        by_name = {name: known for name, one in followers.items() if (known := _strongest(work, one))}
        reported = [name for name in names if wish.sources or name == CATALOG or name in by_name]
        return _Asked(tuple(reported), by_name, is_nameless=bool(followers) and not by_name)

    def _calls(
        self, direction: _Direction, found: FoundWork, asked: _Asked
    ) -> dict[str, Callable[[Send], Ends]]:
        calls: dict[str, Callable[[Send], Ends]] = {
            name: partial(_ends_in, direction, self._outside.sources[name], identifier)
            for name, identifier in asked.by_name.items()
        }
        if CATALOG in asked.names:
            calls[CATALOG] = lambda _send: self._own(direction, found)
        return calls

    def _own(self, direction: _Direction, found: FoundWork) -> Ends:
        """What the catalog has, and will have once the records are stored that were just found of the work."""
        work = found.work
        if direction is _Direction.REFERENCES:
            stored = self._references.of(work.id, MAX_OWN_REFERENCES)
            names = tuple(dict.fromkeys((*stored, *found.references)))
            return Ends(identifiers=names, total=len(names) if len(stored) < MAX_OWN_REFERENCES else None)
        named = [Identifier(scheme, value) for scheme, value in work.identifiers.items()]
        referring = self._references.referring(work.id, [*named, *found.identifiers], MAX_OWN_CITATIONS)
        return Ends(work_ids=referring.work_ids, total=referring.total)

    def _told(self, work: Work, given: Mapping[str, Ends]) -> tuple[list[Told], dict[str, Work]]:
        """What each source told, and all works that they told of."""
        batch = each_once({name: one.records for name, one in given.items()})
        preview = self._outside.intake.preview(batch)
        self._outside.intake.write_through(batch, preview.ids)
        names = dict.fromkeys(name for one in given.values() for name in one.identifiers)
        owners = {**owners_among(preview, batch), **self._store.ids_of(list(names))}
        told = [told_by(one, owners, preview, work.id) for one in given.values()]
        wanted = {work_id for one in told for work_id in one.work_ids}
        return told, {**self._store.by_ids(sorted(wanted - preview.works.keys())), **preview.works}

    def _take_late(self, result: Result[Ends]) -> None:
        if result.value is not None:
            self._outside.intake.write_through(result.value.records)


@dataclass(frozen=True, slots=True)
class _Asked:
    """names: of those that are reported, in order. by_name: by what name of the work each source is asked.

    is_nameless: there are sources, and none takes any name that the work has.
    """

    names: tuple[str, ...]
    by_name: Mapping[str, Identifier]
    is_nameless: bool


def _schemes_of(direction: _Direction, source: Source) -> frozenset[str]:
    return source.follows if direction is _Direction.REFERENCES else source.cited_by


def _strongest(work: Work, schemes: frozenset[str]) -> Identifier | None:
    """Works have their strongest name first."""
    return next((Identifier(one, value) for one, value in work.identifiers.items() if one in schemes), None)


def _ends_in(direction: _Direction, source: Source, identifier: Identifier, send: Send) -> Ends:
    """As many as a caller may want, whatever the limit: the same ones are ranked then."""
    follow = source.references if direction is _Direction.REFERENCES else source.citations
    return ends_of(follow(identifier, MAX_EDGES, send))


def _reports(asked: _Asked, results: Mapping[str, Result[Ends]]) -> tuple[SourceReport, ...]:
    reports = []
    for name in asked.names:
        result = results.get(name)
        if result is None:
            reports.append(SourceReport(name, SourceOutcome.SKIPPED, 0, 0))
            continue
        count = result.value.count if result.value is not None else 0
        outcome = result.outcome or (SourceOutcome.OK if count else SourceOutcome.EMPTY)
        reports.append(SourceReport(name, outcome, count, result.latency_ms))
    return tuple(reports)
