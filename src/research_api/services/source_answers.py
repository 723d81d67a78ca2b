"""What each source answers to a question: from its own cache where that is fresh, else asked with the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from types import MappingProxyType

import structlog

from research_api.domain.blending import Counted, forms_of
from research_api.domain.calls import Send
from research_api.domain.previews import Looked
from research_api.domain.query import print_query, year_bounds
from research_api.domain.search import CATALOG, Mode, SourceOutcome, SourceReport
from research_api.domain.sources import Source, SourceQuestion
from research_api.domain.upsert import Incoming
from research_api.domain.works import Work
from research_api.services.answer_ports import AnswerCache, CacheVisit
from research_api.services.behind import Behind
from research_api.services.cache_keys import FRESH_SECONDS, KEEP_SECONDS, asked_parts, digest
from research_api.services.catalog_list import Listed
from research_api.services.fan_out import FanOut, Result
from research_api.services.gathered import Gathered, decode_gathered, encode_gathered, gathered, looked_up
from research_api.services.question import Question, asked_words

log = structlog.get_logger(__name__)

# a change of what a source is asked or of how it is read makes its older answers useless
SOURCE_VERSION = 1
# merging and writing down take so long: the answer is to be out at the deadline, not begun
MERGE_SECONDS = 0.03


@dataclass(frozen=True, slots=True)
class Turn:
    """One asking of a question. names: of the sources, in the order of the reports; depth: records wanted of each.

    until: of the monotonic clock. passes_by: answers that are kept stand in for sources that fail, and for no others.
    asks_sources: False where the time for them is over: those that have no kept answer are TIMEOUT.
    """

    question: Question
    names: tuple[str, ...]
    depth: int
    until: float
    visit: CacheVisit
    passes_by: bool = False
    asks_sources: bool = True


@dataclass(frozen=True, slots=True)
class AtHand:
    """The catalog's list, the works at its head, and of each of these the words that were asked."""

    listed: Listed
    counted: Mapping[int, Counted]
    works: Mapping[int, Work] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Own:
    """What this side does with its part. list: the catalog's list. look: what is stored that records may touch.

    on_late: gets the records of each source that came after the deadline.
    """

    list: Callable[[], AtHand]
    look: Callable[[Sequence[Incoming]], Looked]
    on_late: Callable[[Sequence[Incoming]], None]


@dataclass(frozen=True, slots=True)
class Answers:
    """By source: what it gave, and what is said of it. old: those that stand in with an older answer.

    age_seconds: of the oldest answer among those that are fresh; 0 where all were asked just now. old_seconds: of the
    oldest one that stands in. new: what was asked just now, by the cache's key.
    """

    given: Mapping[str, Gathered]
    reports: Mapping[str, SourceReport]
    catalog: AtHand | None
    old: frozenset[str]
    age_seconds: float = 0.0
    old_seconds: float = 0.0
    new: Mapping[str, Gathered] = field(default_factory=lambda: MappingProxyType({}))


class SourceAnswers:
    """One for a process; threads share it."""

    def __init__(
        self, sources: Mapping[str, Source], fan_out: FanOut, cache: AnswerCache, behind: Behind
    ) -> None:
        """sources: all but the catalog, by name. behind: for putting answers into the cache."""
        self._sources = sources
        self._fan_out = fan_out
        self._cache = cache
        self._behind = behind

    def of(self, turn: Turn, own: Own) -> Answers:
        """What the sources gave until the deadline; one that is not enabled here is SKIPPED."""
        keys = {
            name: _source_key(turn.question, name, turn.depth) for name in turn.names if name in self._sources
        }
        kept = self._kept(turn, keys)
        fresh = {} if turn.passes_by else {n: one for n, (one, age) in kept.items() if age <= FRESH_SECONDS}
        calls: dict[str, Callable[[Send], Gathered | AtHand]] = {
            name: partial(_call, turn, own, self._sources[name])
            for name in keys
            if name not in fresh and turn.asks_sources
        }
        if CATALOG in turn.names:
            calls[CATALOG] = lambda _send: own.list()

        def late(result: Result[Gathered | AtHand]) -> None:
            if isinstance(result.value, Gathered):
                self._put({keys[result.name]: result.value})
                own.on_late(result.value.records)

        results = self._fan_out.ask(calls, turn.until - MERGE_SECONDS, late=late)
        if not turn.asks_sources:
            results |= {n: Result(n, None, SourceOutcome.TIMEOUT, 0) for n in keys if n not in fresh}
        answers = _sorted_out(turn, results, fresh, {n: one for n, (one, _) in kept.items()})
        return replace(
            answers,
            age_seconds=max((kept[name][1] for name in fresh), default=0.0),
            old_seconds=max((kept[name][1] for name in answers.old), default=0.0),
            new={keys[n]: r.value for n, r in results.items() if isinstance(r.value, Gathered)},
        )

    def keep(self, answers: Answers, visit: CacheVisit, *, at_once: bool) -> None:
        """What was asked just now is there for the next question; at once where that will need it: nothing is whole."""
        if not answers.new:
            return
        if at_once:
            visit.put({key: encode_gathered(one) for key, one in answers.new.items()}, KEEP_SECONDS)
        else:
            self._behind.submit(lambda: self._put(answers.new))

    def _put(self, new: Mapping[str, Gathered]) -> None:
        self._cache.visit().put({key: encode_gathered(one) for key, one in new.items()}, KEEP_SECONDS)

    def _kept(self, turn: Turn, keys: Mapping[str, str]) -> dict[str, tuple[Gathered, float]]:
        found = turn.visit.get(list(keys.values())) if keys else {}
        forms = forms_of(asked_words(turn.question))
        kept = {}
        for name, key in keys.items():
            if key not in found:
                continue
            try:
                given = decode_gathered(found[key].body).with_counts(forms)
                kept[name] = (given, found[key].age_seconds)
            except (ValueError, KeyError, TypeError) as error:
                log.warning("kept_answer_unreadable", error=type(error).__name__)
        return kept


def _call(turn: Turn, own: Own, source: Source, send: Send) -> Gathered:
    by_name = [one for one in turn.question.identifiers if one.scheme in source.looks_up][:1]
    if by_name:
        found = looked_up(source.look_up(by_name, send), f"{by_name[0].scheme}:{by_name[0].value}")
    else:
        found = gathered(source.search(_question_of(turn.question, turn.depth), send))
    counted = found.with_counts(forms_of(asked_words(turn.question)))
    return replace(counted, looked=own.look(counted.records))


def _question_of(question: Question, depth: int) -> SourceQuestion:
    request = question.request
    if question.query is None:
        raise ValueError("a question without a word is asked of nobody")
    bounds = year_bounds(question.query)
    filters = request.filters.within_years(bounds.first, bounds.last)
    return SourceQuestion(
        text=request.text,
        query=question.query,
        is_strict=request.mode is Mode.STRICT,
        # a source that left retracted works out would leave out its word that they are, and others give them
        filters=replace(filters, exclude_retracted=False),
        sort=request.sort,
        limit=depth,
    )


def _source_key(question: Question, name: str, depth: int) -> str:
    """Equal where the source is asked the same; free of what was asked."""
    request = question.request
    parts = [
        SOURCE_VERSION,
        name,
        *asked_parts(question),
        request.mode is Mode.STRICT,
        asdict(request.filters),
        request.sort,
        depth,
    ]
    return digest(parts)


def _sorted_out(
    turn: Turn,
    results: Mapping[str, Result[Gathered | AtHand]],
    fresh: Mapping[str, Gathered],
    kept: Mapping[str, Gathered],
) -> Answers:
    given: dict[str, Gathered] = {}
    reports: dict[str, SourceReport] = {}
    old: set[str] = set()
    catalog: AtHand | None = None
    for name in turn.names:
        result = results.get(name)
        value = result.value if result is not None else fresh.get(name)
        latency_ms = result.latency_ms if result is not None else 0
        if isinstance(value, AtHand):
            catalog = value
            reports[name] = own_report(turn.question, value.listed, latency_ms)
        elif value is not None:
            given[name] = value
            reports[name] = _report(name, value, latency_ms)
        elif name in kept:
            given[name] = kept[name]
            old.add(name)
            reports[name] = replace(_report(name, kept[name], latency_ms), outcome=SourceOutcome.STALE)
        else:
            outcome = result.outcome if result is not None and result.outcome else SourceOutcome.SKIPPED
            reports[name] = SourceReport(name, outcome, 0, latency_ms)
    return Answers(given, reports, catalog, frozenset(old))


def _report(name: str, given: Gathered, latency_ms: int) -> SourceReport:
    outcome = SourceOutcome.OK if given.records else SourceOutcome.EMPTY
    return SourceReport(name, outcome, len(given.records), latency_ms, given.sent)


def own_report(question: Question, listed: Listed, latency_ms: int) -> SourceReport:
    """What the catalog answered."""
    outcome = SourceOutcome.OK if listed.kept.numbers else SourceOutcome.EMPTY
    if listed.is_stale:
        outcome = SourceOutcome.STALE
    sent = print_query(question.query) if question.query is not None else None
    return SourceReport(CATALOG, outcome, len(listed.kept.numbers), latency_ms, sent)
