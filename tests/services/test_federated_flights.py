"""Equal searches at the same time, and what becomes of them where the one who asks fails."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field

from research_api.domain.index import KeptList
from research_api.domain.search import Mode, SearchRequest
from research_api.services.asking import Asked
from research_api.services.behind import Behind
from research_api.services.federation import Asking, Federated, FederatedSearch
from research_api.services.question import understood
from research_api.services.turns import Turn
from tests.services.answer_fakes import FakeAnswerCache
from tests.timing import wait_until

# long enough for those who waited in vain to meet again
TAKES_SECONDS = 0.2
QUESTION = understood(SearchRequest("deep water", Mode.LEXICAL))


@dataclass
class FakeAsker:
    """Answers when `gate` is open; its first `failures` turns end the thread that asks instead."""

    failures: int = 0
    gate: threading.Event = field(default_factory=threading.Event)
    turns: list[Turn] = field(default_factory=list)

    def ask(self, turn: Turn) -> Asked:
        self.turns.append(turn)
        place = len(self.turns)
        assert self.gate.wait(30)
        time.sleep(TAKES_SECONDS)
        if place <= self.failures:
            raise SystemExit
        return Asked(
            KeptList(turn.question.request, (), (), place, {}, degraded=False), (), may_be_kept=False
        )


def ask_at_once(
    search: FederatedSearch, asker: FakeAsker, cache: FakeAnswerCache, count: int
) -> list[Federated]:
    """What that many equal searches get, that begin while the first is under way."""
    answers: list[Federated] = []

    def ask() -> None:
        with suppress(SystemExit):
            answers.append(search.find(QUESTION, Asking(("crossref",), 25, 10.0), search.visit()))

    threads = [threading.Thread(target=ask) for _ in range(count)]
    for thread in threads:
        thread.start()
    wait_until(lambda: cache.boarded >= count and asker.turns, "all of them")
    asker.gate.set()
    for thread in threads:
        thread.join(30)
    return answers


def make(asker: FakeAsker) -> tuple[FederatedSearch, FakeAnswerCache]:
    cache = FakeAnswerCache()
    return FederatedSearch(asker, cache, Behind("landing", idle_seconds=0.2)), cache  # type: ignore[arg-type] # a fake


def test_what_may_not_be_kept_is_shared_by_those_who_wait_for_it() -> None:
    asker = FakeAsker()
    search, cache = make(asker)

    answers = ask_at_once(search, asker, cache, 6)

    assert len(answers) == 6
    assert [one.kept.total for one in answers].count(1) >= 5
    assert cache.kept == {}


def test_of_many_who_waited_for_one_that_failed_one_asks() -> None:
    asker = FakeAsker(failures=1)
    search, cache = make(asker)

    answers = ask_at_once(search, asker, cache, 6)

    assert len(answers) == 5
    assert len(asker.turns) <= 3
    assert cache.flying == set()
