"""The work store on a real Postgres."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from research_api.db.engine import Database
from research_api.db.works import PostgresWorkStore
from research_api.domain.merging import title_key
from research_api.domain.upsert import Outcome
from research_api.domain.works import Author, Identifier, OpenAccess, Record
from tests.db.batches import prepared

pytestmark = pytest.mark.services

DOI = Identifier("doi", "10.1000/one")


def record(source: str = "crossref", source_id: str = "10.1000/one", **fields: object) -> Record:
    """A record with the usual fields, changed as asked."""
    given: dict[str, object] = {
        "title": "On growth and form",
        "authors": (Author("D'Arcy Thompson", "D'Arcy", "Thompson", "0000-0001-2345-6789"),),
        "year": 1917,
        "identifiers": (DOI,),
        "open_access": OpenAccess(True, "https://example.org/x", "cc-by"),
        "citation_count": 7,
    }
    return Record(source=source, source_id=source_id, **(given | fields))  # type: ignore[arg-type] # fields by name


@pytest.fixture
def store(database: Database) -> PostgresWorkStore:
    return PostgresWorkStore(database)


def test_a_record_stored_twice_is_unchanged_and_a_newer_saying_updates(store: PostgresWorkStore) -> None:
    assert store.upsert(prepared([record()])) == [Outcome.NEW]
    assert store.upsert(prepared([record()])) == [Outcome.UNCHANGED]
    assert store.upsert(prepared([record(abstract="Now with an abstract.")])) == [Outcome.UPDATED]

    work_id = store.ids_of([DOI])[DOI]
    assert store.by_ids([work_id])[work_id].abstract == "Now with an abstract."
    assert store.count() == 1


def test_what_is_stored_comes_back_whole(store: PostgresWorkStore) -> None:
    store.upsert(
        prepared([record(abstract="Ünïcode ☃ text", venue="Cambridge", type="book", date="1917-05")])
    )

    (work,) = store.by_ids(list(store.ids_of([DOI]).values())).values()

    assert work.authors == (Author("D'Arcy Thompson", "D'Arcy", "Thompson", "0000-0001-2345-6789"),)
    assert work.open_access == OpenAccess(True, "https://example.org/x", "cc-by")
    assert (work.abstract, work.venue, work.type, work.date) == (
        "Ünïcode ☃ text",
        "Cambridge",
        "book",
        "1917-05",
    )
    assert work.provenance["title"] == "crossref"
    assert dict(work.identifiers) == {"doi": "10.1000/one"}


def test_two_sources_with_one_doi_tell_of_one_work(store: PostgresWorkStore) -> None:
    other = record(
        "openalex", "W1", abstract="From elsewhere.", identifiers=(DOI, Identifier("openalex", "W1"))
    )

    outcomes = store.upsert(prepared([record(), other]))

    assert outcomes == [Outcome.NEW, Outcome.UPDATED]
    (work,) = store.by_ids(list(store.ids_of([DOI]).values())).values()
    assert {source.name for source in work.sources} == {"crossref", "openalex"}
    assert work.provenance["abstract"] == "openalex"


def test_a_record_that_joins_two_works_leaves_one_and_a_redirect(store: PostgresWorkStore) -> None:
    pmid = Identifier("pmid", "123")
    store.upsert(prepared([record()]))
    store.upsert(prepared([record("pubmed", "123", identifiers=(pmid,), title="Another wording", year=1918)]))
    first, second = store.ids_of([DOI])[DOI], store.ids_of([pmid])[pmid]
    assert first != second

    store.upsert(prepared([record("openalex", "W9", identifiers=(DOI, pmid))]))

    assert store.ids_of([DOI, pmid]) == {DOI: first, pmid: first}
    found = store.by_ids([first, second])
    assert found[second].id == first
    assert len(found[first].sources) == 3
    assert store.count() == 1


def test_a_doi_that_a_source_takes_back_is_free_again(store: PostgresWorkStore) -> None:
    store.upsert(prepared([record()]))
    store.upsert(prepared([record(identifiers=(Identifier("doi", "10.1000/two"),))]))

    assert store.ids_of([DOI]) == {}
    assert store.upsert(prepared([record("openalex", "W2", title="Unlike", year=2000)])) == [Outcome.NEW]


def test_importers_running_at_once_make_one_work(store: PostgresWorkStore) -> None:
    """Without their lock each of them would see no work with the DOI and make one."""
    barrier, failures = threading.Barrier(6), []

    def run(number: int) -> None:
        barrier.wait()
        try:
            store.upsert(prepared([record(f"source-{number}", str(number), title=f"Wording {number}")]))
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert store.count() == 1


def test_works_are_found_by_their_whole_title_however_it_is_typed(store: PostgresWorkStore) -> None:
    store.upsert(prepared([record()]))

    assert store.ids_by_title(title_key("ON GROWTH-AND FORM"), 5) == list(store.ids_of([DOI]).values())
    assert store.ids_by_title(title_key("On growth"), 5) == []


def test_a_failed_batch_leaves_nothing(store: PostgresWorkStore, database: Database) -> None:
    bad = record("crossref", "other", identifiers=(Identifier("doi", "10.1000/nul"),), title="nul \x00 byte")

    with pytest.raises((ValueError, sa.exc.StatementError, sa.exc.DBAPIError)):
        store.upsert(prepared([record(), bad]))

    assert store.count() == 0
