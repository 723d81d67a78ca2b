"""What works refer to, on a real Postgres."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from research_api.db.engine import Database
from research_api.db.references import _REFERRING, PostgresReferenceStore
from research_api.db.works import PostgresWorkStore
from research_api.domain.edges import Referring
from research_api.domain.related import Coupling
from research_api.domain.works import Identifier, Record
from tests.db.batches import prepared

pytestmark = pytest.mark.services


def doi(name: str) -> Identifier:
    return Identifier("doi", f"10.1000/{name}")


def paper(name: str, *references: Identifier, source: str = "crossref", **fields: object) -> Record:
    given: dict[str, object] = {"title": f"About {name}", "identifiers": (doi(name),)}
    return Record(source=source, source_id=f"10.1000/{name}", references=references, **(given | fields))  # type: ignore[arg-type] # fields by name


class Catalog:
    """Works by the names of their DOIs."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.store = PostgresWorkStore(database)
        self.references = PostgresReferenceStore(database)

    def put(self, *records: Record) -> None:
        self.store.upsert(prepared(records))

    def id_of(self, name: str) -> str:
        return self.store.ids_of([doi(name)])[doi(name)]

    def coupled(self, name: str, limit: int = 10) -> list[Coupling]:
        return self.references.coupled(self.id_of(name), limit)

    def stored(self) -> int:
        with self.database.connect() as connection:
            return int(connection.execute(sa.text("SELECT count(*) FROM work_references")).scalar_one())


@pytest.fixture
def catalog(database: Database) -> Catalog:
    return Catalog(database)


def test_works_are_coupled_by_what_both_refer_to_the_most_first(catalog: Catalog) -> None:
    catalog.put(
        paper("a", doi("x"), doi("y"), doi("z")),
        paper("b", doi("x")),
        paper("c", doi("x"), doi("y"), doi("v"), doi("w")),
        paper("d", doi("v")),
    )

    assert catalog.coupled("a") == [
        Coupling(catalog.id_of("c"), shared=2, mine=3, theirs=4),
        Coupling(catalog.id_of("b"), shared=1, mine=3, theirs=1),
    ]
    assert len(catalog.coupled("a", limit=1)) == 1


def test_one_work_under_two_names_is_one_reference(catalog: Catalog) -> None:
    """Crossref refers by DOI, OpenAlex by its own number; the catalog knows that both are one work."""
    number = Identifier("openalex", "W1")
    catalog.put(
        paper("x", identifiers=(doi("x"), number)),
        paper("a", doi("x")),
        paper("b", number, source="openalex"),
        paper("c", doi("x"), number),
    )

    assert {one.work_id: (one.shared, one.mine, one.theirs) for one in catalog.coupled("a")} == {
        catalog.id_of("b"): (1, 1, 1),
        catalog.id_of("c"): (1, 1, 1),
    }
    assert {one.work_id: one.strength for one in catalog.coupled("c")}[catalog.id_of("a")] == 1.0


def test_a_newer_saying_replaces_what_the_same_source_said_and_others_add(catalog: Catalog) -> None:
    catalog.put(paper("a", doi("x")), paper("b", doi("x")), paper("c", doi("y")))

    catalog.put(paper("a", doi("y")))
    assert [one.work_id for one in catalog.coupled("a")] == [catalog.id_of("c")]

    catalog.put(paper("a", doi("x"), source="openalex"))
    assert {one.work_id for one in catalog.coupled("a")} == {catalog.id_of("b"), catalog.id_of("c")}
    assert catalog.stored() == 4


def test_references_go_with_a_work_that_is_merged_away(catalog: Catalog) -> None:
    number, pmid = Identifier("openalex", "W7"), Identifier("pmid", "7")
    catalog.put(
        paper("a", doi("x"), identifiers=(doi("a"), pmid)),
        Record("openalex", "W7", "About nothing else", identifiers=(number,), references=(doi("y"),)),
    )
    catalog.put(
        Record("openalex", "W7", "About a", identifiers=(number, pmid, doi("a")), references=(doi("y"),))
    )

    assert catalog.store.count() == 1
    assert catalog.stored() == 2


def test_a_work_without_references_is_coupled_with_none(catalog: Catalog) -> None:
    catalog.put(paper("a"), paper("b", doi("x")))

    assert catalog.coupled("a") == []


def test_the_references_of_a_work_are_the_names_that_its_records_give(catalog: Catalog) -> None:
    number = Identifier("openalex", "W1")
    catalog.put(paper("a", doi("y"), doi("x")), paper("a", number, source="openalex"), paper("b", doi("z")))

    assert catalog.references.of(catalog.id_of("a"), 10) == [doi("x"), doi("y"), number]
    assert catalog.references.of(catalog.id_of("a"), 2) == [doi("x"), doi("y")]
    assert catalog.references.of("w_aaaaaaaaaaaa", 2) == []


def referring(catalog: Catalog, name: str, *names: Identifier, limit: int = 10) -> Referring:
    return catalog.references.referring(catalog.id_of(name), names, limit)


def test_works_that_refer_to_one_by_any_of_its_names_stand_once_the_most_cited_first(
    catalog: Catalog,
) -> None:
    number = Identifier("openalex", "W1")
    catalog.put(
        paper("x", doi("x"), identifiers=(doi("x"), number)),
        paper("a", doi("x"), number, citation_count=3),
        paper("b", number, citation_count=7),
        paper("c", doi("x"), year=2001),
        paper("d", doi("x"), year=2020),
        paper("e", doi("y")),
    )

    everybody = tuple(catalog.id_of(name) for name in ("b", "a", "d", "c"))
    assert referring(catalog, "x") == Referring(everybody, 4)
    assert referring(catalog, "x", limit=2) == Referring(everybody[:2], 4)
    assert referring(catalog, "e") == Referring((), 0)


def test_names_that_the_catalog_does_not_have_yet_are_looked_for_too(catalog: Catalog) -> None:
    """A work just found in a source is stored behind the answer that asks who refers to it."""
    catalog.put(paper("a", doi("new")), paper("b", doi("x")))

    assert catalog.references.referring("w_aaaaaaaaaaaa", [doi("new")], 10) == Referring(
        (catalog.id_of("a"),), 1
    )


def test_what_refers_to_a_work_is_found_by_the_index_alone(catalog: Catalog) -> None:
    """A scan over all references would take seconds in a catalog of millions."""
    with catalog.database.connect() as connection:
        connection.execute(sa.text("SET enable_seqscan = off"))
        plan = "\n".join(
            connection.execute(
                sa.text(f"EXPLAIN {_REFERRING.text}"),
                {"id": "w_aaaaaaaaaaaa", "schemes": ["doi"], "values": ["10.1/x"], "ranked": 10, "limit": 10},
            ).scalars()
        )
        connection.execute(sa.text("RESET enable_seqscan"))

    assert "work_references_target" in plan
    assert "Seq Scan on work_references" not in plan
