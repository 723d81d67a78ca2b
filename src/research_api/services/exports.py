"""Works as files of the formats that reference managers, spreadsheets and programs read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from research_api.domain.errors import Fault, Invalid
from research_api.domain.exports import EXPORT_FORMATS
from research_api.domain.search import Hit
from research_api.domain.works import Work
from research_api.services.ports import RecordWriter


class ExportService:
    """Knows a writer for each of EXPORT_FORMATS."""

    def __init__(self, writers: Mapping[str, RecordWriter]) -> None:
        self._writers = writers

    @staticmethod
    def check(format_name: str, fields: Collection[str]) -> None:
        """The format can be written with this choice of fields. Raises Invalid where it has none."""
        if fields and not EXPORT_FORMATS[format_name].takes_fields:
            choosy = " and ".join(sorted(one.name for one in EXPORT_FORMATS.values() if one.takes_fields))
            detail = (
                f"{format_name} says itself what stands in a record. Leave fields out, or use json, {choosy}."
            )
            raise Invalid(f"{format_name} has no choice of fields.", faults=(Fault("/fields", detail),))

    def write(
        self, format_name: str, shown: Iterable[Hit | Work], fields: Collection[str] = ()
    ) -> Iterator[str]:
        """The text of a file in that format, in pieces; one work is held at a time.

        format_name: one of EXPORT_FORMATS. Raises Invalid as `check` does.
        """
        self.check(format_name, fields)
        return self._writers[format_name].write(shown, fields)
