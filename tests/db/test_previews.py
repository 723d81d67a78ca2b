"""What storing would give, told without storing, on a real Postgres."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from research_api.db.engine import Database
from research_api.db.works import PostgresWorkStore
from research_api.domain.previews import Preview, joined_looks, preview_of
from research_api.domain.upsert import Incoming
from research_api.domain.works import Author, Identifier, Record
from tests.db.batches import prepared

pytestmark = pytest.mark.services


def record(source: str, number: int, **fields: object) -> Record:
    given: dict[str, object] = {
        "title": f"Growth and form {number}",
        "authors": (Author("D'Arcy Thompson"),),
        "year": 1917,
        "identifiers": (Identifier("doi", f"10.1000/{number}"),),
    }
    return Record(source, f"{source}-{number}", **(given | fields))  # type: ignore[arg-type] # fields by name


@pytest.fixture
def store(database: Database) -> PostgresWorkStore:
    return PostgresWorkStore(database)


def previewed(store: PostgresWorkStore, batch: list[Incoming]) -> Preview:
    """What storing the batch would give."""
    return preview_of(store.look(batch, with_works=True), batch)


def given(store: PostgresWorkStore) -> list[Incoming]:
    """A batch whose records are new, unchanged, changed, and one that joins two works."""
    stored = [record("crossref", number) for number in range(6)]
    stored += [record("pubmed", 7, identifiers=(Identifier("pmid", "7"),), title="Another")]
    stored += [
        record("arxiv", 8, identifiers=(Identifier("arxiv", "2001.00008"),), title="As it was called first")
    ]
    store.upsert(prepared(stored))
    both = (Identifier("pmid", "7"), Identifier("arxiv", "2001.00008"))
    return prepared(
        [
            *(record("crossref", number) for number in range(2)),
            *(record("openalex", number, citation_count=3) for number in range(1, 4)),
            record("crossref", 4, abstract="Changed."),
            record("openalex", 7, identifiers=both, title="Another"),
            *(record("datacite", number) for number in range(20, 24)),
        ]
    )


def test_a_preview_is_what_storing_gives(store: PostgresWorkStore) -> None:
    batch = given(store)

    preview = previewed(store, batch)
    store.upsert(batch)

    works = store.by_ids(sorted(set(preview.ids.values())))
    assert works == preview.works
    assert {one.key for one in batch} == preview.ids.keys()
    for one in batch:
        (identifier, *_) = one.record.identifiers
        assert store.ids_of([identifier])[identifier] == preview.ids[one.key]
    assert set(preview.redirects.values()) <= works.keys()
    assert all(
        work.id == preview.redirects[old] for old, work in store.by_ids(list(preview.redirects)).items()
    )
    assert len(preview.redirects) == 1


def test_a_preview_writes_nothing(store: PostgresWorkStore) -> None:
    batch = given(store)
    before = (
        store.count(),
        store.by_ids(list(previewed(store, batch).ids.values())),
    )

    previewed(store, batch)

    assert (
        store.count(),
        store.by_ids(list(previewed(store, batch).ids.values())),
    ) == before


def test_a_work_has_the_same_id_whoever_answers_first(store: PostgresWorkStore) -> None:
    """What is found together today is named as it was named when only some of it was found."""
    batch = given(store)
    ids = previewed(store, batch).ids
    shuffled = list(batch)
    random.Random(7).shuffle(shuffled)

    assert previewed(store, shuffled).ids == ids


def test_a_work_that_is_stored_meanwhile_is_named_as_it_is_stored(store: PostgresWorkStore) -> None:
    """A look that saw its id as taken, and not yet whose it is, gave it another one."""
    batches = [
        prepared([record("crossref", 100 + number), record("doaj", 100 + number)]) for number in range(60)
    ]
    told: list[tuple[str, str]] = []
    with ThreadPoolExecutor(1) as writer:
        for batch in batches:
            stored = writer.submit(store.upsert, batch)
            while not stored.done():
                told += [(one.record.source_id, previewed(store, batch).ids[one.key]) for one in batch]

    ids = {
        one.record.source_id: store.ids_of(one.record.identifiers)[one.record.identifiers[0]]
        for batch in batches
        for one in batch
    }
    assert len(told) >= len(batches)
    assert [one for one in told if ids[one[0]] != one[1]] == []


def test_an_id_that_was_told_leads_to_the_work_whatever_it_is_stored_as(store: PostgresWorkStore) -> None:
    """Another search stored one record of the work in the meantime, which names it by a weaker identifier."""
    first = record("semanticscholar", 1, identifiers=(Identifier("s2", "a" * 40),))
    second = record("openalex", 1, identifiers=(Identifier("doi", "10.1000/1"), *first.identifiers))
    batch = prepared([first, second])
    told = previewed(store, batch).ids
    store.upsert(prepared([first]))
    store.upsert(batch)

    store.keep_names(told)
    store.keep_names(told)

    [told_id] = set(told.values())
    [work] = store.by_ids([told_id]).values()
    assert work.id != told_id
    assert work.identifiers["doi"] == "10.1000/1"


def test_an_id_that_was_told_and_is_another_work_stays_that_work(store: PostgresWorkStore) -> None:
    batch = prepared([record("crossref", 1), record("crossref", 2)])
    store.upsert(batch)
    one, other = (previewed(store, batch).ids[entry.key] for entry in batch)

    store.keep_names({batch[0].key: other, ("nowhere", "unknown"): "w_unknown00000"})

    assert {asked: work.id for asked, work in store.by_ids([one, other]).items()} == {one: one, other: other}
    assert store.by_ids(["w_unknown00000"]) == {}


def test_looks_at_different_moments_are_told_from_looks_at_one(store: PostgresWorkStore) -> None:
    """Else a work that was stored between two looks loses what its other records say, that it was retracted say."""
    silent, telling = prepared([record("pubmed", 1), record("openalex", 1, retracted=True)])
    before = store.look([silent], with_works=True)
    store.upsert([silent, telling])
    after = store.look([telling], with_works=True)

    torn = preview_of(joined_looks([before, after]), [silent, telling])
    whole = previewed(store, [silent, telling])

    assert (torn.is_torn, whole.is_torn) == (True, False)
    assert [work.retracted for work in whole.works.values()] == [True]
