"""What a search request asks, before anybody is asked."""

from __future__ import annotations

from dataclasses import dataclass, replace

from research_api.domain.errors import Fault, Invalid
from research_api.domain.identifiers import recognise
from research_api.domain.query import Query, filter_part, parse_lenient, parse_strict
from research_api.domain.search import Mode, SearchRequest, SearchWarning
from research_api.domain.text import nfc
from research_api.domain.works import Identifier

_HYBRID_IS_LEXICAL = SearchWarning(
    "hybrid_is_lexical", "This server has no vectors yet: the results are ranked by words alone."
)


@dataclass(frozen=True, slots=True)
class Question:
    """A request, understood: query is None where no word was left of it.

    identifiers: what the whole text may be, the likeliest first; none in strict mode. condition: what a stored text
    must satisfy besides being found; None in strict mode, which proves the whole query, and where an identifier
    names the work.
    """

    request: SearchRequest
    query: Query | None
    warnings: tuple[SearchWarning, ...]
    identifiers: tuple[Identifier, ...] = ()
    condition: Query | None = None


def understood(request: SearchRequest) -> Question:
    """The request, parsed.

    Raises QueryInvalid in strict mode, Invalid for a mode this server lacks.
    """
    request = replace(request, text=nfc(request.text))
    if request.mode is Mode.VECTOR:
        detail = "This server has no vectors yet. Use hybrid, lexical or strict."
        raise Invalid("The mode is not available.", faults=(Fault("/mode", detail),))
    if request.mode is Mode.STRICT:
        return Question(request, parse_strict(request.text), ())
    parsed = parse_lenient(request.text)
    identifiers = recognise(request.text)
    # the colon of doi:10.1000/x is no unknown field
    warnings = () if identifiers else parsed.warnings
    if request.mode is Mode.HYBRID:
        warnings = (*warnings, _HYBRID_IS_LEXICAL)
    condition = filter_part(parsed.query) if parsed.query is not None and not identifiers else None
    return Question(request, parsed.query, warnings, identifiers, condition)
