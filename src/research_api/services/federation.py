"""A search over many sources: from the cache, else asked of all at once, merged, ranked, and kept."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextvars import copy_context
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from types import MappingProxyType

import structlog

from research_api.domain.answers import KeptAnswer
from research_api.domain.errors import ResearchApiError
from research_api.domain.index import KeptList
from research_api.domain.kept_lists import decode_kept, encode_kept
from research_api.domain.search import CacheState, SearchRequest, SearchWarning, SourceOutcome
from research_api.domain.works import Work
from research_api.services.answer_ports import AnswerCache, CacheVisit, Flight
from research_api.services.asking import SourceAsker
from research_api.services.behind import Behind
from research_api.services.cache_keys import FRESH_SECONDS, KEEP_SECONDS, asked_parts, digest
from research_api.services.list_keeping import KEEP_LIST_SECONDS, list_id, list_key
from research_api.services.question import Question, understood
from research_api.services.turns import Turn

log = structlog.get_logger(__name__)

# a change of ranking or of what is kept makes older answers useless
RANKING_VERSION = 3
FRESH_ONCE_SECONDS = 60
# while sources fail, an old answer is given all the time, and its renewal tried now and then
RENEW_ONCE_SECONDS = 15
# beyond the deadline, for merging and ranking, before others take the flight for lost
LANDING_SECONDS = 0.5
# who waits for another's answer, which goes out at the same deadline, waits so much longer for it
GRACE_SECONDS = 0.2
# what is left to the catalog where that other never answers
LAST_SECONDS = 0.2

_NOT_FRESH = SearchWarning(
    "fresh_refused",
    "Each key may pass the cache by once a minute: this answer may come from it.",
)


@dataclass(frozen=True, slots=True)
class Asking:
    """How a question is asked. names: of the sources, in the order of the reports.

    depth: how many records are wanted of each source. seconds: until the answer goes out with what is there.
    is_fresh: the cache is to be passed by. caller: the key that asks.
    """

    names: tuple[str, ...]
    depth: int
    seconds: float
    is_fresh: bool = False
    caller: str = ""


@dataclass(frozen=True, slots=True)
class Federated:
    """The list with its reports, what to say about it, and where it comes from. age_seconds: None unless kept.

    encoded: the list as bytes, where somebody needed it so before. list_id: where it is kept for paging, if it is
    already. at_hand: works that were read for it, by number.
    """

    kept: KeptList
    warnings: tuple[SearchWarning, ...] = ()
    cache: CacheState = CacheState.MISS
    age_seconds: int | None = None
    encoded: bytes | None = None
    list_id: str | None = None
    at_hand: Mapping[int, Work] = field(default_factory=lambda: MappingProxyType({}))


class FederatedSearch:
    """One for a process; threads share it."""

    def __init__(
        self,
        asker: SourceAsker,
        cache: AnswerCache,
        behind: Behind,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """behind: for telling other processes, which no answer waits for."""
        self._asker = asker
        self._cache = cache
        self._behind = behind
        self._monotonic = monotonic

    def visit(self) -> CacheVisit:
        """The use of the cache by one request, for all that it asks of it."""
        return self._cache.visit()

    def find(self, question: Question, asking: Asking, visit: CacheVisit) -> Federated:
        """The answer of all sources that answered in time. Never raises for a source that fails."""
        key = answer_key(question, asking)
        passes_by = asking.is_fresh and visit.first(digest(["fresh", asking.caller]), FRESH_ONCE_SECONDS)
        turn = self._turn(question, asking, visit, passes_by=passes_by)
        answer = None if passes_by else self._known(turn, key)
        if answer is not None and answer.cache is CacheState.STALE:
            self._renew(question, asking, key)
        answer = answer or self._flown(turn, key, asking.seconds)
        is_refused = asking.is_fresh and not passes_by
        return replace(answer, warnings=(*answer.warnings, _NOT_FRESH)) if is_refused else answer

    def _turn(self, question: Question, asking: Asking, visit: CacheVisit, *, passes_by: bool) -> Turn:
        until = self._monotonic() + asking.seconds
        return Turn(question, asking.names, asking.depth, until, visit, passes_by)

    def _known(self, turn: Turn, key: str) -> Federated | None:
        """The kept answer, fresh or stale, as long as its list will be there for those who page through it."""
        found = turn.visit.get([key]).get(key)
        if found is None or found.age_seconds > KEEP_SECONDS - KEEP_LIST_SECONDS:
            return None
        whole = _with_list(found, turn.visit)
        answer = _decoded(whole, turn.question, turn.names) if whole is not None else None
        if answer is None:
            return None
        age_seconds = (answer.age_seconds or 0) + int(found.age_seconds)
        cache = CacheState.HIT if age_seconds <= FRESH_SECONDS else CacheState.STALE
        return replace(answer, cache=cache, age_seconds=age_seconds)

    def _renew(self, question: Question, asking: Asking, key: str) -> None:
        """The kept answer is replaced behind this request, unless somebody is about it already."""
        visit = self._cache.visit()
        if not visit.first(digest(["renew", key]), RENEW_ONCE_SECONDS):
            return
        turn = self._turn(question, asking, visit, passes_by=False)
        flight = turn.visit.fly(_flight_name(turn, key, asking.seconds), asking.seconds + LANDING_SECONDS)
        if flight.is_mine:
            run = partial(copy_context().run, self._renewed, turn, key, flight)
            threading.Thread(target=run, name="renew", daemon=True).start()

    def _renewed(self, turn: Turn, key: str, flight: Flight) -> None:
        try:
            self._asked(turn, key, flight)
        except ResearchApiError as error:
            log.warning("not_renewed", error=type(error).__name__)

    def _flown(self, turn: Turn, key: str, seconds: float) -> Federated:
        """The answer of whoever asks this already, else of the sources. seconds: as long as the caller gives them.

        Who gives more or less time asks for himself: one would get less than he waits for, the other nothing in time.
        """
        name = _flight_name(turn, key, seconds)
        while (left := turn.until - self._monotonic()) > 0:
            flight = turn.visit.fly(name, left + LANDING_SECONDS)
            if flight.is_mine:
                # somebody may have landed since we looked
                known = None if turn.passes_by else self._known(turn, key)
                if known is not None and known.cache is CacheState.HIT:
                    flight.give_up()
                    return known
                return self._asked(turn, key, flight)
            body = flight.wait(left + GRACE_SECONDS)
            answer = _decoded(KeptAnswer(body, 0.0), turn.question, turn.names) if body is not None else None
            if answer is not None:
                is_old = any(report.outcome is SourceOutcome.STALE for report in answer.kept.reports)
                state = CacheState.STALE if is_old and answer.age_seconds else CacheState.MISS
                return replace(answer, cache=state, age_seconds=answer.age_seconds if is_old else None)
        # to ask the sources now would be of no use to this answer
        late = replace(turn, until=self._monotonic() + LAST_SECONDS, asks_sources=False)
        return self._asked(late, key, None)

    def _asked(self, turn: Turn, key: str, flight: Flight | None) -> Federated:
        try:
            asked = self._asker.ask(turn)
        except BaseException:
            if flight is not None:
                flight.give_up()
            raise
        encoded = encode_kept(asked.kept)
        answer = Federated(asked.kept, asked.warnings, encoded=encoded, at_hand=asked.at_hand)
        if asked.old_seconds:
            answer = replace(answer, cache=CacheState.STALE, age_seconds=int(asked.old_seconds))
        # of the oldest of its sources' answers, at this moment
        age_seconds = int(asked.old_seconds or asked.age_seconds)
        # first kept, then told: who looked just before is not to ask again
        if asked.may_be_kept:
            answer = _kept(answer, encoded, turn.visit, key, age_seconds)
        body = _head(answer, age_seconds) + encoded
        if flight is not None:
            flight.land(body)
            if not self._behind.submit(partial(flight.tell_others, body)):
                flight.tell_others(body)
        return answer


def asks_the_same(one: SearchRequest, other: SearchRequest) -> bool:
    """True where two requests differ at most in the spelling of their texts."""
    if one == other:
        return True
    keys = {answer_key(understood(request), Asking(request.sources, 0, 0.0)) for request in (one, other)}
    return len(keys) == 1


def answer_key(question: Question, asking: Asking) -> str:
    """Equal where two searches ask the same of the same sources, whatever their spelling; free of what was asked."""
    body = asdict(question.request)
    del body["text"], body["sources"]
    return digest([RANKING_VERSION, *asked_parts(question), body, sorted(asking.names), asking.depth])


def _flight_name(turn: Turn, key: str, seconds: float) -> str:
    return digest(["flight", key, seconds, turn.passes_by])


def _kept(answer: Federated, encoded: bytes, visit: CacheVisit, key: str, age_seconds: int) -> Federated:
    """The answer with its list in the cache: a list is large, and kept once for the answer and for paging."""
    id_ = list_id(encoded)
    named = replace(answer, list_id=id_)
    bodies = {key: _head(named, age_seconds), list_key(id_): encoded}
    return named if visit.put(bodies, KEEP_SECONDS) else answer


def _with_list(found: KeptAnswer, visit: CacheVisit) -> KeptAnswer | None:
    """An answer is kept without its list; None where that is gone."""
    try:
        key = list_key(json.loads(found.body)["list_id"])
    except (ValueError, KeyError, TypeError) as error:
        log.warning("kept_answer_unreadable", error=type(error).__name__)
        return None
    listed = visit.get([key]).get(key)
    return replace(found, body=found.body + listed.body) if listed is not None else None


def _head(answer: Federated, age_seconds: int) -> bytes:
    """A line, before the list."""
    head = {
        "age_seconds": age_seconds,
        "warnings": [asdict(warning) for warning in answer.warnings],
        "list_id": answer.list_id,
    }
    return json.dumps(head).encode() + b"\n"


def _decoded(found: KeptAnswer, question: Question, names: Sequence[str]) -> Federated | None:
    """The answer as one to this question, which may be spelled otherwise; None for bytes of another version.

    names: of the sources, in the order in which they are to be reported. age_seconds: of its sources' answers when it
    was kept.
    """
    head_text, _, body = found.body.partition(b"\n")
    try:
        head = json.loads(head_text)
        warnings = tuple([SearchWarning(**warning) for warning in head["warnings"]])
        kept = decode_kept(body)
        reports = {report.name: report for report in kept.reports}
        ordered = tuple([reports[name] for name in names if name in reports])
        kept = replace(kept, request=question.request, reports=ordered)
        age_seconds = int(head["age_seconds"])
    except (ValueError, KeyError, TypeError) as error:
        log.warning("kept_answer_unreadable", error=type(error).__name__)
        return None
    return Federated(kept, warnings, age_seconds=age_seconds, encoded=body, list_id=head["list_id"])
