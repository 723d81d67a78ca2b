"""Single fields of a record: what has the right type and form, or None."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from itertools import islice

from research_api.domain.identifiers import normalise
from research_api.domain.works import WORK_TYPES, Author, Identifier
from research_api.records.cleaning import (
    MAX_NAME_CHARACTERS,
    MAX_TITLE_CHARACTERS,
    clean_text,
    plain,
    plain_abstract,
)
from research_api.records.errors import Rejected

MAX_AUTHORS = 5_000
MAX_REFERENCES = 5_000
_MIN_YEAR, _MAX_YEAR = 1000, 2100
_MAX_COUNT = 2**31 - 1

_URL = re.compile(r"https?://[^\s\x00-\x20\x7f-\x9f\ud800-\udfff\"]{1,2000}", re.IGNORECASE)
_ISO_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)
_ORCID = re.compile(
    r"(?:https?://orcid\.org/)?(\d{4})-?(\d{4})-?(\d{4})-?(\d{3}[\dX])/?", re.IGNORECASE | re.ASCII
)


def text_of(value: object) -> str | None:
    """The value where it is text."""
    return value if isinstance(value, str) else None


def written_of(value: object) -> str | None:
    """Text, also where a whole number was given."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else text_of(value)


def members_of(value: object) -> dict[str, object]:
    """The value where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def items_of(value: object) -> list[object]:
    """The value where it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def plain_of(value: object, max_characters: int) -> str | None:
    """The text without markup, None where there is none."""
    return (plain(value, max_characters) or None) if isinstance(value, str) else None


def abstract_of(value: object) -> str | None:
    """The abstract without markup, None where there is none."""
    return plain_abstract(value) if isinstance(value, str) else None


def title_of(*values: object) -> str:
    """The first title that says something. Raises Rejected where none does."""
    for value in values:
        title = plain_of(value, MAX_TITLE_CHARACTERS)
        if title:
            return title
    raise Rejected("the record has no title")


def year_of(value: object) -> int | None:
    """A year from 1000 to 2100, also where it is written as text; anything else is not a year."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}", value.strip()):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if _MIN_YEAR <= value <= _MAX_YEAR else None


def date_of(value: object) -> str | None:
    """An ISO date of that calendar, as exact as it was given."""
    found = _ISO_DATE.fullmatch(value.strip()) if isinstance(value, str) else None
    return found[0] if found and is_date(*(int(part) for part in found.groups() if part)) else None


def is_date(year: int, month: int = 1, day: int = 1) -> bool:
    """True for a day of the calendar in a year that `year_of` takes."""
    try:
        return _MIN_YEAR <= date(year, month, day).year <= _MAX_YEAR
    except (ValueError, OverflowError):
        return False


def count_of(value: object) -> int | None:
    """A whole number from 0 that a database integer holds."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= _MAX_COUNT else None


def count_in(value: object) -> int | None:
    """`count_of` the number that stands in a text."""
    digits = value.strip() if isinstance(value, str) else ""
    return count_of(int(digits)) if digits.isascii() and digits.isdecimal() and len(digits) <= 10 else None


def url_of(value: object) -> str | None:
    """A web address of at most 2,000 characters; other schemes are no links for a reader."""
    address = value.strip() if isinstance(value, str) else ""
    return address if _URL.fullmatch(address) else None


def type_of(value: object) -> str | None:
    """The value where it is one of Crossref's types of work."""
    return value if isinstance(value, str) and value in WORK_TYPES else None


def orcid_of(value: object) -> str | None:
    """The bare ORCID; None where the check digit is wrong.

    Source: ORCID, "Structure of the ORCID Identifier" (ISO 7064 MOD 11-2; read 2026-11)
    """
    found = _ORCID.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found:
        return None
    total = 0
    digits = "".join(found.groups()).upper()
    for digit in map(int, digits[:15]):
        total = (total + digit) * 2
    return "-".join(found.groups()).upper() if "0123456789X"[(12 - total % 11) % 11] == digits[15] else None


def author_of(
    *, name: object = None, given: object = None, family: object = None, orcid: object = None
) -> Author | None:
    """One author, None where no name is given; without `name` the parts are joined, given name first."""
    first, last = plain_of(given, MAX_NAME_CHARACTERS), plain_of(family, MAX_NAME_CHARACTERS)
    shown = plain_of(name, MAX_NAME_CHARACTERS) or " ".join(part for part in (first, last) if part)
    return Author(shown, first, last, orcid_of(orcid) if orcid else None) if shown else None


def authors_of(found: Iterable[Author | None]) -> tuple[Author, ...]:
    """The authors that have a name, the first 5,000 of them."""
    return tuple(islice((author for author in found if author), MAX_AUTHORS))


def identifiers_of(*pairs: tuple[str, object]) -> tuple[Identifier, ...]:
    """The well-formed ones among (scheme, value), each once, in the order given."""
    found = (
        (scheme, normalise(scheme, clean_text(value))) for scheme, value in pairs if isinstance(value, str)
    )
    return tuple(dict.fromkeys(Identifier(scheme, value) for scheme, value in found if value))


def references_of(scheme: str, values: Iterable[object]) -> tuple[Identifier, ...]:
    """The well-formed identifiers of one scheme that a work refers to, each once, MAX_REFERENCES at most."""
    return identifiers_of(*((scheme, value) for value in islice(values, MAX_REFERENCES)))
