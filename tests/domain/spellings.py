"""How another source may spell the same work: each takes a record and gives it as that source would, or None."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace

from research_api.domain.works import Author, Record

Spelling = Callable[[Record, random.Random], Record | None]

_LIGATURES = (("ffi", "ﬃ"), ("ff", "ﬀ"), ("fi", "ﬁ"), ("fl", "ﬂ"))
_SPELT_OUT = {
    "ä": "ae",
    "ö": "oe",
    "ü": "ue",
    "ß": "ss",
    "å": "aa",
    "ø": "oe",
    "Ä": "Ae",
    "Ö": "Oe",
    "Ü": "Ue",
}


def as_it_is(record: Record, _chance: random.Random) -> Record | None:
    return record


def in_capitals(record: Record, _chance: random.Random) -> Record | None:
    return replace(record, title=record.title.upper())


def with_other_punctuation(record: Record, _chance: random.Random) -> Record | None:
    title = record.title.replace("-", " ").replace("’", "'").replace(": ", " - ").replace(",", "")
    return replace(record, title=title + ".")


def with_markup(record: Record, chance: random.Random) -> Record | None:
    words = record.title.split()
    place = chance.randrange(len(words))
    words[place] = f"<i>{words[place]}</i>"
    return replace(record, title=" ".join(words).replace("&", "&amp;"))


def with_ligatures(record: Record, _chance: random.Random) -> Record | None:
    title = record.title
    for letters, sign in _LIGATURES:
        title = title.replace(letters, sign)
    return replace(record, title=title) if title != record.title else None


def without_marks(record: Record, _chance: random.Random) -> Record | None:
    def bare(text: str) -> str:
        return "".join(one for one in unicodedata.normalize("NFD", text) if not unicodedata.combining(one))

    told = replace(record, title=bare(record.title), authors=_renamed(record, bare))
    return told if told != record else None


def with_umlauts_spelt_out(record: Record, _chance: random.Random) -> Record | None:
    authors = _renamed(record, lambda text: "".join(_SPELT_OUT.get(one, one) for one in text))
    return replace(record, authors=authors) if authors != record.authors else None


def without_subtitle(record: Record, _chance: random.Random) -> Record | None:
    base, colon, _ = record.title.partition(": ")
    return replace(record, title=base) if colon else None


def mistyped(record: Record, chance: random.Random) -> Record | None:
    """One letter is dropped, doubled, swapped or replaced, anywhere in a word of five letters or more."""
    places = [found.span() for found in re.finditer(r"[A-Za-z]{5,}", record.title)]
    if not places:
        return None
    start, end = chance.choice(places)
    place = chance.randrange(start, end - 1)
    before, letter, after = record.title[:place], record.title[place], record.title[place + 1 :]
    slips = ("", letter * 2, after[:1] + letter, chance.choice("bcdfglmnprst"))
    slip = chance.choice(slips)
    return replace(record, title=before + slip + (after[1:] if slip is slips[2] else after))


def with_initials(record: Record, _chance: random.Random) -> Record | None:
    if not all(author.given and author.family for author in record.authors):
        return None
    authors = [
        Author(f"{given} {author.family}", given, author.family)
        for author in record.authors
        for given in [
            "".join(f"{part[0]}. " for part in re.split(r"[\s-]+", author.given or "") if part).strip()
        ]
    ]
    return replace(record, authors=tuple(authors))


def family_first(record: Record, _chance: random.Random) -> Record | None:
    """`Smith J`, as PubMed's lists have it, with nothing to tell the parts apart."""
    if not all(author.given and author.family for author in record.authors):
        return None
    return replace(
        record, authors=tuple(Author(f"{one.family} {(one.given or '')[0]}") for one in record.authors)
    )


def in_other_order(record: Record, _chance: random.Random) -> Record | None:
    """Given and family name changed places, as happens to names that are written family first at home."""
    if not all(author.given and author.family for author in record.authors):
        return None
    authors = tuple(Author(f"{one.family} {one.given}", one.family, one.given) for one in record.authors)
    return replace(record, authors=authors)


def without_particle(record: Record, _chance: random.Random) -> Record | None:
    pattern = re.compile(r"^(?:van der|van den|van|von|de la|de|der|den|di|da)\s+", re.IGNORECASE)
    first = record.authors[0] if record.authors else Author("")
    if not first.family or not pattern.match(first.family):
        return None
    family = pattern.sub("", first.family)
    return replace(
        record, authors=(Author(f"{first.given} {family}", first.given, family), *record.authors[1:])
    )


def a_year_later(record: Record, _chance: random.Random) -> Record | None:
    return replace(record, year=record.year + 1) if record.year else None


def without_abstract_and_venue(record: Record, _chance: random.Random) -> Record | None:
    return replace(record, abstract=None, venue=None)


def with_first_author_alone(record: Record, _chance: random.Random) -> Record | None:
    return replace(record, authors=record.authors[:1]) if len(record.authors) > 1 else None


SPELLINGS: dict[str, Spelling] = {
    spelling.__name__: spelling
    for spelling in (
        as_it_is, in_capitals, with_other_punctuation, with_markup, with_ligatures, without_marks,
        with_umlauts_spelt_out, without_subtitle, mistyped, with_initials, family_first, in_other_order,
        without_particle, a_year_later, without_abstract_and_venue, with_first_author_alone,
    )
}  # fmt: skip


def _renamed(record: Record, change: Callable[[str], str]) -> tuple[Author, ...]:
    return tuple(
        Author(
            change(one.name), one.given and change(one.given), one.family and change(one.family), one.orcid
        )
        for one in record.authors
    )
