"""Keeps preprints linked to their publications while a batch is decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from research_api.domain.agreement import WorkState
from research_api.domain.versions import is_preprint_work, published_version

Near = Callable[[WorkState], Iterable[WorkState]]
Link = tuple[WorkState, WorkState]


def links_now(written: Iterable[WorkState], near: Near, linked: Iterable[Link]) -> dict[str, str | None]:
    """Preprint to publication, or to None, for each preprint whose link the batch may change, whichever came first.

    written: the works that the batch changes. near: works with titles like that of a work. linked: the links there
    are, of which one end may be written; both may have become something else.
    """
    preprints: dict[str, WorkState] = {}
    options: dict[str, list[WorkState]] = {}

    def consider(preprint: WorkState, *publications: WorkState) -> None:
        preprints[preprint.id] = preprint
        options.setdefault(preprint.id, []).extend(publications)

    for preprint, publication in linked:
        consider(preprint, publication)
    for work in written:
        if is_preprint_work(work):
            consider(work, *near(work))
        else:
            for other in near(work):
                if is_preprint_work(other):
                    consider(other, work)
    return {
        found.id: published_version(found, options[found.id]) if is_preprint_work(found) else None
        for found in preprints.values()
    }
