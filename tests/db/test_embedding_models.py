"""One model is searched while another is filled, on a real Postgres."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
import sqlalchemy as sa

from research_api.db.turns import CATALOG_WRITERS_LOCK, TURN_SECONDS
from research_api.db.vectors import PostgresVectorStore
from research_api.domain.errors import EmbeddingUnavailable
from research_api.domain.vectors import MAX_DIMENSIONS, EmbeddingModel, ModelRole
from tests.db.vector_given import Made, put_works, titled, vector_of

pytestmark = pytest.mark.services


def switched(made: Made, name: str) -> EmbeddingModel:
    """The model, filled and current."""
    model = made.register(name)
    made.embed_all(model)
    made.models.promote(model)
    filled = made.models.filled()
    assert filled is not None
    assert (filled.name, filled.role) == (name, ModelRole.CURRENT)
    return filled


def roles(made: Made) -> dict[str, str]:
    return dict(made.sql("SELECT name, role FROM embedding_models"))  # type: ignore[arg-type] # two columns


def test_the_first_is_current_the_second_next_and_the_same_again_is_unchanged(made: Made) -> None:
    first, again = made.register("a"), made.register("a")
    second = made.register("b")

    assert (first.role, second.role) == (ModelRole.CURRENT, ModelRole.NEXT)
    assert again == first
    assert made.models.filled() == second
    assert made.register("b") == second


def test_a_model_that_moved_is_the_same_model(made: Made) -> None:
    """Its name says which bytes it has; the spec only says where they are."""
    first = made.register("a")

    moved = made.models.register("a", "/elsewhere", first.dimensions)

    assert moved is not None
    assert (moved.number, moved.spec) == (first.number, "/elsewhere")


def test_next_becomes_current_only_when_nothing_waits(made: Made) -> None:
    put_works(made.database, titled("one", "two"))
    switched(made, "a")
    model = made.register("b")

    before_the_sweep = made.models.promote(model)
    while not made.store.top_up(model, 10):
        pass
    while_some_wait = made.models.promote(model)
    made.embed_all(model)

    assert (before_the_sweep, while_some_wait) == (False, False)
    assert made.models.promote(model)
    assert roles(made) == {"a": "former", "b": "current"}
    assert made.stale(model) == []


def test_what_failed_for_good_does_not_hold_up_the_switch(made: Made) -> None:
    put_works(made.database, titled("poison"))
    switched(made, "a")
    model = made.register("b")
    while not made.store.top_up(model, 10):
        pass
    for _ in range(3):
        made.store.fail(made.store.claim(10, 60), 0)

    assert made.models.promote(model)


def test_a_next_that_was_given_up_is_not_promoted(made: Made) -> None:
    switched(made, "a")
    given_up = made.register("b")
    made.embed_all(given_up)
    made.register("c")

    assert not made.models.promote(given_up)
    assert roles(made) == {"a": "current", "b": "former", "c": "next"}


def test_a_process_with_another_model_than_the_one_that_is_filled_stores_nothing(made: Made) -> None:
    """A host that was not restarted yet would take works from the backlog that the new model still lacks."""
    former = made.register("a")
    put_works(made.database, titled("one"))
    texts = made.store.claim(10, 0)
    model = made.register("b")

    is_stored = made.store.store(former, texts, np.stack([vector_of("one")]))

    assert not is_stored
    assert made.store.top_up(former, 10)
    assert made.store.trim(former, 0) == 0
    assert made.embed_all(model) == [titled("one")[0].id]


def test_vectors_of_a_former_model_go_after_the_grace_and_no_sooner(made: Made) -> None:
    put_works(made.database, titled("one"))
    switched(made, "a")
    switched(made, "b")

    kept = made.models.drop_former(60)
    dropped = made.models.drop_former(0)

    assert (kept, dropped) == (0, 1)
    assert roles(made) == {"b": "current"}
    assert made.sql("SELECT count(*) FROM work_vectors") == [(1,)]
    # the same bytes may come again, as a new model
    assert made.register("a").role is ModelRole.NEXT


@pytest.mark.parametrize("is_promoted", [False, True])
def test_a_model_that_comes_back_has_missed_nothing(made: Made, is_promoted: bool) -> None:
    """Texts that are new or changed while it was idle left the backlog by another model's vectors."""
    changed, waited, kept, new = titled("changed", "waited", "kept", "new")
    put_works(made.database, [changed, waited, kept])
    model = switched(made, "a")
    made.sql("UPDATE works SET updated_at = now() - interval '1 day'")
    made.retitle(waited.id, "waited for long")
    other = made.register("b")
    put_works(made.database, [new])
    made.retitle(changed.id, "changed meanwhile")
    made.embed_all(other)
    if is_promoted:
        assert made.models.promote(other)

    back = made.register("a")
    done = made.embed_all(back)

    assert back.number == model.number
    assert back.role is (ModelRole.NEXT if is_promoted else ModelRole.CURRENT)
    assert set(done) == {changed.id, waited.id, new.id}
    assert made.stale(back) == []


def test_searches_are_complete_during_a_switch_until_works_are_new(made: Made) -> None:
    old, new = titled("old", "new")
    put_works(made.database, [old])
    switched(made, "a")
    vectors = PostgresVectorStore(made.database)
    other = made.register("b")
    made.store.top_up(other, 10)
    made.sql("SELECT pg_sleep(0.2)")
    assert made.waiting() == {old.id}

    while_old_ones_wait = vectors.is_filling(0.1)
    put_works(made.database, [new])
    made.embed_all(other)
    made.sql("SELECT pg_sleep(0.2)")

    assert not while_old_ones_wait
    assert vectors.is_filling(0.1)
    assert not vectors.is_filling(60)
    assert made.models.promote(other)
    assert not vectors.is_filling(0.1)


def test_two_hosts_may_register_at_once(made: Made) -> None:
    found: list[EmbeddingModel | None] = []
    threads = [
        threading.Thread(target=lambda name=name: found.append(made.models.register(name, name, 8)))
        for name in ("a", "a", "b", "b")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert None not in found
    assert len({one.number for one in found if one is not None}) == 2
    assert sorted(roles(made).values()) in (["current", "next"], ["current", "former"])


def test_an_import_that_is_open_while_the_first_model_comes_misses_nothing(made: Made) -> None:
    """It asked whether there is a model before there was one, so its works stand in no backlog."""
    work = titled("early")[0]
    registered: list[EmbeddingModel | None] = []
    thread = threading.Thread(target=lambda: registered.append(made.models.register("a", "a", 8)))
    with made.database.engine.begin() as importing:
        importing.execute(sa.text("LOCK TABLE works IN ROW EXCLUSIVE MODE"))
        importing.execute(
            sa.text(
                "INSERT INTO works (id, title, authors, identifiers, open_access, retracted, sources, provenance,"
                " title_key) VALUES (:id, 'early', '[]', '{}', '{}', false, '[]', '{}', '')"
            ),
            {"id": work.id},
        )
        thread.start()
        time.sleep(0.3)
    thread.join()

    model = registered[0]
    assert model is not None
    made.embed_all(model)
    assert made.stale(model) == []


@pytest.mark.parametrize(
    "hold",
    [
        pytest.param(f"SELECT pg_advisory_xact_lock({CATALOG_WRITERS_LOCK})", id="an import"),
        pytest.param("LOCK TABLE works IN ROW EXCLUSIVE MODE", id="a writer"),
        pytest.param("LOCK TABLE work_vectors IN ACCESS SHARE MODE", id="a reader"),
    ],
)
def test_whoever_holds_a_lock_for_long_keeps_nobody_waiting_for_long(made: Made, hold: str) -> None:
    """Importers stand behind a lock that is waited for: neither they nor the index worker wait for two minutes."""
    with made.database.engine.begin() as holding:
        holding.execute(sa.text(hold))

        begin = time.monotonic()
        in_the_way = made.models.register("a", "a", 8)
        seconds = time.monotonic() - begin

    assert in_the_way is None
    assert seconds < TURN_SECONDS + 3
    assert made.register("a").role is ModelRole.CURRENT


def test_dropping_vectors_waits_no_longer_and_is_done_later(made: Made) -> None:
    switched(made, "a")
    switched(made, "b")
    with made.database.engine.begin() as reading:
        reading.execute(sa.text("SELECT count(*) FROM work_vectors"))

        begin = time.monotonic()
        in_the_way = made.models.drop_former(0)
        seconds = time.monotonic() - begin

    assert in_the_way == 0
    assert seconds < TURN_SECONDS + 3
    assert made.models.drop_former(0) == 1


def test_who_has_nothing_to_do_waits_for_no_import(made: Made) -> None:
    """Both are asked every five seconds by the worker that also brings the index up to date."""
    model = switched(made, "a")
    with made.database.engine.begin() as importing:
        importing.execute(sa.text(f"SELECT pg_advisory_xact_lock({CATALOG_WRITERS_LOCK})"))

        begin = time.monotonic()
        found = (made.store.top_up(model, 10), made.models.drop_former(0), made.store.trim(model, 10))
        seconds = time.monotonic() - begin

    assert found == (True, 0, 0)
    assert seconds < TURN_SECONDS


@pytest.mark.parametrize("dimensions", [0, MAX_DIMENSIONS + 1])
def test_a_model_whose_vectors_cannot_be_kept_is_refused(made: Made, dimensions: int) -> None:
    with pytest.raises(EmbeddingUnavailable, match=str(MAX_DIMENSIONS)):
        made.models.register("a", "a", dimensions)

    assert made.models.filled() is None


def test_the_largest_model_can_be_kept_and_searched(made: Made) -> None:
    put_works(made.database, titled("one"))
    model = made.register("a", MAX_DIMENSIONS)
    while not made.store.top_up(model, 10):
        pass
    vector = vector_of("one", MAX_DIMENSIONS)

    made.store.store(model, made.store.claim(1, 60), vector[None, :])

    assert made.sql("SELECT count(*) FROM work_vectors") == [(1,)]
