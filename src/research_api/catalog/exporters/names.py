"""Names of authors in the parts that reference managers know."""

from __future__ import annotations

from typing import NamedTuple

from research_api.domain.works import Author
from research_api.records.cleaning import clean_text

_SUFFIXES = frozenset({"jr", "jr.", "sr", "sr.", "ii", "iii", "iv"})
_ORGANISATIONS = (
    "academy agency alliance association bank board bureau center centre centro college collaboration "
    "commission committee company consortium corporation council department división division faculty "
    "federation forum foundation fund group hospital inc inc. initiative institut institute institution "
    "instituto international investigators laboratories laboratory league ltd ltd. ministry museum national "
    "network office organisation organization panel partnership programme program project research school "
    "secretariat service services society staff study task team trial trust union universidad université "
    "university universität working world of for on and the &"
)
_WORDS_OF_ORGANISATIONS = frozenset(_ORGANISATIONS.split())
_MAX_WORDS_OF_A_PERSON = 5


class Name(NamedTuple):
    """A person by parts, or a whole name where `family` is empty."""

    whole: str
    family: str = ""
    given: str = ""
    suffix: str = ""


def name_of(author: Author) -> Name:
    """Parts only where they make up the name that is shown: what is shown is what counts."""
    whole = clean_text(author.name)
    given, family = clean_text(author.given or ""), clean_text(author.family or "")
    if not (given and family) or f"{given} {family}" != whole:
        return Name(whole)
    rest, _, last = family.rpartition(" ")
    if rest and last.lower() in _SUFFIXES:
        return Name(whole, rest, given, last)
    return Name(whole, family, given)


def is_organisation(whole: str) -> bool:
    """A guess, from words that persons are not called, for a name that came in one piece."""
    words = whole.lower().replace(",", " ").split()
    if len(words) < 2 or len(words) > _MAX_WORDS_OF_A_PERSON:
        return True
    return any(word in _WORDS_OF_ORGANISATIONS for word in words) or any(map(str.isdigit, whole))
