"""Works by their identifiers: of the catalog, else of the sources."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from research_api.domain.errors import Fault, Invalid, NotFound, SourcesUnavailable
from research_api.domain.identifiers import parse_reference
from research_api.domain.search import SourceReport
from research_api.domain.works import Identifier, Work
from research_api.services.look_up import FoundWork, LookedUp, LookUp
from research_api.services.ports import WorkStore

# names that no source but our own catalog gives
_OWN_SCHEME = "local"


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """results in the order asked, each asked reference once; missing: references that name no known work.

    sources: reports of those that were asked for what the catalog does not have.
    """

    results: tuple[Work, ...]
    missing: tuple[str, ...]
    sources: tuple[SourceReport, ...] = ()

    @property
    def complete(self) -> bool:
        """True where every source that was asked answered: what is missing is missing there too."""
        return all(one.is_answer for one in self.sources)


class WorksService:
    """Asks the catalog first, and the sources for what it does not have."""

    def __init__(
        self, store: WorkStore, look_up: LookUp, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._look_up = look_up
        self._monotonic = monotonic

    def known(self, reference: str) -> Work:
        """The work that the reference names in the catalog; a work id that was merged away gives the survivor.

        Raises Invalid for what is no identifier, NotFound, DatabaseUnavailable.
        """
        work = self._resolve({reference: parse_reference(reference)}).get(reference)
        if work is None:
            raise NotFound("No work with this identifier is known here.")
        return work

    def get(self, reference: str, seconds: float) -> Work:
        """The same, looked up in the sources for so many seconds where the catalog does not have it.

        Raises SourcesUnavailable where nobody has it and not everybody answered, else as `known` does.
        """
        return self.find(reference, seconds).work

    def find(self, reference: str, seconds: float) -> FoundWork:
        """As `get`, with what the catalog may not have yet."""
        parsed = {reference: parse_reference(reference)}
        work = self._resolve(parsed).get(reference)
        if work is not None:
            return FoundWork(work)
        looked_up = self._looked_up(parsed, seconds)
        for found in looked_up.works.values():
            return found
        if looked_up.silent:
            names = ", ".join(looked_up.silent)
            raise SourcesUnavailable(
                f"The catalog does not have this work, and these sources did not answer: {names}. Try again."
            )
        raise NotFound("No work with this identifier is known here.")

    def batch(self, references: Sequence[str], seconds: float) -> BatchAnswer:
        """The works of up to MAX_BATCH_IDS references, in order; the sources get so many seconds.

        Raises Invalid with one fault for each reference that is no identifier, DatabaseUnavailable.
        """
        parsed = _parsed(references)
        found = self._resolve(parsed)
        lacking = {one: target for one, target in parsed.items() if one not in found}
        looked_up = self._looked_up(lacking, seconds)
        for reference, target in lacking.items():
            if isinstance(target, Identifier) and target in looked_up.works:
                found[reference] = looked_up.works[target].work
        return BatchAnswer(
            results=tuple(found[reference] for reference in parsed if reference in found),
            missing=tuple(reference for reference in parsed if reference not in found),
            sources=looked_up.reports,
        )

    def _looked_up(self, lacking: Mapping[str, str | Identifier], seconds: float) -> LookedUp:
        wanted = [
            target
            for target in lacking.values()
            if isinstance(target, Identifier) and target.scheme != _OWN_SCHEME
        ]
        return self._look_up.find(list(dict.fromkeys(wanted)), self._monotonic() + seconds)

    def _resolve(self, parsed: Mapping[str, str | Identifier]) -> dict[str, Work]:
        identifiers = [target for target in parsed.values() if isinstance(target, Identifier)]
        ids = self._store.ids_of(identifiers) if identifiers else {}
        wanted = {
            reference: ids.get(target) if isinstance(target, Identifier) else target
            for reference, target in parsed.items()
        }
        works = self._store.by_ids(sorted({work_id for work_id in wanted.values() if work_id}))
        return {
            reference: works[work_id]
            for reference, work_id in wanted.items()
            if work_id is not None and work_id in works
        }


def _parsed(references: Sequence[str]) -> dict[str, str | Identifier]:
    parsed: dict[str, str | Identifier] = {}
    faults = []
    for place, reference in enumerate(references):
        try:
            parsed[reference] = parse_reference(reference)
        except Invalid as error:
            faults += [Fault(f"/ids/{place}", fault.detail) for fault in error.faults]
    if faults:
        raise Invalid("Some of the ids are not identifiers of works.", faults=tuple(faults))
    return parsed
