"""Takes what sources gave: compares it with the catalog at once, and stores it behind the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import structlog

from research_api.domain.agreement import RecordKey
from research_api.domain.batch import Incoming
from research_api.domain.errors import ResearchApiError
from research_api.domain.previews import Looked, Preview, preview_of
from research_api.services.behind import Behind
from research_api.services.ports import WorkStore

log = structlog.get_logger(__name__)

_NOTHING_TOLD: Mapping[RecordKey, str] = MappingProxyType({})


class RecordIntake:
    """One for a process; threads share it."""

    def __init__(self, store: WorkStore, writing: Behind) -> None:
        """writing: for storing what was found, which no answer waits for."""
        self._store = store
        self._writing = writing

    def preview(self, batch: Sequence[Incoming]) -> Preview:
        """Which works the records are. Without the database they are named as a new catalog would name them."""
        return preview_of(self.look(batch, with_works=True), batch) if batch else Preview({}, {})

    def look(self, records: Sequence[Incoming], *, with_works: bool) -> Looked:
        """What is stored that the records may touch, as the store has it; without the database nothing is."""
        try:
            return self._store.look(records, with_works=with_works)
        except ResearchApiError as error:
            log.warning("not_compared_with_the_catalog", error=type(error).__name__)
            return Looked(is_blind=True)

    def write_through(self, batch: Sequence[Incoming], told: Mapping[RecordKey, str] = _NOTHING_TOLD) -> None:
        """The records are stored soon, unless the database is away.

        told: the ids that an answer has for their works.
        """
        if batch:
            self._writing.submit(lambda: self._write(batch, told))

    def _write(self, batch: Sequence[Incoming], told: Mapping[RecordKey, str]) -> None:
        try:
            self._store.upsert(batch)
            # what somebody else stored since we looked may have named them otherwise
            if told:
                self._store.keep_names(told)
        except ResearchApiError as error:
            # they come again with the next question that finds them
            log.warning("not_written_through", count=len(batch), error=type(error).__name__)


def each_once(given: Mapping[str, Sequence[Incoming]]) -> list[Incoming]:
    """All records, by source, in an order that does not depend on who answered first; each once."""
    found = {one.key: one for name in sorted(given) for one in given[name]}
    return list(found.values())
