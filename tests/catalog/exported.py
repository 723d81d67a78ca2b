"""Works for the tests of exports: made to break formats, or real; and what the manual says each format carries."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from research_api.catalog.exporters import exporters
from research_api.catalog.importers import Row, formats, open_source, recognise
from research_api.domain.merging import merge_records
from research_api.domain.upsert import candidate_ids
from research_api.domain.works import (
    WORK_TYPES,
    Author,
    Identifier,
    OpenAccess,
    Record,
    Work,
    work_id_from_seed,
)
from research_api.records.cleaning import clean_text
from tests.domain.strategies import COMMON_WORDS

MANUAL = Path(__file__).resolve().parents[2] / "docs" / "formats.md"
NOT_CARRIED = "–"
# the format that reads what each export format writes
READ_BY = {"bibtex": "bibtex", "ris": "ris", "csl": "csl-json", "csv": "csv", "ndjson": "ndjson"}

PIECES = (
    "{", "}", "\\", "$", "%", "&", "#", "_", "~", "^", '"', "'", "''", "``", "--", "---", "?`", "!`", ",", ";",
    "\\;", " and ", " AND ", "others", "=1+1", "+1", "-x", "@x{", "@article{k,", "\\alpha", "\\'e", "\\{", "$x$",
    "<b>bold</b>", "&amp;", "&lt;i&gt;", "TY  - JOUR", "ER  - ", "AU  - X", "jan", "DNA", "McDonald", "von",
    "van der", "Jr.", "III", "Inc.", "University", "é", "ß", "Øre", "𝐻", "한국", "\u200b", "\u0301", "’", ":", "://",
    "/", "|", "*", *COMMON_WORDS,
)  # fmt: skip

raw_texts = st.lists(
    st.sampled_from(PIECES) | st.text(st.characters(categories=None), max_size=6), min_size=1, max_size=8
).flatmap(lambda pieces: st.sampled_from(("", " ")).map(lambda joint: joint.join(pieces)))
texts = raw_texts.map(clean_text).filter(bool)
years = st.integers(1000, 2100)
dates = st.one_of(
    years.map(str),
    st.builds("{:04}-{:02}".format, years, st.integers(1, 12)),
    st.builds("{:04}-{:02}-{:02}".format, years, st.integers(1, 12), st.integers(1, 28)),
)
urls = st.sampled_from(
    (
        "https://a.org/x_y%20z~b#c&d=1",
        "http://b.org/{e}\\f^g$h--i''",
        "https://c.org/a;b,c'd`?`",
        "HTTPS://D.ORG/Ü",
    )
)
identifiers = st.fixed_dictionaries(
    {},
    optional={
        "doi": st.sampled_from(("10.1000/a_b(c)<d>{e}~^\\%&#$;--x", "10.1002/andp.1905", "10.1000/=1,2")),
        "pmid": st.just("123"),
        "pmcid": st.just("PMC45"),
        "arxiv": st.sampled_from(("1901.00001", "hep-th/9901001")),
        "openalex": st.just("W42"),
        "s2": st.sampled_from(("CorpusId:7", "ab" * 20)),
        "local": st.sampled_from(("lab:x y_z;{1}", "acl:P19-1001", "lab:~^\\%")),
    },
)


def as_author(name: str, given: str | None, family: str | None, orcid: str | None) -> Author:
    return Author(name, given, family, orcid)


def as_person(given: str, family: str, orcid: str | None) -> Author:
    return Author(f"{given} {family}", given, family, orcid)


orcids = st.none() | st.sampled_from(("0000-0002-1825-0097", "0000-0001-5109-3700"))
authors = st.builds(as_person, texts, texts, orcids) | st.builds(
    as_author, texts, st.none() | texts, st.none() | texts, orcids
)
works = st.builds(
    Work,
    id=st.integers(0, 10**9).map(lambda number: work_id_from_seed(str(number))),
    title=texts,
    abstract=st.none() | texts,
    authors=st.lists(authors, max_size=4).map(tuple),
    year=st.none() | years,
    date=st.none() | dates,
    venue=st.none() | texts,
    type=st.none() | st.sampled_from(sorted(WORK_TYPES)),
    identifiers=identifiers,
    url=st.none() | urls,
    open_access=st.builds(
        OpenAccess, st.none() | st.booleans(), st.none() | urls, st.none() | st.just("cc-by")
    ),
    citation_count=st.none() | st.integers(0, 2**31 - 1),
    retracted=st.booleans(),
)


def exported(format_name: str, shown: Iterable[Any], fields: Iterable[str] = ()) -> str:
    """The whole file."""
    return "".join(exporters()[format_name].write(shown, frozenset(fields)))


def imported(format_name: str, text: str, namespace: str | None = None) -> list[Row]:
    """Its rows, by the importer that reads this export format."""
    return list(formats()[READ_BY[format_name]].read(io.BytesIO(text.encode()), namespace))


@cache
def works_of(path: Path, every: int = 1) -> list[Work]:
    """Every n-th record of a real file, as a work by itself; ids are unique."""
    with open_source(str(path)) as source:
        module = recognise(source.head)
        assert module is not None
        records = [row.record for row in module.read(source, None) if row.record][::every]
    found = {}
    for record in records:
        work_id = next(one for one in candidate_ids(record) if one not in found)
        found[work_id] = merge_records(work_id, [record])
    return list(found.values())


def table_in_manual() -> dict[str, dict[str, str]]:
    """The cells of the table of exports, by format and field."""
    section = MANUAL.read_text(encoding="utf-8").split("\n## Exports\n")[1].split("\n## ")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in re.findall(r"^\|.*$", section, re.M)
    ]
    names = [name.strip("`") for name in rows[0][1:]]
    return {name: {row[0]: row[place + 1] for row in rows[2:]} for place, name in enumerate(names)}


def carried(format_name: str) -> list[str]:
    """The fields that the manual says the format carries."""
    return [field for field, cell in table_in_manual()[format_name].items() if cell != NOT_CARRIED]


def _without_commas(text: str) -> str:
    return clean_text(text.replace(",", " "))


def _names(people: Iterable[Author], format_name: str) -> list[str]:
    if format_name != "ris":
        return [person.name for person in people]
    return [name for person in people if (name := _without_commas(person.name))]


def _has_parts(person: Author) -> bool:
    return bool(person.given and person.family) and f"{person.given} {person.family}" == person.name


def _parts(work: Work, record: Record, format_name: str) -> tuple[object, object]:
    """Given and family names, where the work has them apart."""
    spelt = _without_commas if format_name == "ris" else str
    known = [person for person in work.authors if format_name != "ris" or _without_commas(person.name)]
    pairs = [(one, other) for one, other in zip(known, record.authors, strict=True) if _has_parts(one)]
    return (
        [(spelt(str(one.given)), spelt(str(one.family))) for one, _ in pairs],
        [(other.given, other.family) for _, other in pairs],
    )


def _identifiers(work: Work) -> tuple[Identifier, ...]:
    return tuple(Identifier(scheme, value) for scheme, value in work.identifiers.items())


# what stands in the work and what came back, by the rows of the table
CHECKS: dict[str, Callable[[Work, Record, str], tuple[object, object]]] = {
    "id": lambda work, record, _: (work.id, record.source_id),
    "title": lambda work, record, _: (work.title, record.title),
    "abstract": lambda work, record, _: (work.abstract, record.abstract),
    "names of authors": lambda work, record, name: (
        _names(work.authors, name),
        [one.name for one in record.authors],
    ),
    "given and family names": _parts,
    "ORCIDs": lambda work, record, _: (
        [one.orcid for one in work.authors],
        [one.orcid for one in record.authors],
    ),
    "year": lambda work, record, _: (work.year, record.year),
    "date": lambda work, record, _: (work.date, record.date),
    "venue": lambda work, record, _: (work.venue, record.venue),
    "type": lambda work, record, _: (work.type, record.type),
    "identifiers": lambda work, record, _: (set(_identifiers(work)), set(record.identifiers)),
    "url": lambda work, record, _: (work.url, record.url),
    "open access": lambda work, record, _: (work.open_access, record.open_access),
    "citation count": lambda work, record, _: (work.citation_count, record.citation_count),
    "retracted": lambda work, record, _: (work.retracted, record.retracted),
}


def assert_same(work: Work, record: Record, format_name: str) -> None:
    """Every field that the manual says the format carries came back."""
    for field in carried(format_name):
        given, back = CHECKS[field](work, record, format_name)
        assert given == back, field
