"""RIS: one tagged record a work, in UTF-8, one value a line, lines ended by CR LF.

DB and AN are this service and the work's id in it, M3 the type in Crossref's words, C2 the PMCID as EndNote has it,
U1 to U5 the other identifiers with their schemes. RIS has no way to write a comma inside a part of a name: it
becomes a space. Nor has it a way to begin a text with a space or to break a line inside one.
Sources: "RIS Format Specifications" of ISI ResearchSoft, 2001, and EndNote's table of tags (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from research_api.catalog.exporters.citation_keys import citation_key
from research_api.catalog.exporters.kinds import kind_of
from research_api.catalog.exporters.names import Name, name_of
from research_api.domain.exports import RETRACTED_NOTE, RIS
from research_api.domain.record_bodies import work_shown
from research_api.domain.search import Hit
from research_api.domain.works import Work
from research_api.records.cleaning import clean_text

NAME, MEDIA_TYPE, FILE_SUFFIX = RIS.name, RIS.media_type, RIS.file_suffix

DATABASE = "Research API"
# tag of each scheme but the DOI, which has one of its own
IDENTIFIER_TAGS = {"pmcid": "C2", "pmid": "U1", "arxiv": "U2", "openalex": "U3", "s2": "U4", "local": "U5"}


def write(shown: Iterable[Hit | Work], fields: Collection[str] = ()) -> Iterator[str]:  # noqa: ARG001 - the same signature for every format
    """One record after another."""
    for one in shown:
        work = work_shown(one)
        lines = [f"{tag}  - {value}\r\n" for tag, text in _tags(work) if (value := clean_text(text))]
        yield f"{''.join(lines)}ER  - \r\n\r\n"


def _tags(work: Work) -> Iterator[tuple[str, str]]:
    yield "TY", kind_of(work.type).ris
    yield "ID", citation_key(work)
    yield "TI", work.title
    yield from (("AU", _author(name_of(author))) for author in work.authors)
    if work.year is not None:
        yield "PY", str(work.year)
    if work.date:
        year, month, day = [*work.date.split("-"), "", ""][:3]
        yield "DA", f"{year}/{month}/{day}/"
    yield "T2", work.venue or ""
    yield "DO", work.identifiers.get("doi", "")
    yield "UR", work.url or ""
    if work.retracted:
        yield "N1", RETRACTED_NOTE
    yield "AB", work.abstract or ""
    yield "M3", work.type or ""
    for scheme, tag in IDENTIFIER_TAGS.items():
        if value := work.identifiers.get(scheme):
            yield tag, value if scheme == "pmcid" else f"{scheme}:{value}"
    yield "DB", DATABASE
    yield "AN", work.id


def _author(name: Name) -> str:
    parts = (name.family, name.given, name.suffix) if name.family else (name.whole,)
    return ", ".join(clean_text(part.replace(",", " ")) for part in parts if part)
