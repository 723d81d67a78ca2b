"""Asks all sources of a search at once and merges what they give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType

import structlog

from research_api.domain.blending import counted_words, forms_of
from research_api.domain.index import KeptList
from research_api.domain.previews import Preview, preview_of
from research_api.domain.search import SearchWarning
from research_api.domain.works import Work, work_id_from_number, work_number
from research_api.services.catalog_list import CatalogLister, Listed
from research_api.services.intake import RecordIntake, each_once
from research_api.services.merged_list import Heard, merged_list, needs_works
from research_api.services.ports import WorkStore
from research_api.services.question import Question, asked_words
from research_api.services.source_answers import SourceAnswers
from research_api.services.turns import Answers, AtHand, Own, Turn

log = structlog.get_logger(__name__)

# of the catalog's list so many get a score by their words
AT_HAND = 50

# passing faults of the catalog: an answer that has them is not kept
_PASSING = frozenset({"vectors_unavailable"})
_NOT_COMPARED = SearchWarning(
    "not_compared",
    "The catalog could not be asked which of its works these are: some may have other ids later.",
)
_STALE_SOURCES = SearchWarning(
    "stale_sources", "Sources that did not answer stand in with what they answered within the last day."
)


@dataclass(frozen=True, slots=True)
class Asked:
    """may_be_kept: every source that was asked answered, and nothing of it is old.

    age_seconds: since the first of its sources was asked; old_seconds: of what stands in for sources that failed, 0
    where nothing does. at_hand: works of the catalog that were read for the list, by number.
    """

    kept: KeptList
    warnings: tuple[SearchWarning, ...]
    may_be_kept: bool
    age_seconds: float = 0.0
    old_seconds: float = 0.0
    at_hand: Mapping[int, Work] = field(default_factory=lambda: MappingProxyType({}))


class SourceAsker:
    """One for a process; threads share it."""

    def __init__(
        self, answers: SourceAnswers, lister: CatalogLister, store: WorkStore, intake: RecordIntake
    ) -> None:
        self._answers = answers
        self._lister = lister
        self._store = store
        self._intake = intake

    def ask(self, turn: Turn) -> Asked:
        """What the sources give until the deadline, merged; it is stored behind the answer."""
        look = partial(self._intake.look, with_works=needs_works(turn.question))
        answers = self._answers.of(turn, Own(lambda: self._own(turn), look, self._intake.write_through))
        batch = each_once({name: given.records for name, given in answers.given.items()})
        preview = preview_of(answers.looked, batch)
        if preview.is_torn:
            preview = preview_of(look(batch), batch)
        if preview.is_news:
            self._intake.write_through(batch, preview.ids)
        return self._merged(turn.question, answers, preview)

    def _own(self, turn: Turn) -> AtHand:
        listed = self._lister.listed(turn.question, more_than=turn.depth)
        head = [work_id_from_number(number) for number in listed.kept.numbers[:AT_HAND]]
        forms = forms_of(asked_words(turn.question))
        works = {work_number(work.id): work for work in self._store.by_ids(head).values()}
        counted = {number: counted_words(work, forms) for number, work in works.items()}
        return AtHand(listed, counted, works)

    def _merged(self, question: Question, answers: Answers, preview: Preview) -> Asked:
        catalog = answers.catalog or AtHand(nothing_listed(question), {})
        links = {work_number(one): work_number(other) for one, other in preview.links.items()}
        kept = merged_list(Heard(question, answers.given, preview, catalog, links))
        reports = tuple(answers.reports.values())
        is_complete = all(report.is_answer for report in reports)
        warnings = tuple(_true_ones(catalog.listed.warnings, question, answers))
        if answers.old:
            warnings += (_STALE_SOURCES,)
        if not preview.is_compared:
            warnings += (_NOT_COMPARED,)
        is_passing = any(warning.code in _PASSING for warning in warnings)
        kept = replace(
            kept, reports=reports, degraded=kept.degraded or not (is_complete and preview.is_compared)
        )
        return Asked(
            kept,
            warnings,
            may_be_kept=is_complete and not is_passing and preview.is_compared,
            age_seconds=answers.age_seconds,
            old_seconds=answers.old_seconds,
            at_hand=catalog.works,
        )


def _true_ones(
    warnings: Sequence[SearchWarning], question: Question, answers: Answers
) -> Iterator[SearchWarning]:
    """What the catalog says of an identifier that it lacks is not so where a source has it."""
    names = set(question.identifiers)
    is_known = any(
        not names.isdisjoint(one.record.identifiers)
        for given in answers.given.values()
        for one in given.records
    )
    return (one for one in warnings if one.code != "unknown_identifier" or not is_known)


def nothing_listed(question: Question) -> Listed:
    """The list of a catalog that was not asked, or gave none."""
    kept = KeptList(question.request, (), (), 0, {}, degraded=False)
    return Listed(kept, (), 0, is_stale=False)
