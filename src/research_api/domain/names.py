"""Names of people as sources spell them: when two of them can be one person's."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from functools import lru_cache

from rapidfuzz.distance import OSA

from research_api.domain.text import words
from research_api.domain.works import Author

_PARTICLES = frozenset(
    [
        "af",
        "al",
        "ap",
        "bin",
        "da",
        "dal",
        "de",
        "del",
        "della",
        "den",
        "der",
        "des",
        "di",
        "do",
        "dos",
        "du",
        "el",
        "ibn",
        "la",
        "las",
        "le",
        "los",
        "ten",
        "ter",
        "van",
        "vander",
        "von",
        "zu",
        "zum",
        "zur",
        "y",
    ]
)
_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv"})
# what is written with two letters where the umlaut or the ring is missing; both spellings lose the second letter
_SPELT_OUT = (("ae", "a"), ("oe", "o"), ("ue", "u"), ("aa", "a"))


class ListMatch(IntEnum):
    """How far two lists of authors agree; a stronger one is greater."""

    DIFFERENT = 0
    FIRST = 1
    ALL = 2


@lru_cache(maxsize=16384)
def name_words(author: Author) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words of given and family name, folded, without particles and suffixes.

    Where the source does not tell them apart the last word of at least two letters is the family name.
    """
    if author.family:
        given = _kept(words(author.given)) if author.given else ()
        return given, _kept(words(author.family))
    whole = _kept(words(author.name))
    for place in range(len(whole) - 1, -1, -1):
        if len(whole[place]) > 1:
            return whole[:place] + whole[place + 1 :], (whole[place],)
    return (), whole


def family_key(author: Author) -> str:
    """The last word of the family name; empty without any."""
    family = name_words(author)[1]
    return family[-1] if family else ""


def same_person(one: Author, other: Author) -> bool:
    """True where one name can be short for the other, in either order of its parts."""
    mine, theirs = name_words(one), name_words(other)
    if mine == theirs:
        return bool(mine[1])
    all_mine, all_theirs = (*mine[0], *mine[1]), (*theirs[0], *theirs[1])
    if not all_mine or not all_theirs:
        return False
    if "".join(all_mine) in ("".join(all_theirs), "".join((*theirs[1], *theirs[0]))):
        return True
    if not _shares_family(mine, theirs):
        return False
    short, long = sorted((all_mine, all_theirs), key=len)
    return _is_short_for(short, long) or _same_given(mine, theirs)


def compare_authors(mine: Sequence[Author], theirs: Sequence[Author]) -> ListMatch:
    """How far the lists agree; where one is shorter, only what both can have is compared.

    A list that was cut has the beginning of the other; one whose end is other people's is another list.
    """
    if not mine or not theirs or not same_person(mine[0], theirs[0]):
        return ListMatch.DIFFERENT
    if mine == theirs:
        return ListMatch.ALL
    short, long = sorted((mine, theirs), key=len)
    known = [set(sum(name_words(author), ())) for author in long]
    strangers = sum(not _is_among(author, known) for author in short)
    if strangers == 0:
        return ListMatch.ALL if len(short) == len(long) else ListMatch.FIRST
    return ListMatch.FIRST if strangers * 4 <= len(short) else ListMatch.DIFFERENT


def _kept(found: Sequence[str]) -> tuple[str, ...]:
    kept = [word for word in found if word not in _PARTICLES and word not in _SUFFIXES]
    return tuple(_simply_spelt(word) for word in (kept or found))


def _simply_spelt(word: str) -> str:
    if len(word) > 3:
        for double, simple in _SPELT_OUT:
            word = word.replace(double, simple)
    return word


def _shares_family(
    mine: tuple[tuple[str, ...], tuple[str, ...]], theirs: tuple[tuple[str, ...], tuple[str, ...]]
) -> bool:
    """A word of one family name is one of the other name, where a letter may differ if it is long (-ov, -off)."""
    if any(len(word) > 1 and word in (*theirs[0], *theirs[1]) for word in mine[1]):
        return True
    if any(len(word) > 1 and word in (*mine[0], *mine[1]) for word in theirs[1]):
        return True
    return any(_nearly(a, b, 6) for a in mine[1] for b in theirs[1])


def _is_short_for(short: Sequence[str], long: Sequence[str]) -> bool:
    """Every word of the short name is one of the long name, or its initial; each is used once."""
    left = list(long)
    for word in sorted(short, key=len, reverse=True):
        found = next((one for one in left if one == word), None) or next(
            (one for one in left if _is_initial(word, one) or _nearly(word, one, 5)), None
        )
        if found is None:
            return False
        left.remove(found)
    return True


def _same_given(
    mine: tuple[tuple[str, ...], tuple[str, ...]], theirs: tuple[tuple[str, ...], tuple[str, ...]]
) -> bool:
    """Initials run together (JD for John David), or a double name written as one."""
    if mine[1] != theirs[1] or not mine[0] or not theirs[0]:
        return False
    short, long = sorted((mine[0], theirs[0]), key=lambda given: len("".join(given)))
    joined = "".join(short)
    return joined == "".join(long) or (
        len(joined) <= 3 and joined == "".join(word[0] for word in long)[: len(joined)]
    )


def _is_initial(one: str, other: str) -> bool:
    return (len(one) == 1 or len(other) == 1) and one[0] == other[0]


def _nearly(one: str, other: str, letters: int) -> bool:
    return (
        min(len(one), len(other)) >= letters
        and one[0] == other[0]
        and OSA.distance(one, other, score_cutoff=1) <= 1
    )


def _is_among(author: Author, known: Sequence[set[str]]) -> bool:
    given, family = name_words(author)
    return any(len(word) > 1 and word in one for word in (*family, *given) for one in known)
