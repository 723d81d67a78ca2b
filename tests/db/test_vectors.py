"""Nearest works by pgvector, on a real Postgres."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from zlib import crc32

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from research_api.db.embedding_models import PostgresModelStore
from research_api.db.engine import Database
from research_api.db.vectors import PostgresVectorStore
from research_api.domain.index import Accepted
from research_api.domain.neighbours import Reach, few, reach
from research_api.domain.search import Filters
from research_api.domain.vectors import (
    EmbeddingModel,
    Matrix,
    Neighbours,
    Numbers,
    ids_from_numbers,
    numbers_from_ids,
)
from research_api.domain.works import OpenAccess, Work, work_id_from_number, work_number
from research_api.services.vector_search import Encoded, VectorSearch
from tests.conftest import create_database, drop_database, sqlalchemy_url
from tests.db.vector_given import DIMENSIONS, Made, put_vectors, put_works, titled, unit

pytestmark = pytest.mark.services

WORKS = 20_000
LARGE = 64
CLUSTERS = 200
LIMIT = 200
LEAST_RECALL = 0.95
REACH = reach(LIMIT, WORKS, WORKS)
NONE = Filters()


class Many:
    """Works in clusters, as those of one field lie, and what is asked of them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        random = np.random.default_rng(1)
        centres = unit(random.standard_normal((CLUSTERS, LARGE)).astype(np.float32))
        spread = random.standard_normal((WORKS, LARGE)).astype(np.float32) * 0.09
        self.vectors = unit(centres[random.integers(CLUSTERS, size=WORKS)] + spread)
        self.queries = unit(self.vectors[:20] + random.standard_normal((20, LARGE)).astype(np.float32) * 0.05)
        self.numbers: Numbers = np.sort(random.choice(2**60, size=WORKS, replace=False).astype(np.int64))
        self.citations = random.permutation(WORKS)
        model = PostgresModelStore(database).register("many", "/many", LARGE)
        assert model is not None
        self.model = model
        ids = ids_from_numbers(self.numbers)
        put_works(
            database,
            [
                Work(id=one, title="t", citation_count=int(n))
                for one, n in zip(ids, self.citations, strict=True)
            ],
        )
        self.fill()
        self.store = PostgresVectorStore(database)

    def fill(self) -> None:
        """The graph is made at once, which takes a fifth of the time that adding one vector after another does."""
        graph = f"work_vectors_{self.model.number}_graph"
        with self.database.begin() as connection:
            make = connection.execute(
                sa.text("SELECT pg_get_indexdef(CAST(:name AS regclass))"), {"name": graph}
            )
            definition = make.scalar_one()
            connection.execute(sa.text(f"DROP INDEX {graph}"))
        put_vectors(self.database, self.model, self.numbers, self.vectors)
        with self.database.begin() as connection:
            connection.execute(sa.text(definition))

    def nearest(self, query: Matrix, share: float = 1.0, limit: int = LIMIT) -> list[int]:
        """The truth: of the most cited works that make up the share."""
        is_in = self.citations >= WORKS * (1 - share)
        similarity = np.where(is_in, self.vectors @ query, -2)
        return [int(n) for n in self.numbers[np.argsort(-similarity)[: min(limit, int(is_in.sum()))]]]


@pytest.fixture(scope="module")
def many(request: pytest.FixtureRequest) -> Iterator[Many]:
    """Made once; nobody changes it."""
    servers, template = request.getfixturevalue("servers"), request.getfixturevalue("migrated_template")
    database = Database(sqlalchemy_url(create_database(servers, "many_vectors", template)))
    yield Many(database)
    database.close()
    drop_database(servers, "many_vectors")


def recall(found: Neighbours, true: list[int]) -> float:
    return len(set(found.numbers) & set(true)) / len(true)


def test_the_graph_finds_nearly_all_of_the_nearest(many: Many) -> None:
    recalls = []
    for query in many.queries:
        found = many.store.nearest(many.model, query, NONE, LIMIT, reach=REACH)
        recalls.append(recall(found, many.nearest(query)))
        assert list(found.similarities) == sorted(found.similarities, reverse=True)
        assert len(found.numbers) == LIMIT

    assert np.mean(recalls) >= LEAST_RECALL


def test_the_more_is_drawn_from_the_graph_the_less_is_missed(many: Many) -> None:
    """With few candidates, so that there is something to miss."""

    def found(drawn: int) -> float:
        reach = Reach(LIMIT // 5, drawn)
        lists = [many.store.nearest(many.model, one, NONE, LIMIT, reach=reach) for one in many.queries]
        assert {len(one.numbers) for one in lists} == {LIMIT}
        true = [many.nearest(one) for one in many.queries]
        return float(np.mean([recall(one, wanted) for one, wanted in zip(lists, true, strict=True)]))

    assert found(LIMIT) + 0.01 < found(4 * LIMIT)


def test_comparing_one_by_one_finds_exactly_the_nearest(many: Many) -> None:
    """What is told apart by less than half precision may change places."""
    among = many.numbers[many.citations >= WORKS * 0.7].tolist()
    for query in many.queries:
        found = many.store.nearest_among(many.model, query, among, LIMIT)
        true = many.nearest(query, 0.3)
        similarity = dict(zip(many.numbers.tolist(), (many.vectors @ query).tolist(), strict=True))

        assert np.allclose([similarity[n] for n in found.numbers], [similarity[n] for n in true], atol=2e-3)
        assert np.allclose(found.similarities, [similarity[n] for n in found.numbers], atol=2e-3)


@pytest.mark.parametrize("share", [0.5, 0.1, 0.03, 0.005])
@pytest.mark.parametrize("is_chosen", [True, False], ids=["as the service chooses", "by the graph"])
def test_filters_do_not_break_the_search(many: Many, share: float, is_chosen: bool) -> None:
    filters = Filters(min_citations=int(WORKS * (1 - share)))
    accepted = many.numbers[many.citations >= WORKS * (1 - share)].tolist()
    kept = tuple(accepted) if is_chosen and len(accepted) <= few(WORKS) else None
    search = VectorSearch(many.store, loader=None)  # type: ignore[arg-type] # nothing is encoded here
    found = [
        search.nearest(
            Encoded(many.model, query, -1), filters, Accepted(len(accepted), kept), LIMIT, reach=REACH
        )
        for query in many.queries
    ]

    recalls = [
        recall(one, many.nearest(query, share)) for one, query in zip(found, many.queries, strict=True)
    ]
    assert np.mean(recalls) >= LEAST_RECALL


def plan_of(many: Many, filters: Filters) -> str:
    """How Postgres does what `nearest` sends."""
    sent: list[tuple[str, object]] = []
    reader = many.database._reader

    def note(_c: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        sent.append((statement, parameters))

    event.listen(reader, "before_cursor_execute", note)
    many.store.nearest(many.model, many.queries[0], filters, LIMIT, reach=REACH)
    event.remove(reader, "before_cursor_execute", note)
    [(statement, parameters)] = sent
    settings_sent, _, query = statement.partition(";")
    with many.database.connect() as connection:
        rows = connection.exec_driver_sql(f"{settings_sent}; EXPLAIN {query}", parameters)
        return "\n".join(row[0] for row in rows)


@pytest.mark.parametrize("filters", [NONE, Filters(year_from=1990, types=("article",), open_access=True)])
@pytest.mark.parametrize("is_analyzed", [False, True])
def test_the_graph_is_walked_and_nothing_else_is_read_through(
    many: Many, filters: Filters, is_analyzed: bool
) -> None:
    if is_analyzed:
        with many.database.begin() as connection:
            connection.execute(sa.text("ANALYZE"))

    plan = plan_of(many, filters)

    assert f"Index Scan using work_vectors_{many.model.number}_graph" in plan
    # what the graph gave is put in order, and nothing else is
    assert re.findall("Sort Key: .*", plan) == ["Sort Key: d.similarity DESC"]
    assert "Seq Scan" not in plan


def test_the_settings_of_a_search_end_with_it(many: Many) -> None:
    """The pool hands the same connection to whoever comes next."""
    database = Database(str(many.database.engine.url.render_as_string(hide_password=False)), pool_size=1)
    names = ("hnsw.ef_search", "hnsw.iterative_scan", "hnsw.max_scan_tuples", "enable_sort", "enable_seqscan")
    show = sa.text("SELECT " + ", ".join(f"current_setting('{name}')" for name in names))
    with database.connect() as connection:
        connection.execute(sa.text("SELECT '[1]'::vector"))
        before = connection.execute(show).one()

    PostgresVectorStore(database).nearest(
        many.model, many.queries[0], Filters(year_from=1), LIMIT, reach=REACH
    )
    with database.connect() as connection:
        after = connection.execute(show).one()
    with pytest.raises(sa.exc.DBAPIError):
        PostgresVectorStore(database).nearest(many.model, many.queries[0][:3], NONE, LIMIT, reach=REACH)
    with database.connect() as connection:
        after_an_error = connection.execute(show).one()
    database.close()

    assert tuple(before) == ("40", "off", "20000", "on", "on")
    assert tuple(before) == tuple(after) == tuple(after_an_error)


def test_vectors_come_back_as_they_were_given_to_half_precision(many: Many) -> None:
    wanted = many.numbers[[5, 3, 400]].tolist()

    numbers, rows = many.store.vectors_of(many.model, [*wanted, 17])

    assert sorted(numbers.tolist()) == sorted(wanted)
    for number, row in zip(numbers, rows, strict=True):
        true = many.vectors[np.searchsorted(many.numbers, number)]
        assert np.array_equal(row, true.astype(np.float16).astype(np.float32)) or np.allclose(
            row, true, atol=1e-3
        )
    assert many.store.vectors_of(many.model, [])[1].shape == (0, LARGE)


_types = st.sampled_from(("journal-article", "book", "dataset"))
_works = st.lists(
    st.builds(
        Work,
        id=st.just(""),
        title=st.just("t"),
        year=st.none() | st.integers(1990, 1996),
        type=st.none() | _types,
        open_access=st.builds(OpenAccess, st.sampled_from((None, True, False))),
        citation_count=st.none() | st.integers(0, 4),
        retracted=st.booleans(),
    ),
    min_size=1,
    max_size=12,
)
_filters = st.builds(
    Filters,
    year_from=st.none() | st.integers(1989, 1997),
    year_to=st.none() | st.integers(1989, 1997),
    types=st.lists(_types, max_size=2, unique=True).map(tuple),
    open_access=st.sampled_from((None, True, False)),
    min_citations=st.none() | st.integers(0, 4),
    exclude_retracted=st.booleans(),
)


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(works=_works, filters=st.lists(_filters, min_size=4, max_size=8))
def test_filters_say_in_sql_what_they_say_of_a_work(
    made: Made, works: list[Work], filters: list[Filters]
) -> None:
    made.sql("DELETE FROM works")
    model = made.models.filled() or made.register("a")
    works = [replace(work, id=one.id) for work, one in zip(works, titled(*map(str, works)), strict=True)]
    put_works(made.database, works)
    numbers = np.arange(1, len(works) + 1, dtype=np.int64)
    # of many vectors that are the same, dead ones included, some cannot be reached in the graph
    random = np.random.default_rng(crc32(repr(works).encode()))
    rows = random.standard_normal((len(works), DIMENSIONS), dtype=np.float32)
    put_vectors(made.database, model, numbers, rows / np.linalg.norm(rows, axis=1, keepdims=True))
    store = PostgresVectorStore(made.database)

    for one in filters:
        found = store.nearest(model, np.eye(1, DIMENSIONS, dtype=np.float32)[0], one, 100, reach=REACH)
        assert set(found.numbers) == {work_number(work.id) for work in works if one.accept(work)}


@given(st.lists(st.integers(0, 2**60 - 1), max_size=20))
@settings(derandomize=True, database=None, deadline=None)
def test_ids_and_numbers_are_what_they_are_one_by_one(numbers: list[int]) -> None:
    ids = ids_from_numbers(np.array(numbers, dtype=np.int64))

    assert ids == [work_id_from_number(number) for number in numbers]
    assert numbers_from_ids(ids).tolist() == numbers == [work_number(one) for one in ids]


def test_an_empty_model_has_no_neighbours(made: Made) -> None:
    model: EmbeddingModel = made.register("a")
    store = PostgresVectorStore(made.database)
    query = np.eye(1, DIMENSIONS, dtype=np.float32)[0]

    assert store.nearest(model, query, NONE, 10, reach=REACH) == Neighbours()
    assert store.nearest_among(model, query, [], 10) == Neighbours()
    assert store.nearest_among(model, query, [1], 10) == Neighbours()
    assert store.count(model) == 0


def test_the_current_model_is_known_and_before_the_first_there_is_none(made: Made) -> None:
    store = PostgresVectorStore(made.database)
    before = store.current_model()

    model = made.register("a")
    made.register("b")

    assert before is None
    assert store.current_model() == model
