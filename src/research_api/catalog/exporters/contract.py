"""What every export format offers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Protocol

from research_api.domain.search import Hit
from research_api.domain.works import Work


class ExporterModule(Protocol):
    """A module of this package that has a NAME is a format."""

    NAME: str
    MEDIA_TYPE: str
    FILE_SUFFIX: str

    def write(self, shown: Iterable[Hit | Work], fields: Collection[str] = ()) -> Iterator[str]:
        """The text of a whole file, in pieces, holding one work at a time; also for no works at all.

        fields: what to put into each record besides its id, for the formats that let the caller choose; empty
        means all. Texts that break the rules of the catalog (line breaks, controls) are mended, never passed on.
        """
        ...
