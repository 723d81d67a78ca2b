"""Preprints and their publications in ranked lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from research_api.domain.index import KeptList
from research_api.domain.search import SearchRequest, Versions
from research_api.services.versions import as_asked, collapsed


class FakeLinks:
    """Links in memory; counts how often it is asked."""

    def __init__(self, links: Mapping[int, int]) -> None:
        self.links = links
        self.calls = 0

    def links_among(self, numbers: Sequence[int]) -> dict[int, int]:
        self.calls += 1
        return {one: other for one, other in self.links.items() if one in numbers and other in numbers}


KEPT = KeptList(SearchRequest("x"), (1, 2, 3, 4), (4.0, 3.0, 2.0, 1.0), 4, {}, degraded=False)


def test_the_publication_stands_at_the_place_of_its_preprint_where_that_is_better() -> None:
    ranked = [(7, 4.0), (2, 3.0), (9, 2.0)]

    assert collapsed(ranked, {7: 9}) == [(9, 4.0), (2, 3.0)]


def test_the_preprint_is_left_out_where_its_publication_stands_before_it() -> None:
    assert collapsed([(9, 4.0), (2, 3.0), (7, 2.0)], {7: 9}) == [(9, 4.0), (2, 3.0)]


def test_a_preprint_whose_publication_was_not_found_stays() -> None:
    assert collapsed([(7, 4.0), (2, 3.0)], {7: 9}) == [(7, 4.0), (2, 3.0)]


def test_two_preprints_of_one_publication_give_way_alike() -> None:
    assert collapsed([(7, 4.0), (8, 3.0), (9, 2.0), (1, 1.0)], {7: 9, 8: 9}) == [(9, 4.0), (1, 1.0)]


def test_the_total_counts_what_is_shown_and_stays_exact_where_the_list_has_all() -> None:
    shown = as_asked(KEPT, FakeLinks({2: 4}))  # type: ignore[arg-type] # as much as is asked

    assert (shown.numbers, shown.scores, shown.total) == ((1, 4, 3), (4.0, 3.0, 2.0), 3)
    assert shown.is_counted


def test_the_total_of_a_list_that_was_cut_is_no_exact_one() -> None:
    """Preprints beyond the list count as works, and nobody looked whether their publications match as well."""
    shown = as_asked(replace(KEPT, total=5_000), FakeLinks({2: 4}))  # type: ignore[arg-type] # as much as is asked

    assert shown.total == 4_999
    assert not shown.is_counted


def test_a_request_that_keeps_versions_asks_for_no_links() -> None:
    links = FakeLinks({2: 4})
    kept = replace(KEPT, request=SearchRequest("x", versions=Versions.KEEP))

    assert as_asked(kept, links) is kept  # type: ignore[arg-type] # as much as is asked
    assert links.calls == 0
