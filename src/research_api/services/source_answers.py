"""What each source answers to a question: from its own cache where that is fresh, else asked with the others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial

import structlog

from research_api.domain.calls import Send
from research_api.domain.previews import Looked, joined_looks
from research_api.domain.query import print_query, year_bounds
from research_api.domain.search import CATALOG, Mode, SourceOutcome, SourceReport
from research_api.domain.sources import Source, SourceQuestion
from research_api.services.answer_ports import AnswerCache, CacheVisit
from research_api.services.cache_keys import FRESH_SECONDS, KEEP_SECONDS, asked_parts, digest
from research_api.services.catalog_list import Listed
from research_api.services.fan_out import FanOut, Hooks, Result
from research_api.services.gathered import Gathered, decode_gathered, encode_gathered, gathered, looked_up
from research_api.services.question import Question
from research_api.services.turns import Answers, AtHand, Own, Turn

log = structlog.get_logger(__name__)

# a change of what a source is asked or of how it is read makes its older answers useless
SOURCE_VERSION = 1
# merging and writing down take so long: the answer is to be out at the deadline, not begun
MERGE_SECONDS = 0.04
# while the answer of those that came last is made, putting theirs would only take its turns of the interpreter
PAUSE_SECONDS = 0.015
# an answer that is not whole waits so long for the cache to have those of its sources that came last
PUT_SECONDS = 0.02
# beside the sources, what is stored is compared with the answers that are kept
_LOOK = "look"

_Value = Gathered | AtHand | Looked
_Calls = dict[str, Callable[[Send], _Value]]


@dataclass(frozen=True, slots=True)
class _Kept:
    """A source's answer from the cache."""

    given: Gathered
    age_seconds: float

    @property
    def is_fresh(self) -> bool:
        return self.age_seconds <= FRESH_SECONDS


class SourceAnswers:
    """One for a process; threads share it."""

    def __init__(self, sources: Mapping[str, Source], fan_out: FanOut, cache: AnswerCache) -> None:
        """sources: all but the catalog, by name."""
        self._sources = sources
        self._fan_out = fan_out
        self._cache = cache

    def of(self, turn: Turn, own: Own) -> Answers:
        """What the sources gave until the deadline; one that is not enabled here is SKIPPED."""
        keys = _source_keys(turn, [name for name in turn.names if name in self._sources])
        kept = self._kept(turn, keys)
        fresh = {name for name, one in kept.items() if one.is_fresh and not turn.passes_by}
        calls = self._calls(turn, own, [name for name in keys if name not in fresh])
        if kept:
            calls[_LOOK] = lambda _send: own.look([one for was in kept.values() for one in was.given.records])
        putting = _Putting(turn.visit.beside(), self._cache, keys)
        hooks = Hooks(partial(_refined, own), putting.after, partial(_take_late, own, putting))
        results = self._fan_out.ask(calls, turn.until - MERGE_SECONDS, hooks)
        looked = results.pop(_LOOK, None)
        if not turn.asks_sources:
            results |= {n: Result(n, None, SourceOutcome.TIMEOUT, 0) for n in keys if n not in fresh}
        answers = _sorted_out(turn, results, kept, fresh)
        if any(not one.is_answer for one in answers.reports.values()):
            putting.wait_for(sum(isinstance(one.value, Gathered) for one in results.values()))
        asked = {name for name, one in results.items() if one.value is not None}
        return replace(answers, looked=joined_looks(_looks(answers, asked, looked)))

    def _calls(self, turn: Turn, own: Own, names: list[str]) -> _Calls:
        calls: _Calls = {}
        if turn.asks_sources:
            calls |= {name: partial(_call, turn, self._sources[name]) for name in names}
        if CATALOG in turn.names:
            calls[CATALOG] = lambda _send: own.list()
        return calls

    def _kept(self, turn: Turn, keys: Mapping[str, str]) -> dict[str, _Kept]:
        found = turn.visit.get(list(keys.values())) if keys else {}
        kept = {}
        for name, key in keys.items():
            if key not in found:
                continue
            try:
                given = decode_gathered(found[key].body).against(turn.question)
                kept[name] = _Kept(given, found[key].age_seconds)
            except (ValueError, KeyError, TypeError) as error:
                log.warning("kept_answer_unreadable", error=type(error).__name__)
        return kept


class _Putting:
    """Puts each source's answer into the cache, in the thread that asked it, while others are waited for."""

    def __init__(self, visit: CacheVisit, cache: AnswerCache, keys: Mapping[str, str]) -> None:
        """visit: beside the request's. cache: for answers that come when the request is long over."""
        self._visit = visit
        self._cache = cache
        self._keys = keys
        self._is_wanted = threading.Event()
        self._done = threading.Semaphore(0)

    def after(self, result: Result[_Value]) -> None:
        """The next question has it."""
        if not isinstance(result.value, Gathered):
            return
        try:
            self._is_wanted.wait(PAUSE_SECONDS)
            self._put(result.name, result.value, self._visit)
        finally:
            self._done.release()

    def late(self, name: str, given: Gathered) -> None:
        """So has it what came after the deadline, whatever the request made of the cache."""
        self._put(name, given, self._cache.visit())

    def _put(self, name: str, given: Gathered, visit: CacheVisit) -> None:
        if not visit.is_broken:
            visit.put({self._keys[name]: encode_gathered(given)}, KEEP_SECONDS)

    def wait_for(self, count: int) -> None:
        """So many are there, or the cache is slow: who asks again at once is to ask only those that failed."""
        self._is_wanted.set()
        until = time.monotonic() + PUT_SECONDS
        for _ in range(count):
            if not self._done.acquire(timeout=max(0.0, until - time.monotonic())):
                return


def _call(turn: Turn, source: Source, send: Send) -> Gathered:
    by_name = [one for one in turn.question.identifiers if one.scheme in source.looks_up][:1]
    if by_name:
        found = looked_up(source.look_up(by_name, send), f"{by_name[0].scheme}:{by_name[0].value}")
    else:
        answer = source.search(_question_of(turn.question, turn.depth), send)
        if answer.rejected:
            log.warning("records_rejected", source=source.name, count=answer.rejected)
        found = gathered(answer)
    return found.against(turn.question)


def _refined(own: Own, value: _Value) -> _Value:
    return replace(value, looked=own.look(value.records)) if isinstance(value, Gathered) else value


def _take_late(own: Own, putting: _Putting, result: Result[_Value]) -> None:
    if isinstance(result.value, Gathered):
        putting.late(result.name, result.value)
        own.on_late(result.value.records)


def _looks(answers: Answers, asked: Collection[str], of_kept: Result[_Value] | None) -> Iterator[Looked]:
    """One that is blind where the database did not answer in time. asked: names of sources that answered just now."""
    if of_kept is not None and isinstance(of_kept.value, Looked):
        yield of_kept.value
    elif any(name not in asked for name in answers.given):
        yield Looked(is_blind=True)
    for name, one in answers.given.items():
        if name in asked:
            yield one.looked or Looked(is_blind=True)


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


def _source_keys(turn: Turn, names: Sequence[str]) -> dict[str, str]:
    """Each equal where the source is asked the same; free of what was asked."""
    request = turn.question.request
    parts = [
        *asked_parts(turn.question),
        request.mode is Mode.STRICT,
        asdict(request.filters),
        request.sort,
        turn.depth,
    ]
    return {name: digest([SOURCE_VERSION, name, *parts]) for name in names}


def _sorted_out(
    turn: Turn, results: Mapping[str, Result[_Value]], kept: Mapping[str, _Kept], fresh: Collection[str]
) -> Answers:
    given: dict[str, Gathered] = {}
    reports: dict[str, SourceReport] = {}
    old: set[str] = set()
    catalog: AtHand | None = None
    for name in turn.names:
        result = results.get(name)
        value = result.value if result is not None else None
        latency_ms = result.latency_ms if result is not None else 0
        if isinstance(value, AtHand):
            catalog = value
            reports[name] = own_report(turn.question, value.listed, latency_ms)
        elif isinstance(value, Gathered) or name in fresh:
            given[name] = value if isinstance(value, Gathered) else kept[name].given
            reports[name] = _report(name, given[name], latency_ms)
        elif name in kept:
            given[name] = kept[name].given
            old.add(name)
            reports[name] = replace(_report(name, given[name], latency_ms), outcome=SourceOutcome.STALE)
        else:
            outcome = result.outcome if result is not None and result.outcome else SourceOutcome.SKIPPED
            reports[name] = SourceReport(name, outcome, 0, latency_ms)
    return Answers(
        given,
        reports,
        catalog,
        frozenset(old),
        age_seconds=max((kept[name].age_seconds for name in fresh), default=0.0),
        old_seconds=max((kept[name].age_seconds for name in old), default=0.0),
    )


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
