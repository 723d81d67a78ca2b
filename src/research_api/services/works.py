"""Works by their identifiers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from research_api.domain.errors import Fault, Invalid, NotFound
from research_api.domain.identifiers import parse_reference
from research_api.domain.works import Identifier, Work
from research_api.services.ports import WorkStore


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """results in the order asked, each asked reference once; missing: references that name no known work."""

    results: tuple[Work, ...]
    missing: tuple[str, ...]


class WorksService:
    """Looks works up; the catalog is the only place it asks."""

    def __init__(self, store: WorkStore) -> None:
        self._store = store

    def get(self, reference: str) -> Work:
        """The work that the reference names; a work id that was merged away gives the survivor.

        Raises Invalid for what is no identifier, NotFound, DatabaseUnavailable.
        """
        work = self._resolve({reference: parse_reference(reference)}).get(reference)
        if work is None:
            raise NotFound("No work with this identifier is known here.")
        return work

    def batch(self, references: Sequence[str]) -> BatchAnswer:
        """The works of up to MAX_BATCH_IDS references, in order.

        Raises Invalid with one fault for each reference that is no identifier, DatabaseUnavailable.
        """
        parsed: dict[str, str | Identifier] = {}
        faults = []
        for place, reference in enumerate(references):
            try:
                parsed[reference] = parse_reference(reference)
            except Invalid as error:
                faults += [Fault(f"/ids/{place}", fault.detail) for fault in error.faults]
        if faults:
            raise Invalid("Some of the ids are not identifiers of works.", faults=tuple(faults))
        found = self._resolve(parsed)
        return BatchAnswer(
            results=tuple(found[reference] for reference in parsed if reference in found),
            missing=tuple(reference for reference in parsed if reference not in found),
        )

    def _resolve(self, parsed: dict[str, str | Identifier]) -> dict[str, Work]:
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
