"""Single fields of arXiv's metadata: the month in an id, DOIs, TeX, licences, notices of withdrawal.

Source: arXiv's help on identifiers, metadata fields, licences and withdrawal (info.arxiv.org/help; read 2026-11).
"""

from __future__ import annotations

import re

from research_api.domain.identifiers import normalise
from research_api.records import fields
from research_api.records.licences import creative_commons_name
from research_api.records.tex import without_tex

SOURCE = "arxiv"
HOME = "https://arxiv.org/abs/"
# everything on arXiv is a preprint, also where a published version exists
TYPE = "posted-content"

_OWN_LICENCE = re.compile(r"https?://arxiv\.org/licenses/([a-z0-9-]{2,40})(?:/.*)?", re.IGNORECASE)
# the month of the first version; of the year only the last two digits, and arXiv began in 1991
_ID_MONTH = re.compile(r"(?:[a-z.-]+/)?(\d{2})(0[1-9]|1[0-2])", re.ASCII)
_FIRST_YEAR_OF_TWO_DIGITS = 91
_AFFILIATION = re.compile(r"\([^()]*\)")
_AUTHOR_JOINT = re.compile(r", ?(?:and |for the )?| and |: ")
_MAX_NESTING = 3
_MAX_DOIS_CHARACTERS = 2_000
_THING = r"(?:paper|article|manuscript|submission|preprint|work|note|letter|version|draft|e-?print)"
# how a notice begins: a sentence of the comments or, before arXiv had a form for it, the abstract
_NOTICE = (
    rf"(?:this|the)\s+(?:arxiv\s+)?{_THING}\s+(?:has\s+been|have\s+been|had\s+been|is|was)\s+"
    r"(?:now\s+|temporarily\s+)?(?:being\s+)?withdrawn\b"
)
# taken back from a journal or a conference, and still on arXiv
_FROM_ELSEWHERE = r"(?!\s+from\s+(?!arxiv))"
_ABSTRACT_NOTICE = re.compile(rf"\W{{0,3}}{_NOTICE}{_FROM_ELSEWHERE}", re.IGNORECASE)
_COMMENTS_NOTICE = re.compile(
    rf"(?:(?:^|[.;:!?]\s)\W{{0,3}}{_NOTICE}"
    rf"|^\W{{0,3}}(?:arxiv\s+admin\s+note\s?:\s)?(?:(?:this\s+)?{_THING}\s+)?(?:is\s+)?withdraw(?:n|al)\b){_FROM_ELSEWHERE}",
    re.IGNORECASE,
)


def plain_tex(value: object) -> str | None:
    """The text without the TeX that readers need not see; None where it is no text."""
    return without_tex(value) if isinstance(value, str) else None


def doi_of(value: object) -> str | None:
    """The first of the DOIs of the published version, which stand with spaces between them; later ones are errata's."""
    given = re.split(r"[\s;,]+", value[:_MAX_DOIS_CHARACTERS]) if isinstance(value, str) else []
    return next((doi for each in given if (doi := normalise("doi", each))), None)


def month_of_id(source_id: str) -> str | None:
    """The month in which the id was given, as `YYYY-MM`; None where it holds none of the calendar."""
    found = _ID_MONTH.match(source_id)
    if not found:
        return None
    century = 1900 if int(found[1]) >= _FIRST_YEAR_OF_TWO_DIGITS else 2000
    return f"{century + int(found[1])}-{found[2]}"


def names_in(text: str) -> list[str]:
    """The names between commas and `and`, without affiliations in brackets, as arXiv asks for them."""
    for _ in range(_MAX_NESTING):
        text = _AFFILIATION.sub(" ", text)
    return _AUTHOR_JOINT.split(" ".join(text.split()))


def licence_of(value: object) -> str | None:
    """`cc-by` ...; arXiv's own are told by their names, `arxiv-nonexclusive-distrib`."""
    address = fields.text_of(value)
    own = _OWN_LICENCE.fullmatch(address or "")
    return f"arxiv-{own[1].lower()}" if own else creative_commons_name(address)


def is_withdrawn(comments: object, abstract: object) -> bool:
    """True where comments or abstract begin by saying so; arXiv has no field for it."""
    notes, text = ((fields.text_of(value) or "").strip() for value in (comments, abstract))
    return bool(_COMMENTS_NOTICE.search(notes) or _ABSTRACT_NOTICE.match(text))
