"""Whatever happens in whatever order, every work ends with the vector of its present text."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from research_api.db.works import PostgresWorkStore
from research_api.domain.vectors import WaitingText
from research_api.domain.works import Identifier, Record
from tests.db.batches import prepared
from tests.db.vector_given import Made, put_works, titled, vector_of

pytestmark = pytest.mark.services

WORKS = titled(*map(str, range(6)))
STEPS = (
    "import",
    "retitle",
    "cite",
    "delete",
    "claim",
    "store",
    "fail",
    "release",
    "trim",
    "sweep",
    "switch",
)


class Play:
    """One interleaving of what importers and workers do."""

    def __init__(self, made: Made) -> None:
        self.made = made
        self.model = made.register("a")
        self.claimed: list[list[WaitingText]] = []
        self.count = 0

    def do(self, step: str, place: int) -> None:
        """One step; place: which work, or which of the claimed batches."""
        self.count += 1
        work = WORKS[place]
        if step == "import":
            self.made.sql("DELETE FROM works WHERE id = :id", id=work.id)
            put_works(self.made.database, [work])
        elif step == "retitle":
            self.made.retitle(work.id, f"{work.title} {self.count}")
        elif step == "cite":
            self.made.sql(
                "UPDATE works SET citation_count = 1, updated_at = now() WHERE id = :id", id=work.id
            )
        elif step == "delete":
            self.made.sql("DELETE FROM works WHERE id = :id", id=work.id)
        elif step == "switch":
            self.model = self.made.register("ab"[self.count % 2])
        else:
            self.work(step, place)

    def work(self, step: str, place: int) -> None:
        """What workers do."""
        store = self.made.store
        if step == "claim":
            # a lease of no time: another may claim the same, as after a lapse
            self.claimed.append(store.claim(1 + place % 3, place % 2 * 60))
        elif step == "trim":
            store.trim(self.model, place)
        elif step == "sweep":
            store.top_up(self.model, 1 + place)
        elif self.claimed and (texts := self.claimed.pop(place % len(self.claimed))):
            if step == "store":
                store.store(self.model, texts, np.stack([vector_of(one.title) for one in texts]))
            elif step == "fail":
                store.fail(texts[:1], 0)
            else:
                store.release(texts, 0)

    def end(self) -> list[str]:
        """The works without the vector of their present text, once all leases are over and nothing is left to do."""
        self.made.sql(
            "UPDATE embedding_backlog SET claimed_until = '-infinity' WHERE claimed_until < 'infinity'"
        )
        self.made.embed_all(self.model)
        failed = {row[0] for row in self.made.sql("SELECT work_id FROM embedding_backlog")}
        return [one for one in self.made.stale(self.model) if one not in failed]


@settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 5)), min_size=8, max_size=30))
def test_no_interleaving_loses_a_work_or_keeps_an_old_vector(
    made: Made, steps: list[tuple[str, int]]
) -> None:
    made.sql("DELETE FROM works")
    play = Play(made)
    put_works(made.database, WORKS[:3])
    for step, place in steps:
        play.do(step, place)

    assert play.end() == []


def at_once(*runs: Callable[[float], None], seconds: float) -> list[BaseException]:
    """Each runs in a thread until the time it is given; the errors."""
    until, errors = time.monotonic() + seconds, []

    def guarded(run: Callable[[float], None]) -> None:
        try:
            run(until)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(run,)) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def test_importers_and_workers_at_once_end_with_the_right_vectors(made: Made) -> None:
    """Threads for some seconds: no deadlock, no error, no vector of a former text."""
    model = made.register("a")
    works = PostgresWorkStore(made.database)
    local = [Identifier("local", f"t:{number}") for number in range(30)]

    def imports(until: float) -> None:
        random = np.random.default_rng(1)
        while time.monotonic() < until:
            numbers, turn = random.permutation(30), time.monotonic_ns()
            records = [Record("t", str(n), f"{n} {turn}", identifiers=(local[n],)) for n in numbers]
            works.upsert(prepared(records))

    def embeds(until: float) -> None:
        while time.monotonic() < until:
            if texts := made.store.claim(5, 0.5):
                made.store.store(model, texts, np.stack([vector_of(one.title) for one in texts]))
            made.store.top_up(model, 7)
            made.store.trim(model, 20)

    errors = at_once(imports, embeds, embeds, seconds=4)
    made.sql("UPDATE embedding_backlog SET claimed_until = '-infinity'")
    made.embed_all(model)

    assert errors == []
    assert made.stale(model) == []


def test_a_claimed_text_is_the_one_that_its_time_tells(made: Made) -> None:
    """A text read before its row was locked may be an older one: its vector would be stored as the newest."""
    made.register("a")
    works = titled(*(f"{number} first" for number in range(1_000)))
    put_works(made.database, works)
    said: dict[tuple[str, object], str] = {
        (str(row[0]), row[1]): str(row[2])
        for row in made.sql("SELECT id, changed_at, title FROM embedding_backlog JOIN works ON id = work_id")
    }
    claimed: list[WaitingText] = []

    def retitles(until: float) -> None:
        random = np.random.default_rng(1)
        while time.monotonic() < until:
            work, title = works[random.integers(1_000)], str(time.monotonic_ns())
            with made.database.begin() as connection:
                change = sa.text("UPDATE works SET title = :title WHERE id = :id")
                connection.execute(change, {"title": title, "id": work.id})
                when = sa.text("SELECT changed_at FROM embedding_backlog WHERE work_id = :id")
                said[work.id, connection.execute(when, {"id": work.id}).scalar_one()] = title

    def claims(until: float) -> None:
        while time.monotonic() < until:
            claimed.extend(made.store.claim(1_000, 0))

    errors = at_once(retitles, claims, seconds=3)

    assert errors == []
    assert len(claimed) > 1_000
    assert [one for one in claimed if said[one.work_id, one.changed_at] != one.title] == []
