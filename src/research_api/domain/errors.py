"""The whole error tree; `slug` names the problem type, the web layer's table gives it a status.

ResearchApiError
├── Malformed                 what was sent cannot be read at all
│   └── CursorInvalid         a cursor this service did not sign, or not for this caller
├── Invalid                   readable, yet breaks a rule; carries pointers to the parts
│   └── QueryInvalid          the query text breaks the grammar in strict mode
├── Unauthenticated           no key, an unknown, a revoked or an expired one
├── Forbidden                 a key without the scope, or from an address it does not allow
├── NotFound                  no such object for this caller
├── Conflict                  the state of the object forbids it
├── Expired                   it was here and is no longer kept
└── Unavailable               a dependency is down; a retry may work
    ├── DatabaseUnavailable
    ├── IndexUnavailable
    ├── EmbeddingUnavailable  texts cannot be turned into vectors
    └── SourcesUnavailable    a source that may know the work does not answer
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One part of the input that breaks a rule.

    pointer: JSON pointer into the body, or `/name` of a parameter.
    start, end: half-open code point offsets into the text at `pointer`, or None where the whole is meant.
    """

    pointer: str
    detail: str
    start: int | None = None
    end: int | None = None
    hint: str | None = None


class ResearchApiError(Exception):
    """Root of the tree. `detail` tells the user what to do and is safe to show."""

    slug = "internal"

    def __init__(self, detail: str, *, faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.faults = faults


class Malformed(ResearchApiError):
    """What was sent cannot be read at all."""

    slug = "malformed"


class CursorInvalid(Malformed):
    """The cursor was not signed here, was changed, or belongs to another caller."""

    slug = "cursor-invalid"


class Invalid(ResearchApiError):
    """Well-formed, yet breaks a rule."""

    slug = "invalid"


class QueryInvalid(Invalid):
    """The query text breaks the grammar in strict mode; the first fault has position and hint."""

    slug = "query-invalid"


class Unauthenticated(ResearchApiError):
    """No key, or one that is unknown, revoked or expired."""

    slug = "unauthenticated"


class Forbidden(ResearchApiError):
    """The key is good and may not do this."""

    slug = "forbidden"


class NotFound(ResearchApiError):
    """No such object for this caller."""

    slug = "not-found"


class Conflict(ResearchApiError):
    """The state of the object forbids it."""

    slug = "conflict"


class Expired(ResearchApiError):
    """It was kept for a time and that time is over."""

    slug = "expired"


class Unavailable(ResearchApiError):
    """A dependency is down; a retry may work."""

    slug = "unavailable"


class DatabaseUnavailable(Unavailable):
    """Postgres does not answer."""

    slug = "database-unavailable"


class IndexUnavailable(Unavailable):
    """No usable search index on this host."""

    slug = "index-unavailable"


class EmbeddingUnavailable(Unavailable):
    """The model that makes vectors cannot be loaded, or does not answer."""

    slug = "embedding-unavailable"


class SourcesUnavailable(Unavailable):
    """No source has the work, and some did not answer."""

    slug = "sources-unavailable"
