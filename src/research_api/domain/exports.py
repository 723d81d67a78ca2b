"""The formats that works are written in, beside the JSON of the API."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """takes_fields: the caller may choose what stands in each record; else the format says what does."""

    name: str
    media_type: str
    file_suffix: str
    takes_fields: bool


BIBTEX = ExportFormat("bibtex", "application/x-bibtex", "bib", takes_fields=False)
RIS = ExportFormat("ris", "application/x-research-info-systems", "ris", takes_fields=False)
CSL = ExportFormat("csl", "application/vnd.citationstyles.csl+json", "json", takes_fields=False)
CSV = ExportFormat("csv", "text/csv", "csv", takes_fields=True)
NDJSON = ExportFormat("ndjson", "application/x-ndjson", "ndjson", takes_fields=True)

EXPORT_FORMATS = {one.name: one for one in (BIBTEX, RIS, CSL, CSV, NDJSON)}

# a record that was exported and is read again belongs to this source, unless the importer names another
EXPORT_SOURCE = "export"
RETRACTED_NOTE = "Retracted"
