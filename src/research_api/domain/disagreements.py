"""What sources say of a work and another source, which is trusted more, contradicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from research_api.domain.venues import VenueMatch, compare_venues
from research_api.domain.works import Record, Rejected

# Their records say of every work whether it is retracted. Of the others a record without a notice tells nothing: a
# repository keeps what it was given, and Crossref has a notice only where the publisher deposited one.
_TELLS_RETRACTIONS = frozenset({"acl", "europepmc", "openalex", "pubmed"})


def disagreements(
    ranked: Sequence[Record], shown: Mapping[str, Any], *, retracted: bool
) -> dict[str, tuple[Rejected, ...]]:
    """By field, each other value with its source, most trusted first; fields without any are left out.

    ranked: the records of the work, most trusted first. shown: what the work shows, by field. A venue spelt in another
    way or shortened is no disagreement.
    """
    if len(ranked) < 2:
        return {}
    year, venue = shown.get("year"), shown.get("venue")
    found = {
        "year": [
            Rejected(one.source, one.year) for one in ranked if one.year is not None and one.year != year
        ],
        "venue": [
            Rejected(one.source, one.venue)
            for one in ranked
            if one.venue and venue and _is_other(one.venue, venue)
        ],
        "retracted": [
            Rejected(one.source, False)
            for one in ranked
            if retracted and not one.retracted and one.source in _TELLS_RETRACTIONS
        ],
    }
    return {name: tuple(dict.fromkeys(rejected)) for name, rejected in found.items() if rejected}


def _is_other(one: str, other: str) -> bool:
    return one != other and compare_venues(one, other) is not VenueMatch.SAME
