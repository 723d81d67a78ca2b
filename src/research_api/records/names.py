"""Names of persons in one piece."""

from __future__ import annotations

from research_api.domain.works import Author
from research_api.records import cleaning, fields

# what stands behind a comma and is no given name
_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv", "md", "phd", "msc", "bsc", "prof", "dr", "et al"})


def person_of(name: object, orcid: object = None) -> Author | None:
    """The person whose name is written `Given Family` or `Family, Given`, None where there is no name."""
    shown = fields.plain_of(name, cleaning.MAX_NAME_CHARACTERS)
    family, comma, given = (part.strip() for part in (shown or "").partition(","))
    is_turned = comma and family and given and "," not in given
    if is_turned and given.replace(".", "").casefold() not in _SUFFIXES:
        return fields.author_of(given=given, family=family, orcid=orcid)
    return fields.author_of(name=shown, orcid=orcid)
