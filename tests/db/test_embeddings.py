"""The backlog of works that wait for a vector, on a real Postgres."""

from __future__ import annotations

import threading
from collections import Counter

import numpy as np
import pytest
import sqlalchemy as sa

from research_api.db.embeddings import MAX_FAILURES
from research_api.db.works import PostgresWorkStore
from research_api.domain.errors import EmbeddingUnavailable
from research_api.domain.vectors import WaitingText
from research_api.domain.works import Identifier, Record
from tests.db.batches import prepared
from tests.db.vector_given import DIMENSIONS, Made, put_works, titled, vector_of

pytestmark = pytest.mark.services


def vectors_for(texts: list[WaitingText]) -> np.ndarray:
    return np.stack([vector_of(one.title) for one in texts])


def test_new_works_wait_newest_first_and_no_longer_once_they_have_a_vector(made: Made) -> None:
    model = made.register("a")
    old, new = titled("old", "new")
    put_works(made.database, [old])
    put_works(made.database, [new])

    texts = made.store.claim(10, 60)
    is_stored = made.store.store(model, texts, vectors_for(texts))

    assert [one.title for one in texts] == ["new", "old"]
    assert is_stored
    assert made.waiting() == set()
    assert made.stale(model) == []


def test_without_a_model_no_backlog_is_collected(made: Made) -> None:
    put_works(made.database, titled("one"))

    assert made.waiting() == set()


def test_what_changes_besides_the_text_costs_no_vector(made: Made) -> None:
    model = made.register("a")
    works = PostgresWorkStore(made.database)
    works.upsert(prepared([Record("crossref", "1", "A title", abstract="Text.", citation_count=1)]))
    made.embed_all(model)

    works.upsert(prepared([Record("crossref", "1", "A title", abstract="Text.", citation_count=2)]))
    after_citations = made.waiting()
    works.upsert(prepared([Record("crossref", "1", "A title", abstract="Other text.", citation_count=2)]))

    assert after_citations == set()
    assert len(made.waiting()) == 1


def test_claims_are_exclusive_among_threads_and_all_is_claimed(made: Made) -> None:
    made.register("a")
    works = titled(*map(str, range(400)))
    put_works(made.database, works)
    claimed: list[str] = []

    def claim() -> None:
        while texts := made.store.claim(7, 60):
            claimed.extend(one.work_id for one in texts)

    threads = [threading.Thread(target=claim) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Counter(claimed) == Counter(work.id for work in works)


def test_a_lease_ends_and_the_work_is_claimed_again(made: Made) -> None:
    made.register("a")
    put_works(made.database, titled("one"))

    first = made.store.claim(10, 0.2)
    meanwhile = made.store.claim(10, 60)
    made.sql("SELECT pg_sleep(0.3)")
    again = made.store.claim(10, 60)

    assert [one.title for one in first] == [one.title for one in again] == ["one"]
    assert meanwhile == []


def test_a_text_that_changed_meanwhile_gets_no_vector_of_its_former_self(made: Made) -> None:
    """Nor does it lose its place: what was claimed before it changed is over."""
    model = made.register("a")
    [work] = titled("before")
    put_works(made.database, [work])
    texts = made.store.claim(10, 60)
    made.retitle(work.id, "after")

    made.store.store(model, texts, vectors_for(texts))

    assert made.stale(model) == [work.id]
    assert [one.title for one in made.store.claim(10, 60)] == ["after"]


def test_what_was_trimmed_away_meanwhile_gets_no_vector_of_a_former_text(made: Made) -> None:
    """Its place in the backlog is gone, so nothing else would tell that the vector is out of date."""
    model = made.register("a")
    work, newer = titled("before", "newer")
    put_works(made.database, [work])
    texts = made.store.claim(10, 60)
    made.retitle(work.id, "after")
    put_works(made.database, [newer])
    assert made.store.trim(model, 1) == 1

    made.store.store(model, texts, vectors_for(texts))
    made.embed_all(model)

    assert made.stale(model) == []


def test_the_third_failure_is_the_last_and_another_text_a_new_beginning(made: Made) -> None:
    made.register("a")
    [work] = titled("poison")
    put_works(made.database, [work])
    for _ in range(MAX_FAILURES):
        texts = made.store.claim(10, 60)
        assert [one.title for one in texts] == ["poison"]
        made.store.fail(texts, 0)

    progress = made.store.progress()
    assert progress is not None
    assert (progress.waiting, progress.failed) == (0, 1)
    assert made.store.claim(10, 60) == []

    made.retitle(work.id, "wholesome")

    assert [one.title for one in made.store.claim(10, 60)] == ["wholesome"]


def test_what_is_released_waits_as_long_as_said_and_has_not_failed(made: Made) -> None:
    made.register("a")
    put_works(made.database, titled("one"))
    for _ in range(MAX_FAILURES + 1):
        texts = made.store.claim(10, 60)
        made.store.release(texts, 0)

    made.store.release(texts, 60)

    progress = made.store.progress()
    assert progress is not None
    assert (progress.waiting, progress.failed) == (1, 0)
    assert made.store.claim(10, 60) == []


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(np.full((1, DIMENSIONS), np.nan), id="not a number"),
        pytest.param(np.full((1, DIMENSIONS), np.inf), id="infinite"),
        pytest.param(np.full((1, DIMENSIONS), 1.0), id="too long"),
        pytest.param(np.full((1, DIMENSIONS), 1e300), id="far too long"),
        pytest.param(np.eye(1, DIMENSIONS + 1), id="another dimension"),
        pytest.param(np.eye(2, DIMENSIONS), id="too many"),
    ],
)
def test_what_is_no_vector_is_refused_and_the_work_goes_on_waiting(made: Made, rows: np.ndarray) -> None:
    model = made.register("a")
    [work] = titled("one")
    put_works(made.database, [work])
    texts = made.store.claim(10, 0)

    with pytest.raises(EmbeddingUnavailable):
        made.store.store(model, texts, rows)

    assert made.stale(model) == [work.id]
    assert made.waiting() == {work.id}


def test_zeros_are_kept_for_a_text_of_which_nothing_can_be_made(made: Made) -> None:
    model = made.register("a")
    put_works(made.database, titled("…"))
    texts = made.store.claim(10, 60)

    made.store.store(model, texts, np.zeros((1, DIMENSIONS)))

    assert made.waiting() == set()


def test_works_from_before_the_model_are_found_by_the_sweep_newest_first(made: Made) -> None:
    works = titled(*map(str, range(40)))
    for work in works:
        put_works(made.database, [work])
    model = made.register("a")

    seen = []
    while not made.store.top_up(model, 10):
        if texts := made.store.claim(100, 60):
            made.store.store(model, texts, vectors_for(texts))
            seen.append([one.title for one in texts])

    assert [one for part in seen for one in part] == [work.title for work in reversed(works)]
    assert [len(part) for part in seen[:4]] == [10, 10, 10, 10]
    assert made.stale(model) == []


def test_a_work_written_during_the_sweep_is_not_missed(made: Made) -> None:
    """It moves to where the sweep has been already; its text did not change, so nothing else brings it in."""
    works = titled("one", "two", "three")
    for work in works:
        put_works(made.database, [work])
    model = made.register("a")
    made.store.top_up(model, 1)
    made.sql("UPDATE works SET citation_count = 1, updated_at = now() WHERE id = :id", id=works[0].id)

    made.embed_all(model)

    assert made.stale(model) == []


def test_the_backlog_is_capped_and_what_is_beyond_is_not_lost(made: Made) -> None:
    model = made.register("a")
    made.embed_all(model)
    for work in titled(*map(str, range(30))):
        put_works(made.database, [work])

    gone = made.store.trim(model, 10)
    kept = {one.title for one in made.store.claim(100, 0)}
    made.embed_all(model)

    assert gone == 20
    assert kept == {str(number) for number in range(20, 30)}
    assert made.stale(model) == []
    assert made.store.trim(model, 10) == 0


def test_a_changed_text_that_is_trimmed_away_is_embedded_all_the_same(made: Made) -> None:
    """The sweep looks for works without a vector, and this one had one, of its former text."""
    model = made.register("a")
    changed, newer = titled("before", "newer")
    put_works(made.database, [changed])
    made.embed_all(model)
    made.retitle(changed.id, "after")
    put_works(made.database, [newer])

    assert made.store.trim(model, 1) == 1
    made.embed_all(model)

    assert made.stale(model) == []


def test_deleted_and_merged_works_lose_their_vectors_and_their_place(made: Made) -> None:
    model = made.register("a")
    works = PostgresWorkStore(made.database)
    doi, pmid = Identifier("doi", "10.1000/one"), Identifier("pmid", "1")
    works.upsert(prepared([Record("crossref", "1", "One", identifiers=(doi,))]))
    works.upsert(prepared([Record("pubmed", "1", "The same", identifiers=(pmid,))]))
    made.embed_all(model)
    before = made.sql("SELECT count(*) FROM work_vectors")

    works.upsert(prepared([Record("openalex", "1", "One", identifiers=(doi, pmid))]))

    assert before == [(2,)]
    assert works.count() == 1
    assert made.sql("SELECT count(*) FROM work_vectors") == [(1,)]
    assert made.sql("SELECT count(*) FROM embedding_backlog") <= [(1,)]


def test_a_store_never_waits_for_an_import_nor_an_import_for_ever_for_a_store(made: Made) -> None:
    """Each waiting for a row of the other's, Postgres ends one of them: an import that failed for a vector."""
    model = made.register("a")
    works = titled("one", "two")
    put_works(made.database, works)
    texts = made.store.claim(10, 60)
    with made.database.engine.begin() as importing:
        importing.execute(sa.text("SET LOCAL lock_timeout = '5s'"))
        change = sa.text("UPDATE works SET title = title || '!' WHERE id = :id")
        importing.execute(change, {"id": works[1].id})

        made.store.store(model, texts, vectors_for(texts))
        made.store.fail(texts, 0)
        made.store.release(texts, 0)

        importing.execute(change, {"id": works[0].id})

    made.embed_all(model)
    assert made.stale(model) == []
