"""From what the sources gave and the catalog's own list to one ranked list of works."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from research_api.domain.blending import blended, word_scores
from research_api.domain.index import KeptList
from research_api.domain.merging import title_key
from research_api.domain.previews import Preview
from research_api.domain.query import document_of, match
from research_api.domain.search import (
    CATALOG,
    FACET_VALUES,
    MAX_KEPT_WORKS,
    FacetCount,
    Filters,
    Mode,
    Placed,
    Sort,
    Versions,
)
from research_api.domain.works import Work, day_order, work_id_from_number, work_number
from research_api.services.gathered import Gathered
from research_api.services.question import Question, asked_words
from research_api.services.turns import AtHand
from research_api.services.versions import collapsed


@dataclass(frozen=True, slots=True)
class Heard:
    """All that is known of a question's answer. given: by source. preview: which works their records are.

    links: preprint to publication, as numbers of works.
    """

    question: Question
    given: Mapping[str, Gathered]
    preview: Preview
    catalog: AtHand
    links: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class _Found:
    """works: those that sources gave, but for ones that the catalog has unchanged and nobody needs for the list.

    placed: where sources and catalog put those that sources gave. lists: by source, the catalog too. own: the catalog's
    with its scores.
    """

    works: Mapping[int, Work]
    placed: Mapping[int, Sequence[Placed]]
    lists: Mapping[str, Sequence[int]]
    own: Mapping[int, float]


def merged_list(heard: Heard) -> KeptList:
    """The list, without reports.

    A work stands once, with its place in each source that has it. What filters and clauses do not accept is left out.
    Facets count the catalog's works and those that only other sources have.
    """
    request, found = heard.question.request, _found(heard)
    ranked = _ranked(heard, found) if request.sort is Sort.RELEVANCE else _sorted(found, request.sort)
    shown = collapsed(ranked, heard.links) if request.versions is Versions.COLLAPSE else ranked
    hidden = len(ranked) - len(shown)
    shown = shown[:MAX_KEPT_WORKS]
    new = [number for number in found.placed if number not in found.own]
    kept = heard.catalog.listed.kept
    return replace(
        kept,
        numbers=tuple([number for number, _ in shown]),
        scores=tuple([score for _, score in shown]),
        total=kept.total + len(new) - hidden,
        facets=_facets(
            kept, [found.works[number] for number in new if number in found.works], request.facets
        ),
        is_counted=kept.is_counted
        and not any(one.has_more for one in heard.given.values())
        # a work of a source may be among those that the catalog counted and did not list
        and (not new or kept.total <= len(kept.numbers)),
        works={number: found.works[number] for number, _ in shown if number in found.works},
        placed={number: tuple(found.placed[number]) for number, _ in shown if number in found.placed},
    )


def needs_works(question: Question) -> bool:
    """True where the list cannot be made without the works themselves, also those that the catalog has unchanged."""
    request = question.request
    return (
        request.mode is Mode.STRICT
        or question.condition is not None
        or request.filters != Filters()
        or request.sort is not Sort.RELEVANCE
        or bool(request.facets)
    )


def _found(heard: Heard) -> _Found:
    all_works = heard.preview.works.values()
    works = {work_number(work.id): work for work in all_works if _is_wanted(heard.question, work)}
    wanted = set(works)
    if not needs_works(heard.question):
        wanted |= {work_number(one) for one in set(heard.preview.ids.values()) - heard.preview.works.keys()}
    lists, placed = _placed(heard, wanted)
    own = _survivors(heard.catalog.listed.kept, heard.preview)
    # works of the catalog alone have no other place than their own, which a page knows
    for rank, number in enumerate(own, start=1):
        if number in placed:
            placed[number].append(Placed(CATALOG, rank, work_id_from_number(number)))
    if own:
        lists[CATALOG] = list(own)
    return _Found(works, placed, lists, own)


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


def _placed(heard: Heard, wanted: Collection[int]) -> tuple[dict[str, list[int]], dict[int, list[Placed]]]:
    """The lists of the sources, each work once, and the places of each work."""
    lists: dict[str, list[int]] = {}
    placed: dict[int, list[Placed]] = {}
    for name, gathered in heard.given.items():
        ranks: dict[int, Placed] = {}
        for rank, one in enumerate(gathered.records, start=1):
            number = work_number(heard.preview.ids[one.key])
            if number in wanted:
                ranks.setdefault(number, Placed(name, rank, one.record.source_id))
        for number, place in ranks.items():
            placed.setdefault(number, []).append(place)
        if ranks:
            lists[name] = list(ranks)
    return lists, placed


def _survivors(kept: KeptList, preview: Preview) -> dict[int, float]:
    """The catalog's works with their scores, as they will be once the records are stored: each once."""
    moved = {work_number(old): work_number(new) for old, new in preview.redirects.items()}
    found: dict[int, float] = {}
    for number, score in zip(kept.numbers, kept.scores, strict=True):
        found.setdefault(moved.get(number, number), score)
    return found


def _sorted(found: _Found, sort: Sort) -> list[tuple[int, float]]:
    """By the number that the index sorts by, which is what it gives as the score then."""
    keys = {
        number: found.own[number] if number in found.own else _sort_key(sort, found.works[number])
        for number in {**found.placed, **found.own}
    }
    return sorted(keys.items(), key=lambda one: (-one[1], one[0]))


def _ranked(heard: Heard, found: _Found) -> list[tuple[int, float]]:
    """By words and places; what the text names comes first."""
    ranked = blended(found.lists, _words(heard, found))
    first = list(found.own)[: heard.catalog.listed.named]
    if heard.question.request.mode is not Mode.STRICT:
        first += [number for number in _named(heard) if number in found.placed]
    return _with_first(ranked, list(dict.fromkeys(first)))


def _with_first(ranked: list[tuple[int, float]], named: Sequence[int]) -> list[tuple[int, float]]:
    """What the text names comes before all that it finds, with a score above it."""
    if not named:
        return ranked
    best = ranked[0][1] if ranked else 0.0
    return [(number, best + 1.0) for number in named] + [one for one in ranked if one[0] not in named]


def _named(heard: Heard) -> list[int]:
    """Works of which a record has the identifier that the text is, or the title."""
    return [
        work_number(heard.preview.ids[one.key])
        for given in heard.given.values()
        if given.named
        for one in given.records
        if one.key in given.named
    ]


def _words(heard: Heard, found: _Found) -> dict[int, float]:
    """Of the texts that are told of one work, the longest is scored."""
    counted = {number: one for number, one in heard.catalog.counted.items() if number in found.own}
    for gathered in heard.given.values():
        for key, one in gathered.counted.items():
            number = work_number(heard.preview.ids[key])
            if number in found.placed and (number not in counted or counted[number].length < one.length):
                counted[number] = one
    return word_scores(counted, asked_words(heard.question))


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
