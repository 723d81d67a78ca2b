"""Which work a record belongs to, decided without a database."""

from __future__ import annotations

from dataclasses import replace

import pytest

from research_api.domain.merging import merge_records, record_from_body, record_to_body
from research_api.domain.near_keys import near_keys
from research_api.domain.upsert import Known, Outcome, Plan, Upsert, prepare
from research_api.domain.works import Author, Identifier, OpenAccess, Record

DOI = Identifier("doi", "10.1000/one")
PMID = Identifier("pmid", "1")
ARXIV = Identifier("arxiv", "1706.03762")


def record(
    source: str = "crossref", source_id: str = "1", *identifiers: Identifier, **fields: object
) -> Record:
    given: dict[str, object] = {
        "title": "On growth",
        "authors": (Author("A Thompson", "A", "Thompson"),),
        "year": 1917,
    }
    return Record(source=source, source_id=source_id, identifiers=identifiers, **(given | fields))  # type: ignore[arg-type] # fields by name


def decide(*records: Record, known: Known | None = None) -> Plan:
    return Upsert(known or Known()).decide([prepare(one) for one in records])


def test_a_record_twice_in_one_batch_is_one_work_and_the_second_unchanged() -> None:
    assert decide(record(), record()).outcomes == (Outcome.NEW, Outcome.UNCHANGED)


def test_records_of_two_sources_join_by_title_year_and_first_author() -> None:
    authors = (Author("Ana Thompson", "Ana", "Thompson"), Author("B C"))
    other = record("acl", "x", title="ON GROWTH, and the form of animals!", authors=authors)

    plan = decide(record(title="On Growth and the Form of Animals"), other)

    assert plan.outcomes == (Outcome.NEW, Outcome.UPDATED)
    assert len(plan.works) == 1


def test_title_year_and_first_author_must_all_be_there_and_agree() -> None:
    others = (
        record("a", "1", year=1918),
        record("b", "1", title="On growth and form"),
        record("c", "1", authors=(Author("A Thomson", "A", "Thomson"),)),
        record("d", "1", year=None),
        record("e", "1", authors=()),
    )

    assert len(decide(record(), *others).works) == 6


def test_one_source_never_joins_two_of_its_records_by_title() -> None:
    assert len(decide(record("acl", "A94-1031"), record("acl", "A94-1033")).works) == 2


def test_different_dois_are_different_works_whatever_else_agrees() -> None:
    plan = decide(record("a", "1", DOI, ARXIV), record("b", "1", Identifier("doi", "10.1000/two"), ARXIV))

    assert len(plan.works) == 2


def test_a_shared_doi_outweighs_weaker_identifiers_that_differ() -> None:
    one, two = (
        record("a", "1", DOI, Identifier("openalex", "W1")),
        record("b", "1", DOI, Identifier("openalex", "W2")),
    )

    assert len(decide(one, two).works) == 1


@pytest.mark.parametrize("order", [1, -1])
def test_exports_that_come_back_join_their_own_works_and_merge_none(order: int) -> None:
    """Both show the DOI that their source gave to both, and only the first owns it."""
    known = Known()
    told = [
        record("acl", "J10-1006", DOI, Identifier("local", "acl:J10-1006")),
        record("acl", "J10-1008", DOI, Identifier("local", "acl:J10-1008"), title="Last words"),
    ]
    works = [one.work for one in decide(*told, known=known).works]
    back = [replace(one, source="export", source_id=work.id) for one, work in zip(told, works, strict=True)]

    plan = decide(*back[::order], known=known)

    assert plan.outcomes == (Outcome.UPDATED, Outcome.UPDATED)
    assert plan.redirects == {}
    assert all(incoming.record.source_id == work_id for incoming, work_id in plan.records)
    assert {one.work.title for one in plan.works} == {work.title for work in works}


def test_a_source_that_gives_one_doi_to_two_titles_has_mistyped_it() -> None:
    """J10-1006 and J10-1008 of the Anthology share a DOI and are a book review and an essay."""
    plan = decide(record("acl", "J10-1006", DOI), record("acl", "J10-1008", DOI, title="Last words"))

    first, second = (one.work for one in plan.works)
    assert plan.owners == {DOI: first.id}
    assert second.title == "Last words"


def test_a_record_that_names_two_works_joins_them_into_the_older_one() -> None:
    known = Known()
    first, second = (
        decide(one, known=known).works[0].work.id
        for one in (record("a", "1", DOI), record("b", "1", PMID, title="Unlike"))
    )

    plan = decide(record("c", "1", DOI, PMID), known=known)

    (only,) = plan.works
    assert only.work.id == first
    assert {source.name for source in only.work.sources} == {"a", "b", "c"}
    assert plan.redirects == {second: first}
    assert plan.owners == {PMID: first}


def test_works_that_nobody_saw_apart_leave_no_redirect() -> None:
    plan = decide(record("a", "1", DOI), record("b", "1", PMID, title="Unlike"), record("c", "1", DOI, PMID))

    (only,) = plan.works
    assert plan.redirects == {}
    assert plan.owners == {DOI: only.work.id, PMID: only.work.id}


def test_an_id_that_is_taken_is_salted() -> None:
    taken = decide(record("a", "1", DOI)).works[0].work.id

    plan = decide(record("a", "1", DOI), known=Known(taken_ids={taken}))

    assert plan.works[0].work.id != taken


def test_the_same_identifier_gives_the_same_id_on_any_host() -> None:
    assert (
        decide(record("a", "1", DOI)).works[0].work.id == decide(record("b", "9", DOI, PMID)).works[0].work.id
    )


def test_fields_come_from_the_most_trusted_source_that_fills_them() -> None:
    trusted = record("crossref", "1", DOI, citation_count=0)
    other = record(
        "openalex", "W1", DOI, title="Of growth", abstract="Words.", citation_count=9, retracted=True
    )

    work = merge_records("w_x", [other, trusted])

    assert (work.title, work.abstract, work.citation_count, work.retracted) == (
        "On growth",
        "Words.",
        0,
        True,
    )
    assert work.provenance["title"] == "crossref"
    assert work.provenance["abstract"] == "openalex"
    assert work.provenance["retracted"] == "openalex"
    assert work == merge_records("w_x", [trusted, other])


def test_what_was_published_counts_before_its_preprint() -> None:
    """PubMed and arXiv tell of one DOI: the article's venue and type, wherever only one of them has been asked."""
    article = record("pubmed", "777", DOI, venue="Journal", type="journal-article", date="1917-02")
    preprint = record(
        "arxiv", "0704.0001", DOI, venue="J. 1, 2", type="posted-content", date="1916-12", abstract="A."
    )

    work = merge_records("w_x", [preprint, article])

    assert (work.venue, work.type, work.date, work.abstract) == (
        "Journal",
        "journal-article",
        "1917-02",
        "A.",
    )


def test_a_record_comes_back_whole_from_its_body() -> None:
    full = record(
        "a", "1", DOI, abstract="x", venue="v", type="book", date="1917-01", url="u", citation_count=0, retracted=True,
        open_access=OpenAccess(False, None, "cc-by"), authors=(Author("A B", None, "B", "0000-0001-2345-6789"),),
    )  # fmt: skip

    assert record_from_body(record_to_body(full)) == full
    assert record_from_body(record_to_body(Record("a", "1", "t"))) == Record("a", "1", "t")


def test_a_title_without_a_word_matches_nothing() -> None:
    assert near_keys(record(title="???")) is None


def test_a_second_and_a_third_work_for_one_identifier_have_ids_of_their_own() -> None:
    """The second id names the record: a later batch that knows nothing of it comes to another one."""
    ids = set()
    taken: set[str] = set()
    for number in range(3):
        known = Known(taken_ids=set(taken))
        plan = decide(record("openalex", f"W{number}", DOI, title=f"Chapter {number}"), known=known)
        ids.add(plan.works[0].work.id)
        # the store looks up only the candidates of the records at hand
        taken = {plan.works[0].work.id} if number == 0 else taken
    assert len(ids) == 3


def test_a_record_that_now_contradicts_its_work_leaves_it() -> None:
    """OpenAlex first gives one paper's DOI and then corrects it to another's."""
    other = Identifier("doi", "10.1000/two")
    alpha, beta = record("crossref", "a", DOI, title="Alpha"), record("crossref", "b", other, title="Beta")
    known = Known()
    Upsert(known).decide([prepare(one) for one in (alpha, beta, record("openalex", "W1", DOI, title="Beta"))])

    plan = Upsert(known).decide([prepare(record("openalex", "W1", other, title="Beta", abstract="of beta"))])

    works = {one.work.title: one.work for one in plan.works}
    assert {source.name for source in works["Alpha"].sources} == {"crossref"}
    assert {source.name for source in works["Beta"].sources} == {"crossref", "openalex"}
    assert works["Beta"].abstract == "of beta"
