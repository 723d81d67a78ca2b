"""Kept lists as bytes."""

from __future__ import annotations

import pytest

from research_api.domain.index import KeptList
from research_api.domain.kept_lists import decode_kept, encode_kept
from research_api.domain.search import (
    FacetCount,
    Filters,
    Mode,
    Placed,
    SearchRequest,
    Sort,
    SourceOutcome,
    SourceReport,
)
from research_api.domain.works import (
    Author,
    OpenAccess,
    Rejected,
    SourceRef,
    Version,
    Work,
    work_id_from_number,
)

WORK = Work(
    id=work_id_from_number(7),
    title="Naïve ☃\nwater",
    abstract="Deep.",
    authors=(Author("Ada Lovelace", "Ada", "Lovelace", "0000-0002-1825-0097"), Author("Crew")),
    year=2001,
    date="2001-02",
    venue="Seas",
    type="journal-article",
    identifiers={"doi": "10.1000/1"},
    url="https://example.org/1",
    open_access=OpenAccess(True, "https://example.org/1.pdf", "cc-by"),
    citation_count=0,
    retracted=True,
    sources=(SourceRef("crossref", "10.1000/1"),),
    provenance={"title": "crossref"},
    disagreements={"year": (Rejected("openalex", 2000), Rejected("arxiv", 1999))},
    versions=(Version("w_aaaaaaaaaaaa", "posted-content", 1999),),
)
KEPT = KeptList(
    request=SearchRequest(
        "naïve",
        Mode.STRICT,
        Sort.NEWEST,
        Filters(2001, None, ("book",), False, 3, True),
        ("catalog",),
        ("year",),
    ),
    numbers=(2**60 - 1, 7, 0),
    scores=(0.1, 1 / 3, -2.5),
    total=12,
    facets={"year": (FacetCount("2001", 4),)},
    degraded=True,
    is_counted=False,
    works={7: WORK, 0: Work(work_id_from_number(0), "Bare")},
    placed={7: (Placed("crossref", 1, "10.1000/1"), Placed("catalog", 2, WORK.id))},
    reports=(SourceReport("crossref", SourceOutcome.STALE, 1, 5, "naive"),),
)


def test_a_list_comes_back_as_it_was() -> None:
    again = decode_kept(encode_kept(KEPT))

    assert again == KEPT
    assert dict(again.works) == dict(KEPT.works)


def test_a_list_of_the_catalog_alone_takes_sixteen_bytes_a_work() -> None:
    numbers = tuple(range(1000))
    kept = KeptList(KEPT.request, numbers, tuple(map(float, numbers)), 1000, {}, degraded=False)

    assert len(encode_kept(kept)) < 17_000
    assert decode_kept(encode_kept(kept)) == kept


@pytest.mark.parametrize("cut", [1, 50, 16_000])
def test_bytes_that_are_cut_are_refused(cut: int) -> None:
    numbers = tuple(range(1000))
    data = encode_kept(KeptList(KEPT.request, numbers, tuple(map(float, numbers)), 1000, {}, degraded=False))

    with pytest.raises(ValueError, match="the list is cut"):
        decode_kept(data[:-cut])


def test_a_list_that_was_read_is_written_as_it_was() -> None:
    """None of its works is read for that."""
    data = encode_kept(KEPT)

    again = encode_kept(decode_kept(data))

    assert again == data
