"""Shows of a preprint and its publication the publication alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from research_api.domain.index import KeptList
from research_api.domain.search import Versions
from research_api.services.ports import WorkStore

Ranked = Sequence[tuple[int, float]]


def collapsed(ranked: Ranked, links: Mapping[int, int]) -> list[tuple[int, float]]:
    """The list without preprints whose publication it has too; that stands at the better of both places.

    ranked: numbers of works, best first, each with its score. links: preprint to publication. The publication takes
    the score of its place, so that scores keep falling. Several preprints of one publication give way alike.
    """
    numbers = {number for number, _ in ranked}
    given_way = {
        one: other for one, other in links.items() if one in numbers and other in numbers and one != other
    }
    if not given_way:
        return list(ranked)
    shown: dict[int, float] = {}
    for number, score in ranked:
        shown.setdefault(given_way.get(number, number), score)
    return list(shown.items())


def as_asked(kept: KeptList, store: WorkStore) -> KeptList:
    """The list as it is to be shown and kept: collapsed unless its request keeps versions. Raises DatabaseUnavailable.

    The total counts what is shown. Where the list holds only a part of what matches, more preprints may match beyond
    it, so the total is then no exact one.
    """
    if kept.request.versions is not Versions.COLLAPSE or len(kept.numbers) < 2:
        return kept
    links = store.links_among(kept.numbers)
    if not links:
        return kept
    ranked = collapsed(list(zip(kept.numbers, kept.scores, strict=True)), links)
    hidden = len(kept.numbers) - len(ranked)
    return replace(
        kept,
        numbers=tuple([number for number, _ in ranked]),
        scores=tuple([score for _, score in ranked]),
        total=kept.total - hidden,
        is_counted=kept.is_counted and kept.total <= len(kept.numbers),
    )
