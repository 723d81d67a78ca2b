"""What the sources of a work do not agree on."""

from __future__ import annotations

import pytest

from research_api.domain.merging import merge_records
from research_api.domain.venues import VenueMatch, compare_venues
from research_api.domain.works import Record, Rejected


def told(
    source: str, year: int | None = 2015, venue: str | None = None, *, retracted: bool = False
) -> Record:
    return Record(source, "1", "On growth", year=year, venue=venue, retracted=retracted)


def test_every_other_year_is_listed_with_its_source_the_most_trusted_first() -> None:
    work = merge_records("w_x", [told("core", 2013), told("arxiv", 2014), told("crossref"), told("pubmed")])

    assert work.year == 2015
    assert work.disagreements == {"year": (Rejected("core", 2013), Rejected("arxiv", 2014))}


def test_a_source_that_says_nothing_disagrees_with_nobody() -> None:
    assert merge_records("w_x", [told("crossref", venue="Nature"), told("core", None)]).disagreements == {}


@pytest.mark.parametrize(
    ("one", "other", "match"),
    [
        ("Physical Review Letters", "Phys. Rev. Lett.", VenueMatch.SAME),
        ("The Journal of Physical Chemistry B", "Journal of Physical Chemistry (B)", VenueMatch.UNKNOWN),
        ("Proceedings of the National Academy of Sciences", "PNAS", VenueMatch.SAME),
        ("Nature Genetics", "NATURE GENETICS", VenueMatch.SAME),
        ("J Exp Bot", "Journal of Experimental Botany", VenueMatch.SAME),
        ("Annals of Internal Medicine", "British Medical Journal", VenueMatch.DIFFERENT),
        ("Journal of Physical Chemistry A", "Journal of Physical Chemistry B", VenueMatch.UNKNOWN),
        ("arXiv (Cornell University)", "Annals of Internal Medicine", VenueMatch.UNKNOWN),
    ],
)
def test_a_venue_spelt_otherwise_or_shortened_is_the_same(one: str, other: str, match: VenueMatch) -> None:
    assert compare_venues(one, other) is match
    assert compare_venues(other, one) is match


def test_only_another_venue_is_a_disagreement() -> None:
    records = [
        told("crossref", venue="Physical Review Letters"),
        told("core", venue="Phys. Rev. Lett."),
        told("arxiv", venue="Annals of Internal Medicine"),
    ]

    assert merge_records("w_x", records).disagreements == {
        "venue": (Rejected("arxiv", "Annals of Internal Medicine"),)
    }


def test_of_retractions_those_disagree_whose_records_say_of_every_work_whether_it_is_retracted() -> None:
    """A record of Crossref or CORE without a notice tells nothing."""
    records = [told("pubmed", retracted=True), told("openalex"), told("crossref"), told("core")]

    work = merge_records("w_x", records)

    assert work.retracted
    assert work.disagreements == {"retracted": (Rejected("openalex", False),)}
