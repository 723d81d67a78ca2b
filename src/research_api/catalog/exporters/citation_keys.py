"""Citation keys: the same work has the same key in every export, as long as its data stay the same."""

from __future__ import annotations

import re
import unicodedata

from research_api.domain.works import WORK_ID_PREFIX, Author, Work

_MAX_NAME_CHARACTERS = 30
# letters that do not decompose
_SPELT_OUT = str.maketrans(
    {"ß": "ss", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"}
)
_NOT_KEPT = re.compile(r"[^a-z0-9]+")


def citation_key(work: Work) -> str:
    """Family name of the first author, year, and behind `_` the work's id: `watson1953_uaymrubc4xba`.

    ASCII letters and digits; `anon` and `nd` where there is no name or year. The whole id, not its first eight
    characters: then no two works can share a key, and the key leads back to the work.
    """
    family = _family_of(work.authors[0]) if work.authors else ""
    year = str(work.year) if work.year is not None else "nd"
    return f"{family or 'anon'}{year}_{work.id.removeprefix(WORK_ID_PREFIX)}"


def _family_of(author: Author) -> str:
    text = author.family or author.name.rpartition(" ")[2]
    decomposed = unicodedata.normalize("NFKD", text.lower().translate(_SPELT_OUT))
    return _NOT_KEPT.sub("", decomposed)[:_MAX_NAME_CHARACTERS]
