"""Keys by which works that a record may be alike to are found among a million others."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from research_api.domain.names import family_key
from research_api.domain.titles import TitleForm, title_form
from research_api.domain.works import Record, Work


@dataclass(frozen=True, slots=True)
class NearKeys:
    """64-bit numbers. by_title: the beginning of the title and the year; by_family: its end and the first author.

    A slip of the pen in the title changes one of the two at most. asked: what a like record may have, which are
    both and the first one with a year more or less.
    """

    by_title: int
    by_family: int
    asked: tuple[int, int, int, int]


def near_keys(record: Record | Work) -> NearKeys | None:
    """The keys, or None for what is never taken for another's work: without year or author, or titled `Editorial`."""
    if record.year is None or not record.authors:
        return None
    form = title_form(record.title)
    if form.is_generic:
        return None
    before, by_title, after = (_number(f"t{record.year + step}:{form.key}") for step in (-1, 0, 1))
    by_family = _number(f"f{family_key(record.authors[0])}:{_end_of(form)}")
    return NearKeys(by_title, by_family, (by_title, before, after, by_family))


def _end_of(form: TitleForm) -> str:
    """The last words before the subtitle, which some sources leave out."""
    return "".join(form.base[-2:])


def _number(text: str) -> int:
    """A signed number, as Postgres keeps them."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)
