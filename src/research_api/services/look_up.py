"""Looks works up in the sources that can look them up, all at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from research_api.domain.batch import Incoming, prepare
from research_api.domain.calls import Send
from research_api.domain.merging import merge_references
from research_api.domain.previews import Preview
from research_api.domain.search import SourceOutcome, SourceReport
from research_api.domain.sources import UNPAYWALL, Source
from research_api.domain.works import Identifier, Work
from research_api.services.fan_out import Hooks, Result
from research_api.services.intake import each_once
from research_api.services.outside import Outside


@dataclass(frozen=True, slots=True)
class FoundWork:
    """A work with what the catalog may not have yet: the names and references of the records just found of it."""

    work: Work
    identifiers: tuple[Identifier, ...] = ()
    references: tuple[Identifier, ...] = ()


@dataclass(frozen=True, slots=True)
class LookedUp:
    """works: by the identifiers that were asked, as far as they were found. reports: of the sources that were asked."""

    works: Mapping[Identifier, FoundWork]
    reports: tuple[SourceReport, ...] = ()

    @property
    def silent(self) -> list[str]:
        """Names of sources that may know more and did not answer."""
        return [one.name for one in self.reports if not one.is_answer and one.name != UNPAYWALL]


class LookUp:
    """One for a process; threads share it."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    def find(self, identifiers: Sequence[Identifier], until: float) -> LookedUp:
        """What the sources have of these works at `until`, merged; it is stored behind the answer.

        Each source is asked once, for all identifiers that it can look up. A record that has none of them is left out.
        until: of the monotonic clock. Never raises for a source that fails.
        """
        calls = {
            name: partial(_records_of, self._outside.sources[name], wanted)
            for name in self._outside.of_works
            if (wanted := self._taken(name, identifiers))
        }
        if not calls:
            return LookedUp({})
        results = self._outside.fan_out.ask(calls, until, Hooks(late=self._take_late))
        batch = each_once({name: one.value for name, one in results.items() if one.value is not None})
        preview = self._outside.intake.preview(batch)
        works = _by_identifier(identifiers, batch, preview)
        self._outside.intake.write_through(batch, preview.ids)
        return LookedUp(works, tuple([_report(one) for one in results.values()]))

    def _taken(self, name: str, identifiers: Sequence[Identifier]) -> list[Identifier]:
        """Those that the source can look up; none where it is no source but the catalog."""
        source = self._outside.sources.get(name)
        return [one for one in identifiers if source is not None and one.scheme in source.looks_up]

    def _take_late(self, result: Result[tuple[Incoming, ...]]) -> None:
        self._outside.intake.write_through(result.value or ())


def _records_of(source: Source, wanted: Sequence[Identifier], send: Send) -> tuple[Incoming, ...]:
    records = source.look_up(wanted, send)
    return tuple(
        [prepare(one, is_part=True) for one in records if not set(wanted).isdisjoint(one.identifiers)]
    )


def _report(result: Result[tuple[Incoming, ...]]) -> SourceReport:
    count = len(result.value or ())
    outcome = result.outcome or (SourceOutcome.OK if count else SourceOutcome.EMPTY)
    return SourceReport(result.name, outcome, count, result.latency_ms)


def _by_identifier(
    asked: Sequence[Identifier], batch: Sequence[Incoming], preview: Preview
) -> dict[Identifier, FoundWork]:
    """The first record that names an identifier claims it, as it does in the store: the work stays the same there."""
    owners: dict[Identifier, str] = {}
    records: dict[str, list[Incoming]] = {}
    for one in batch:
        work_id = preview.ids[one.key]
        records.setdefault(work_id, []).append(one)
        for identifier in one.record.identifiers:
            owners.setdefault(identifier, work_id)
    found = {}
    for identifier in asked:
        work_id = owners.get(identifier, "")
        if work_id in preview.works:
            told = [one.record for one in records[work_id]]
            names = dict.fromkeys(name for record in told for name in record.identifiers)
            found[identifier] = FoundWork(preview.works[work_id], tuple(names), merge_references(told))
    return found
