"""Likeness, disagreements and links of versions on a real Postgres."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from research_api.db import migrate
from research_api.db.engine import Database
from research_api.db.works import PostgresWorkStore
from research_api.domain.upsert import Outcome
from research_api.domain.works import Author, Identifier, Record, Rejected, Version, Work, work_number
from tests.db.batches import prepared

pytestmark = pytest.mark.services

DOI, ARXIV = Identifier("doi", "10.1000/one"), Identifier("arxiv", "1706.03762")
ARTICLE = Record(
    "crossref",
    "10.1000/one",
    "Attention is all you need in sequence models",
    authors=(Author("Ashish Vaswani", "Ashish", "Vaswani"), Author("Noam Shazeer", "Noam", "Shazeer")),
    year=2018,
    venue="Neural Computation",
    type="journal-article",
    identifiers=(DOI,),
)
PREPRINT = replace(
    ARTICLE,
    source="arxiv",
    source_id="1706.03762",
    type="posted-content",
    identifiers=(ARXIV,),
    year=2017,
    venue=None,
)


@pytest.fixture
def store(database: Database) -> PostgresWorkStore:
    return PostgresWorkStore(database)


def work_of(store: PostgresWorkStore, identifier: Identifier) -> Work:
    (work,) = store.by_ids(list(store.ids_of([identifier]).values())).values()
    return work


@pytest.mark.parametrize(
    "title",
    ["ATTENTION IS ALL YOU NEED IN SEQUENCE MODELS", "Attnetion is all you need in sequence models",
     "Attention is all you need in sequence modells"],
)  # fmt: skip
@pytest.mark.parametrize("year", [2017, 2018, 2019])
def test_a_record_without_identifier_finds_its_work_by_a_title_that_is_nearly_the_same(
    store: PostgresWorkStore, title: str, year: int
) -> None:
    store.upsert(prepared([ARTICLE]))
    is_exact = title.lower() == ARTICLE.title.lower()

    outcomes = store.upsert(
        prepared([replace(ARTICLE, source="core", source_id="c", identifiers=(), title=title, year=year)])
    )

    assert outcomes == [Outcome.UPDATED if is_exact or year == 2018 else Outcome.NEW]


def test_what_sources_disagree_about_comes_back_with_the_work(store: PostgresWorkStore) -> None:
    store.upsert(prepared([ARTICLE, replace(ARTICLE, source="core", source_id="c", year=2019)]))

    assert work_of(store, DOI).disagreements == {"year": (Rejected("core", 2019),)}


@pytest.mark.parametrize("order", [1, -1])
def test_preprint_and_publication_name_each_other_whichever_came_first(
    store: PostgresWorkStore, order: int
) -> None:
    for one in (PREPRINT, ARTICLE)[::order]:
        store.upsert(prepared([one]))

    preprint, article = work_of(store, ARXIV), work_of(store, DOI)
    assert preprint.versions == (Version(article.id, "journal-article", 2018),)
    assert article.versions == (Version(preprint.id, "posted-content", 2017),)
    numbers = [work_number(preprint.id), work_number(article.id), 5]
    assert store.links_among(numbers) == {numbers[0]: numbers[1]}
    assert store.links_among(numbers[:1] + numbers[2:]) == {}


def test_a_link_that_no_longer_holds_is_gone(store: PostgresWorkStore) -> None:
    store.upsert(prepared([PREPRINT, ARTICLE]))

    store.upsert(prepared([replace(ARTICLE, title="Wholly other words about something else")]))

    assert work_of(store, ARXIV).versions == ()
    assert work_of(store, DOI).versions == ()


def test_a_link_follows_a_publication_that_was_merged_away(store: PostgresWorkStore) -> None:
    pmid = Identifier("pmid", "7")
    store.upsert(
        prepared([replace(ARTICLE, source="doaj", source_id="x", title="Unlike", identifiers=(DOI,))])
    )
    store.upsert(prepared([replace(ARTICLE, source="pubmed", source_id="7", identifiers=(pmid,)), PREPRINT]))
    assert work_of(store, ARXIV).versions[0].id == work_of(store, pmid).id

    store.upsert(prepared([replace(ARTICLE, identifiers=(DOI, pmid))]))

    article = work_of(store, DOI)
    assert article.id == work_of(store, pmid).id
    assert [version.id for version in work_of(store, ARXIV).versions] == [article.id]


def test_one_record_with_both_identifiers_makes_one_work_of_the_two(store: PostgresWorkStore) -> None:
    store.upsert(prepared([PREPRINT, ARTICLE]))

    store.upsert(prepared([replace(ARTICLE, source="openalex", source_id="W1", identifiers=(DOI, ARXIV))]))

    assert store.count() == 1
    assert work_of(store, ARXIV).versions == ()


def test_works_from_before_the_keys_are_found_by_them(store: PostgresWorkStore, database: Database) -> None:
    store.upsert(prepared([ARTICLE]))
    migrate.downgrade(database, "0003")
    migrate.upgrade(database)

    with database.connect() as connection:
        unread = connection.execute(sa.text("SELECT count(*) FROM work_changes")).scalar_one()
    told_again = replace(ARTICLE, source="core", source_id="c", identifiers=())

    assert store.upsert(prepared([told_again])) == [Outcome.UPDATED]
    assert unread == 1
