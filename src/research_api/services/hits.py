"""From a ranked list to the works that a page shows, each with its proof."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import structlog

from research_api.domain.index import KeptList
from research_api.domain.merging import title_key
from research_api.domain.query import Document, document_of, highlight, match
from research_api.domain.search import CATALOG, Hit, MatchSpan, Mode, Placed, Sort
from research_api.domain.works import Work, work_id_from_number, work_number
from research_api.services.ports import WorkStore
from research_api.services.question import Question

log = structlog.get_logger(__name__)

_NOTHING: Mapping[int, Work] = MappingProxyType({})


def works_to_show(
    kept: KeptList, places: range, store: WorkStore, at_hand: Mapping[int, Work] = _NOTHING
) -> list[tuple[int, Work]]:
    """The works at these places of the list, each where it stands for the first time.

    Works that were merged since the list was made come back as one survivor. It is shown where it stood itself,
    else at the first place that leads to it, which may lie on an earlier page; so those are looked up too, but
    only where something was merged. Works that came with the list are shown as they were then.
    at_hand: works of the catalog that were read for the list a moment ago. Raises DatabaseUnavailable.
    """
    ids = _ids_at(kept, places)
    works = {
        one: kept.works[number] if number in kept.works else at_hand[number]
        for one, number in zip(ids, kept.numbers[places.start : places.stop], strict=True)
        if number in kept.works or number in at_hand
    }
    if len(works) < len(ids):
        works |= store.by_ids([one for one in ids if one not in works])
    is_merged = any(work.id != asked_id for asked_id, work in works.items())
    before = store.by_ids(_ids_at(kept, range(places.start))) if is_merged else {}
    shown = {work.id for work in before.values()}
    found = []
    for place, asked_id in zip(places, ids, strict=True):
        work = works.get(asked_id)
        if work is None or work.id in shown:
            continue
        if work.id == asked_id or work_number(work.id) not in kept.numbers:
            shown.add(work.id)
            found.append((place, work))
    return found


def _ids_at(kept: KeptList, places: range) -> list[str]:
    return [work_id_from_number(kept.numbers[place]) for place in places]


def _passes(question: Question, work: Work, document: Document) -> bool:
    """NOT, year: and field clauses hold in the stored text too, unless the text is this very work's title."""
    return (
        question.condition is None
        or match(question.condition, document) is not None
        or title_key(question.request.text) == title_key(work.title)
    )


def hit_of(
    question: Question, work: Work, place: int, kept: KeptList, *, with_matches: bool = True
) -> Hit | None:
    """The hit with its spans, or None where the stored text does not satisfy what the index promised.

    with_matches: False leaves out spans that prove nothing; finding those of a hundred works takes 20 ms.
    """
    spans: Sequence[MatchSpan] = ()
    if question.query is not None:
        document = document_of(work)
        strict = question.request.mode is Mode.STRICT
        proof: Sequence[MatchSpan] | None = ()
        if strict:
            proof = match(question.query, document)
        elif with_matches:
            proof = highlight(question.query, document)
        if proof is None or not (question.request.filters.accept(work) and _passes(question, work, document)):
            log.info("index_disagrees", work=work.id)
            return None
        spans = proof
    score = kept.scores[place] if question.request.sort is Sort.RELEVANCE else None
    number = kept.numbers[place]
    placed = kept.placed.get(number) or (Placed(CATALOG, place + 1, work.id),)
    return Hit(work, place + 1, score, tuple(spans), placed)
