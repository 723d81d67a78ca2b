"""A record of which its source told a part at a time."""

from __future__ import annotations

from dataclasses import replace

from research_api.domain.batch import Incoming, prepare
from research_api.domain.works import Author, OpenAccess, Record

_SAID_OR_NOT = ("abstract", "year", "date", "venue", "type", "url", "citation_count", "references")


def whole(incoming: Incoming, former: Record | None) -> Incoming:
    """The record with what its source said before and does not repeat, where it tells a part alone."""
    if former is None or not incoming.is_part:
        return incoming
    return prepare(fuller(former, incoming.record), is_part=True)


def fuller(former: Record, part: Record) -> Record:
    """What the part says, and of the former record what the part is silent about.

    Identifiers of other schemes stay; authors without ORCIDs do not replace as many with them. A retraction that was
    told once stands: silence is no denial.
    """
    kept = {name: getattr(former, name) for name in _SAID_OR_NOT if getattr(part, name) in (None, ())}
    schemes = {one.scheme for one in part.identifiers}
    return replace(
        part,
        **kept,
        authors=_fuller_authors(former.authors, part.authors),
        identifiers=(*part.identifiers, *(one for one in former.identifiers if one.scheme not in schemes)),
        open_access=_fuller_access(former.open_access, part.open_access),
        retracted=part.retracted or former.retracted,
    )


def _fuller_authors(former: tuple[Author, ...], told: tuple[Author, ...]) -> tuple[Author, ...]:
    if not told:
        return former
    is_same_length = len(former) == len(told)
    return former if is_same_length and _orcids(former) > _orcids(told) else told


def _orcids(authors: tuple[Author, ...]) -> int:
    return sum(author.orcid is not None for author in authors)


def _fuller_access(former: OpenAccess, told: OpenAccess) -> OpenAccess:
    if told.is_oa is None or (told.is_oa and former.is_oa and told.url is None):
        return former if former != OpenAccess() else told
    return told
