"""Works as this service holds them, and records as one source tells them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType

WORK_ID_PREFIX = "w_"
WORK_ID_BITS = 60

# Crossref's vocabulary of work types. Source: Crossref REST API, GET /types (read 2026-11)
WORK_TYPES = frozenset(
    {
        "book", "book-chapter", "book-part", "book-section", "book-series", "book-set", "book-track",
        "component", "database", "dataset", "dissertation", "edited-book", "grant", "journal",
        "journal-article", "journal-issue", "journal-volume", "monograph", "other", "peer-review",
        "posted-content", "proceedings", "proceedings-article", "proceedings-series", "reference-book",
        "reference-entry", "report", "report-component", "report-series", "standard",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Author:
    """One author; `name` is the form to show, given name first. `orcid` is the bare 16 digits with hyphens."""

    name: str
    given: str | None = None
    family: str | None = None
    orcid: str | None = None


@dataclass(frozen=True, slots=True)
class OpenAccess:
    """is_oa None: nobody said. url: where the free copy is. license: as the source names it, lower case."""

    is_oa: bool | None = None
    url: str | None = None
    license: str | None = None


@dataclass(frozen=True, slots=True)
class Identifier:
    """scheme: one of `identifiers.SCHEMES`; value in its canonical form."""

    scheme: str
    value: str


@dataclass(frozen=True, slots=True)
class Record:
    """What one source says of one work; texts are NFC, trimmed, without markup; None means not said.

    (source, source_id) names the record for ever: the same pair again is a newer saying of the same source.
    date: ISO `YYYY`, `YYYY-MM` or `YYYY-MM-DD`. type: one of WORK_TYPES. references: works that this one refers to.
    """

    source: str
    source_id: str
    title: str
    abstract: str | None = None
    authors: tuple[Author, ...] = ()
    year: int | None = None
    date: str | None = None
    venue: str | None = None
    type: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    url: str | None = None
    open_access: OpenAccess = OpenAccess()
    citation_count: int | None = None
    retracted: bool = False
    references: tuple[Identifier, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceRef:
    """Which source told of a work, and under which id of its own."""

    name: str
    id: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """A value that a source gives for a field and another source, which is trusted more, contradicts."""

    source: str
    value: str | int | bool


@dataclass(frozen=True, slots=True)
class Version:
    """Another version of a work: the publication of a preprint, or a preprint of a publication."""

    id: str
    type: str | None
    year: int | None


@dataclass(frozen=True, slots=True)
class Work:
    """One work, merged from its records. `provenance` names the source of each field that is filled.

    identifiers: the first known value per scheme; all of them stand in the identifiers table. disagreements: by field
    (year, venue, retracted), what sources say that does not stand in the work. versions: only where it was stored.
    """

    id: str
    title: str
    abstract: str | None = None
    authors: tuple[Author, ...] = ()
    year: int | None = None
    date: str | None = None
    venue: str | None = None
    type: str | None = None
    identifiers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    url: str | None = None
    open_access: OpenAccess = OpenAccess()
    citation_count: int | None = None
    retracted: bool = False
    sources: tuple[SourceRef, ...] = ()
    provenance: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    disagreements: Mapping[str, tuple[Rejected, ...]] = field(default_factory=lambda: MappingProxyType({}))
    versions: tuple[Version, ...] = ()


# base32 as RFC 4648 writes it, in the digits of `int`: a tenth of the time of base64.b32decode
_DIGITS = dict.fromkeys(range(128), "!") | str.maketrans(
    "abcdefghijklmnopqrstuvwxyz234567", "0123456789abcdefghijklmnopqrstuv"
)


# of one id and its number the other is asked a dozen times while a list of some hundred works is made
_REMEMBERED = 10_000


def work_id_from_seed(seed: str) -> str:
    """`w_` and 12 base32 characters: 60 bits of SHA-256 over the seed, so the same seed has the same id anywhere.

    At ten million works the chance of any collision is 4e-5; the importer checks and salts the seed.
    """
    digest = hashlib.sha256(seed.encode()).digest()[:8]
    return WORK_ID_PREFIX + base64.b32encode(digest).decode().lower()[:12]


@lru_cache(_REMEMBERED)
def work_number(work_id: str) -> int:
    """The 60-bit number a work id stands for; the search index keeps this instead of the text.

    Raises ValueError if the id is not of the form that `work_id_from_seed` makes.
    """
    text = work_id.removeprefix(WORK_ID_PREFIX)
    if len(text) != 12 or work_id == text or not text.isascii():
        raise ValueError("not a work id")
    return int(text.translate(_DIGITS), 32)


@lru_cache(_REMEMBERED)
def work_id_from_number(number: int) -> str:
    """The inverse of `work_number`."""
    raw = (number << 4).to_bytes(8, "big")
    return WORK_ID_PREFIX + base64.b32encode(raw).decode().lower()[:12]


def day_order(work: Work) -> int:
    """The date as the number YYYYMMDD, parts that nobody said as 00; 0 without a year."""
    parts = (work.date or (str(work.year) if work.year else "")).split("-")
    year, month, day = (*parts, "", "", "")[:3]
    return int(year or 0) * 10_000 + int(month or 0) * 100 + int(day or 0)
