"""Names of journals and conferences: when two of them are one, and when they cannot be."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum
from functools import lru_cache

from rapidfuzz.fuzz import token_set_ratio

from research_api.domain.text import words

_SMALL = frozenset(
    [
        "a",
        "an",
        "and",
        "at",
        "by",
        "de",
        "der",
        "des",
        "die",
        "for",
        "fur",
        "in",
        "la",
        "le",
        "of",
        "on",
        "the",
        "und",
        "with",
        "et",
    ]
)
_YEAR = re.compile(r"(?:1[89]|20)[0-9]{2}")
_COUNT = re.compile(
    r"[0-9]+(?:st|nd|rd|th)|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth"
    r"|[a-z]+teenth|(?:twen|thir|for|fif|six|seven|eigh|nine)tieth"
)
_NUMBER = re.compile(r"[0-9]+(?:st|nd|rd|th)?")
# where a copy lies, or in which series a volume is: says nothing of where the work came out
_HOLDERS = frozenset(
    [
        "archive",
        "arxiv",
        "biorxiv",
        "chemrxiv",
        "depot",
        "dspace",
        "figshare",
        "hal",
        "medrxiv",
        "oapen",
        "open",
        "osti",
        "preprint",
        "preprints",
        "pubmed",
        "repository",
        "researchgate",
        "rxiv",
        "ssrn",
        "zenodo",
    ]
)
_SERIES = ("lecture notes", "communications in computer", "advances in", "procedia", "studies in", "springer")
# a meeting beside another one, whose papers are others even under the same title
_SIDE_MEETINGS = frozenset(
    [
        "companion",
        "demonstrations",
        "findings",
        "poster",
        "posters",
        "satellite",
        "symposium",
        "tutorial",
        "tutorials",
        "workshop",
        "workshops",
    ]
)


class VenueMatch(Enum):
    """What two names of venues say of each other."""

    SAME = "same"
    UNKNOWN = "unknown"
    DIFFERENT = "different"


@lru_cache(maxsize=8192)
def compare_venues(one: str, other: str) -> VenueMatch:
    """SAME where one is the other or its abbreviation; DIFFERENT where both are whole names of unlike places."""
    mine, theirs = _significant(one), _significant(other)
    if not mine or not theirs:
        return VenueMatch.UNKNOWN
    if mine == theirs or _is_abbreviation(*sorted((mine, theirs), key=lambda found: len("".join(found)))):
        return VenueMatch.SAME
    if _HOLDERS.intersection(mine) or _HOLDERS.intersection(theirs) or _is_series(one) or _is_series(other):
        return VenueMatch.UNKNOWN
    if len(mine) == 1 or len(theirs) == 1 or not (_is_whole(mine) and _is_whole(theirs)):
        return VenueMatch.UNKNOWN
    if bool(_SIDE_MEETINGS.intersection(mine)) != bool(_SIDE_MEETINGS.intersection(theirs)):
        return VenueMatch.DIFFERENT
    alike = token_set_ratio(" ".join(mine), " ".join(theirs))
    return VenueMatch.DIFFERENT if alike < 70 else VenueMatch.UNKNOWN


def are_of_other_years(one: str, other: str) -> bool:
    """True where both name the year or the count of a meeting, and not the same: 52nd and 53rd, 2014 and 2015."""
    mine, theirs = words(one), words(other)
    return _differ(mine, theirs, _YEAR) or _differ(mine, theirs, _COUNT)


def _differ(mine: Sequence[str], theirs: Sequence[str], pattern: re.Pattern[str]) -> bool:
    ours, others = (set(filter(pattern.fullmatch, found)) for found in (mine, theirs))
    return bool(ours) and bool(others) and not ours & others


def _significant(venue: str) -> tuple[str, ...]:
    """The words that tell venues apart: no years and counts, which one source gives and another does not."""
    found = words(venue.partition("(")[0] or venue)
    return tuple(word for word in found if word not in _SMALL and not _NUMBER.fullmatch(word))


def _is_abbreviation(short: Sequence[str], long: Sequence[str]) -> bool:
    """`Phys. Rev. Lett.`: each word begins one of the other, in order; `PNAS`: the first letters of the other."""
    if len(short) == 1 and len(long) > 2:
        return short[0] == "".join(word[0] for word in long)
    return len(short) == len(long) and all(_begins(a, b) for a, b in zip(short, long, strict=True))


def _begins(short: str, long: str) -> bool:
    """Also `natl` for national: the first letter, then letters of the word in their order."""
    if long.startswith(short) or short.startswith(long):
        return True
    rest = iter(long)
    return len(short) <= 5 and short[0] == long[0] and all(letter in rest for letter in short)


def _is_whole(found: Sequence[str]) -> bool:
    return sum(len(word) > 4 for word in found) >= 2 or any(len(word) > 6 for word in found)


def _is_series(venue: str) -> bool:
    return venue.lower().startswith(_SERIES)
