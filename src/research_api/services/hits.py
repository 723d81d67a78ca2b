"""From a ranked list to the works that a page shows, each with its proof."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import structlog

from research_api.domain.index import KeptList
from research_api.domain.merging import title_key
from research_api.domain.query import Document, document_of, highlight, match
from research_api.domain.search import Hit, MatchSpan, Mode, Sort
from research_api.domain.works import Work, work_id_from_number, work_number
from research_api.services.question import Question

log = structlog.get_logger(__name__)


def places_to_show(
    kept: KeptList,
    offset: int,
    ids: Sequence[str],
    works: Mapping[str, Work],
    by_ids: Callable[[Sequence[str]], Mapping[str, Work]],
) -> list[int]:
    """The places of the list, from `offset` on, whose works stand there for the first time.

    Works that were merged since the list was made come back as one survivor. It is shown where it stood itself,
    else at the first place that leads to it, which may lie on an earlier page; so those are looked up too, but
    only where something was merged.
    """
    moved = any(one in works and works[one].id != one for one in ids)
    before = [work_id_from_number(one) for one in kept.numbers[:offset]] if moved else []
    shown = {work.id for work in by_ids(before).values()} if before else set()
    places = []
    for place, asked_id in enumerate(ids, start=offset):
        work = works.get(asked_id)
        if work is None:
            continue
        is_elsewhere = work.id != asked_id and work_number(work.id) in kept.numbers
        if not is_elsewhere and work.id not in shown:
            shown.add(work.id)
            places.append(place)
    return places


def _passes(question: Question, work: Work, document: Document) -> bool:
    """NOT, year: and field clauses hold in the stored text too, unless the text is this very work's title."""
    return (
        question.condition is None
        or match(question.condition, document) is not None
        or title_key(question.request.text) == title_key(work.title)
    )


def hit_of(question: Question, work: Work, place: int, kept: KeptList) -> Hit | None:
    """The hit with its spans, or None where the stored text does not satisfy what the index promised."""
    spans: Sequence[MatchSpan] = ()
    if question.query is not None:
        document = document_of(work)
        strict = question.request.mode is Mode.STRICT
        proof = match(question.query, document) if strict else highlight(question.query, document)
        if proof is None or not (question.request.filters.accept(work) and _passes(question, work, document)):
            log.info("index_disagrees", work=work.id)
            return None
        spans = proof
    score = kept.scores[place] if question.request.sort is Sort.RELEVANCE else None
    return Hit(work, place + 1, score, tuple(spans))
