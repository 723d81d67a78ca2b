"""What a source told before and does not repeat is not lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from research_api.domain.batch import Outcome, prepare
from research_api.domain.parts import fuller
from research_api.domain.upsert import Known, Upsert
from research_api.domain.works import Author, Identifier, OpenAccess, Record

WHOLE = Record(
    "openalex",
    "W1",
    "Deep water",
    abstract="It is deep.",
    authors=(Author("Ada Lovelace", orcid="0000-0002-1825-0097"), Author("Emmy Noether")),
    year=2001,
    date="2001-02",
    venue="Seas",
    type="journal-article",
    identifiers=(Identifier("doi", "10.1000/1"), Identifier("pmid", "7")),
    url="https://example.org/1",
    open_access=OpenAccess(True, "https://example.org/1.pdf", "cc-by"),
    citation_count=3,
    retracted=True,
    references=(Identifier("doi", "10.1000/2"),),
)
PART = Record("openalex", "W1", "Deep water", identifiers=(Identifier("doi", "10.1000/1"),))


def test_a_part_that_is_silent_changes_nothing() -> None:
    assert fuller(WHOLE, PART) == WHOLE


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("title", "Deeper water"),
        ("abstract", "It is deeper."),
        ("year", 2002),
        ("citation_count", 0),
        ("references", (Identifier("doi", "10.1000/3"),)),
        ("authors", (Author("Ada Lovelace"),)),
        ("open_access", OpenAccess(False)),
        ("identifiers", (Identifier("doi", "10.1000/9"), Identifier("pmid", "7"))),
    ],
)
def test_what_the_part_says_counts(name: str, value: object) -> None:
    assert fuller(WHOLE, replace(PART, **{name: value})) == replace(WHOLE, **{name: value})  # type: ignore[arg-type] # by name


def test_as_many_authors_without_orcids_do_not_replace_those_with_them() -> None:
    plain = tuple(replace(author, orcid=None) for author in WHOLE.authors)

    assert fuller(WHOLE, replace(PART, authors=plain)).authors == WHOLE.authors


def decided(known: Known, record: Record, *, is_part: bool) -> tuple[Outcome, Record]:
    upsert = Upsert(known)
    plan = upsert.decide([prepare(record, is_part=is_part)])
    (work,) = known.works.values()
    return plan.outcomes[0], work.records["openalex", "W1"]


def test_a_part_of_what_is_stored_is_nothing_new_and_a_whole_record_replaces_it() -> None:
    known = Known()
    decided(known, WHOLE, is_part=False)

    assert decided(known, PART, is_part=True) == (Outcome.UNCHANGED, WHOLE)
    assert decided(known, replace(PART, year=2002), is_part=True) == (
        Outcome.UPDATED,
        replace(WHOLE, year=2002),
    )
    assert decided(known, PART, is_part=False) == (Outcome.UPDATED, PART)
