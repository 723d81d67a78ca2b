"""What a search request asks, before anybody is asked."""

from __future__ import annotations

from dataclasses import dataclass, replace

from research_api.domain.identifiers import recognise
from research_api.domain.query import Phrase, Query, filter_part, parse_lenient, parse_strict, ranking_leaves
from research_api.domain.search import Mode, SearchRequest, SearchWarning
from research_api.domain.text import nfc
from research_api.domain.works import Identifier


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

    Raises QueryInvalid in strict mode.
    """
    request = replace(request, text=nfc(request.text))
    if request.mode is Mode.STRICT:
        return Question(request, parse_strict(request.text), ())
    parsed = parse_lenient(request.text)
    identifiers = recognise(request.text)
    # the colon of doi:10.1000/x is no unknown field
    warnings = () if identifiers else parsed.warnings
    condition = filter_part(parsed.query) if parsed.query is not None and not identifiers else None
    return Question(request, parsed.query, warnings, identifiers, condition)


def asked_words(question: Question) -> list[str]:
    """The words by which a text is ranked: those that stand under no NOT and in no field but the title."""
    leaves = ranking_leaves(question.query) if question.query is not None else ()
    return [
        word
        for leaf in leaves
        if leaf.field in (None, "title")
        for word in (leaf.words if isinstance(leaf, Phrase) else (leaf.text,))
    ]
