"""From what the sources gave and the catalog's own list to one ranked list of works."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from research_api.domain.blending import CATALOG_WEIGHT, blended, counted_words, forms_of, word_scores
from research_api.domain.index import KeptList
from research_api.domain.merging import title_key
from research_api.domain.previews import Preview
from research_api.domain.query import Phrase, document_of, match, ranking_leaves
from research_api.domain.search import CATALOG, FACET_VALUES, MAX_KEPT_WORKS, FacetCount, Mode, Placed, Sort
from research_api.domain.works import Identifier, Work, day_order, work_id_from_number, work_number
from research_api.services.catalog_list import Listed
from research_api.services.gathered import Gathered
from research_api.services.question import Question
from research_api.services.source_answers import AtHand


def merged_list(
    question: Question, given: Mapping[str, Gathered], preview: Preview, catalog: AtHand
) -> KeptList:
    """The list, without reports. given: by source; preview: which works their records are.

    A work stands once, with its place in each source that has it. What filters and clauses do not accept is left out.
    Facets count the catalog's works and those that only other sources have.
    """
    works = {work_number(work.id): work for work in preview.works.values() if _is_wanted(question, work)}
    placed = _placed(given, preview, works)
    own = _survivors(catalog.listed.kept, preview)
    for rank, number in enumerate(own, start=1):
        placed.setdefault(number, []).append(Placed(CATALOG, rank, work_id_from_number(number)))
    ranked = _ranked(question, placed, own, {**catalog.works, **works}, catalog.listed)
    new = [number for number in works if number in placed and number not in own]
    kept = catalog.listed.kept
    return replace(
        kept,
        numbers=tuple([number for number, _ in ranked]),
        scores=tuple([score for _, score in ranked]),
        total=kept.total + len(new),
        facets=_facets(kept, [works[number] for number in new], question.request.facets),
        is_counted=kept.is_counted and not any(one.has_more for one in given.values()),
        works={number: works[number] for number, _ in ranked if number in works},
        placed={number: tuple(placed[number]) for number, _ in ranked if number in works},
    )


def _is_wanted(question: Question, work: Work) -> bool:
    """As `hits.hit_of` decides, which shows no work that this lets through in vain."""
    if not question.request.filters.accept(work):
        return False
    condition = question.query if question.request.mode is Mode.STRICT else question.condition
    return (
        condition is None
        or match(condition, document_of(work)) is not None
        or (question.request.mode is not Mode.STRICT and _is_titled(question, work))
    )


def _is_titled(question: Question, work: Work) -> bool:
    return title_key(question.request.text) == title_key(work.title)


def _placed(
    given: Mapping[str, Gathered], preview: Preview, works: Mapping[int, Work]
) -> dict[int, list[Placed]]:
    placed: dict[int, list[Placed]] = {}
    for name, gathered in given.items():
        seen = set()
        for rank, one in enumerate(gathered.records, start=1):
            number = work_number(preview.ids[one.key])
            if number in works and number not in seen:
                seen.add(number)
                placed.setdefault(number, []).append(Placed(name, rank, one.record.source_id))
    return placed


def _survivors(kept: KeptList, preview: Preview) -> dict[int, float]:
    """The catalog's works with their scores, as they will be once the records are stored: each once."""
    moved = {work_number(old): work_number(new) for old, new in preview.redirects.items()}
    found: dict[int, float] = {}
    for number, score in zip(kept.numbers, kept.scores, strict=True):
        found.setdefault(moved.get(number, number), score)
    return found


def _ranked(
    question: Question,
    placed: Mapping[int, Sequence[Placed]],
    own: Mapping[int, float],
    works: Mapping[int, Work],
    listed: Listed,
) -> list[tuple[int, float]]:
    request = question.request
    if request.sort is not Sort.RELEVANCE:
        keys = {
            number: own[number] if number in own else _sort_key(request.sort, works[number])
            for number in placed
        }
        return sorted(keys.items(), key=lambda one: (-one[1], one[0]))[:MAX_KEPT_WORKS]
    lists: dict[str, dict[int, int]] = {}
    for number, places in placed.items():
        for place in places:
            lists.setdefault(place.name, {})[number] = place.rank
    ordered = {name: sorted(ranks, key=ranks.__getitem__) for name, ranks in lists.items()}
    ranked = blended(ordered, {CATALOG: CATALOG_WEIGHT}, _words(question, works, placed))
    named = [number for number in list(own)[: listed.named] if number in placed]
    if request.mode is not Mode.STRICT:
        named += [number for number in placed if number in works and _is_named(question, works[number])]
    return _with_first(ranked, list(dict.fromkeys(named)))[:MAX_KEPT_WORKS]


def _with_first(ranked: list[tuple[int, float]], named: Sequence[int]) -> list[tuple[int, float]]:
    """What the text names comes before all that it finds, with a score above it."""
    if not named:
        return ranked
    best = ranked[0][1] if ranked else 0.0
    return [(number, best + 1.0) for number in named] + [one for one in ranked if one[0] not in named]


def _is_named(question: Question, work: Work) -> bool:
    names = {Identifier(scheme, value) for scheme, value in work.identifiers.items()}
    return bool(names & set(question.identifiers)) or _is_titled(question, work)


def _words(
    question: Question, works: Mapping[int, Work], placed: Mapping[int, Sequence[Placed]]
) -> dict[int, float]:
    leaves = ranking_leaves(question.query) if question.query is not None else ()
    asked = [
        word
        for leaf in leaves
        if leaf.field in (None, "title")
        for word in (leaf.words if isinstance(leaf, Phrase) else (leaf.text,))
    ]
    forms = forms_of(asked)
    counted = {number: counted_words(works[number], forms) for number in placed if number in works}
    return word_scores(counted, asked)


def _sort_key(sort: Sort, work: Work) -> float:
    """The same number as the index sorts by."""
    return float(day_order(work) if sort is Sort.NEWEST else work.citation_count or 0)


def _facets(
    kept: KeptList, new: Sequence[Work], names: Sequence[str]
) -> Mapping[str, tuple[FacetCount, ...]]:
    facets = {}
    for name in names:
        counts = Counter({one.value: one.count for one in kept.facets.get(name, ())})
        counts.update(value for work in new if (value := _facet_value(name, work)) is not None)
        most = sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:FACET_VALUES]
        facets[name] = tuple([FacetCount(value, count) for value, count in most])
    return MappingProxyType(facets)


def _facet_value(name: str, work: Work) -> str | None:
    if name == "open_access":
        return str(bool(work.open_access.is_oa)).lower()
    value = {"year": work.year, "type": work.type, "venue": work.venue}[name]
    return None if value is None else str(value)
