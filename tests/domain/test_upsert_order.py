"""What a batch comes to does not depend on the order of its records, and ids stay."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from research_api.domain.batch import Known, Outcome, Plan, prepare
from research_api.domain.upsert import Upsert
from research_api.domain.works import Author, Identifier, Record, work_id_from_seed

DOI, OTHER_DOI = Identifier("doi", "10.1000/one"), Identifier("doi", "10.1000/two")
ARXIV = Identifier("arxiv", "1706.03762")
TITLE = "Attention is all you need in sequence models"
ARTICLE = Record(
    "crossref",
    "10.1000/one",
    TITLE,
    authors=(Author("Ashish Vaswani", "Ashish", "Vaswani"), Author("Noam Shazeer", "Noam", "Shazeer")),
    year=2017,
    type="journal-article",
    identifiers=(DOI,),
)
NAMELESS = replace(ARTICLE, source="semanticscholar", source_id="s", identifiers=())
PREPRINT = replace(
    ARTICLE, source="arxiv", source_id="1706.03762", type="posted-content", identifiers=(ARXIV,)
)
BRIDGE = replace(ARTICLE, source="openalex", source_id="W1", identifiers=(DOI, ARXIV))


def decide(*records: Record, known: Known | None = None) -> Plan:
    return Upsert(known if known is not None else Known()).decide([prepare(one) for one in records])


def shape(plan: Plan) -> object:
    return (
        sorted((one.work.id, one.work.title, one.work.sources) for one in plan.works),
        sorted((incoming.key, work_id) for incoming, work_id in plan.records),
        sorted((owner.value, work_id) for owner, work_id in plan.owners.items()),
        plan.links,
    )


@pytest.mark.parametrize("seed", range(12))
def test_any_order_of_a_batch_gives_the_same_works_ids_and_links(seed: int) -> None:
    records = [
        ARTICLE,
        NAMELESS,
        PREPRINT,
        replace(ARTICLE, source="openalex", source_id="W1", identifiers=(DOI,)),
        replace(ARTICLE, source="datacite", source_id="d", identifiers=(OTHER_DOI,), year=2018),
        replace(
            ARTICLE, source="core", source_id="c", title=TITLE.replace("models", "modells"), identifiers=()
        ),
        replace(
            ARTICLE, source="doaj", source_id="x", title="Something else altogether by them", identifiers=()
        ),
    ]
    usual = shape(decide(*records))
    shuffled = list(records)
    random.Random(seed).shuffle(shuffled)

    assert shape(decide(*shuffled)) == usual


def test_a_new_work_is_named_by_the_strongest_identifier_of_all_its_records() -> None:
    for records in ((PREPRINT, BRIDGE, ARTICLE), (NAMELESS, ARTICLE), (PREPRINT, BRIDGE)):
        plan = decide(*records)

        assert [one.work.id for one in plan.works] == [work_id_from_seed("doi:10.1000/one")]


def test_an_id_that_exists_never_changes() -> None:
    known = Known()
    (first,) = decide(NAMELESS, known=known).works

    plan = decide(ARTICLE, known=known)

    assert [one.work.id for one in plan.works] == [first.work.id]
    assert plan.outcomes == (Outcome.UPDATED,)


def test_a_record_that_two_numbered_works_are_equally_like_joins_neither() -> None:
    """A94-1031 and A94-1033 agree in all but their DOIs: a record without one may tell of either."""
    twin = replace(ARTICLE, source_id="10.1000/two", identifiers=(OTHER_DOI,))

    plan = decide(ARTICLE, twin, NAMELESS)

    assert len(plan.works) == 3


def test_what_tells_twins_apart_decides() -> None:
    one = replace(ARTICLE, venue="Journal of Attention Research")
    twin = replace(ARTICLE, source_id="10.1000/two", identifiers=(OTHER_DOI,))

    plan = decide(one, twin, replace(NAMELESS, venue="J. Attention Res."))

    assert sorted(len(found.work.sources) for found in plan.works) == [1, 2]


def test_two_works_that_were_known_are_never_joined_by_likeness() -> None:
    known = Known()
    decide(ARTICLE, known=known)
    decide(replace(NAMELESS, title="Wholly different words here"), known=known)

    plan = decide(NAMELESS, known=known)

    assert plan.redirects == {}


@pytest.mark.parametrize("order", [1, -1])
def test_a_preprint_and_its_publication_are_linked_whichever_comes_first(order: int) -> None:
    known = Known()
    plans = [decide(one, known=known) for one in (PREPRINT, ARTICLE)[::order]]

    assert plans[0].links == {}
    assert plans[1].links == {
        work_id_from_seed("arxiv:1706.03762"): work_id_from_seed("doi:10.1000/one"),
    }


def test_a_link_goes_when_the_publication_turns_out_to_be_another() -> None:
    known = Known()
    links = decide(PREPRINT, ARTICLE, known=known).links
    known.links = {one: other for one, other in links.items() if other}

    plan = decide(replace(ARTICLE, title="A study of something else in every way"), known=known)

    assert plan.links == dict.fromkeys(links)


def test_a_link_goes_when_the_preprint_turns_out_to_be_the_publication() -> None:
    """A record with both identifiers makes one work of the two."""
    known = Known()
    links = decide(PREPRINT, ARTICLE, known=known).links
    known.links = {one: other for one, other in links.items() if other}

    plan = decide(BRIDGE, known=known)

    assert len(plan.works) == 1
    assert set(plan.redirects) <= set(links) | set(links.values())
    assert all(published is None for published in plan.links.values())
