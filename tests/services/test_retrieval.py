"""Lists by meaning and by both: a real index of words, vectors in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from research_api.catalog.indexer import TantivyIndexer
from research_api.catalog.layout import IndexLayout
from research_api.catalog.searcher import TantivySearcher
from research_api.domain.errors import DatabaseUnavailable, EmbeddingUnavailable
from research_api.domain.neighbours import few
from research_api.domain.ranking import POOL
from research_api.domain.search import Filters, Mode, Relation, SearchAnswer, SearchRequest, Sort
from research_api.domain.vectors import Matrix
from research_api.domain.works import Author, Work, work_id_from_seed
from research_api.services.retrieval import NEAR_IF_SORTED, Retriever
from research_api.services.search import Wish
from research_api.services.vector_search import VectorSearch
from tests.catalog.fakes import FakeChangeFeed
from tests.services.fakes import FakeEmbedder, FakeLoader, FakeTime, FakeVectorStore, model_named, unit
from tests.services.federation_fakes import make_parts

LEAST = 0.6
NEAR, FAR = unit(1, 0.1), unit(0.1, 1)


class Bench:
    """A catalog whose queries all have the vector (1, 0)."""

    def __init__(self, folder: Path, few_of: Callable[[int], int] = few) -> None:
        self.feed = FakeChangeFeed()
        self.layout = IndexLayout(folder)
        self.searcher = TantivySearcher(self.layout)
        self.store = FakeVectorStore(model_named("one"))
        self.embedder = FakeEmbedder("one", least_similarity=LEAST)
        self.time = FakeTime()
        vectors = VectorSearch(self.store, FakeLoader(self.embedder), monotonic=self.time.monotonic)
        self.service = make_parts(Retriever(self.searcher, vectors, few_of=few_of), self.feed).service

    def put(self, seed: str, title: str, vector: Matrix | None, **fields: object) -> Work:
        """A work under that seed, indexed by `ready`."""
        work = Work(id=work_id_from_seed(seed), title=title, **fields)  # type: ignore[arg-type] # as much as needed
        self.feed.put(work)
        if vector is not None:
            self.store.put(work, vector)
        return work

    def ready(self) -> None:
        """The index has all works."""
        TantivyIndexer(self.layout, self.feed, host="here").apply()
        self.searcher._next_look = 0.0  # the next look is now

    def ask(
        self,
        text: str,
        mode: Mode = Mode.HYBRID,
        *,
        sort: Sort = Sort.RELEVANCE,
        filters: Filters | None = None,
        facets: tuple[str, ...] = (),
        limit: int = 50,
    ) -> SearchAnswer:
        request = SearchRequest(text, mode, sort=sort, filters=filters or Filters(), facets=facets)
        return self.service.search(request, Wish(limit, "t"))


def titles(answer: SearchAnswer) -> list[str]:
    return [hit.work.title for hit in answer.hits]


def codes(answer: SearchAnswer) -> list[str]:
    return [one.code for one in answer.warnings]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_a_work_without_a_single_word_of_the_query_is_found_by_its_meaning(bench: Bench) -> None:
    bench.put("a", "Feline behaviour", NEAR)
    bench.put("b", "Cats of Rome", NEAR)
    bench.put("c", "Steel bridges", FAR)
    bench.ready()

    answer = bench.ask("how cats behave", facets=("type",))

    assert sorted(titles(answer)) == ["Cats of Rome", "Feline behaviour"]
    assert (answer.total, answer.relation) == (2, Relation.AT_LEAST)
    assert (codes(answer), answer.degraded, answer.complete) == ([], False, True)
    assert bench.embedder.encoded == ["how cats behave"]


def test_what_is_found_by_meaning_is_counted_in_the_facets(bench: Bench) -> None:
    bench.put("a", "Feline behaviour", NEAR, year=2001)
    bench.put("b", "Cats of Rome", NEAR, year=2002)
    bench.put("c", "Steel bridges", FAR, year=2003)
    bench.ready()

    answer = bench.ask("how cats behave", facets=("year",))

    assert sorted((one.value, one.count) for one in answer.facets["year"]) == [("2001", 1), ("2002", 1)]


def test_gibberish_finds_nothing_that_is_less_near_than_the_model_says(bench: Bench) -> None:
    """Nearest is something always; below the least similarity it is no answer."""
    bench.embedder.other = unit(-1, -1)
    bench.put("a", "Feline behaviour", NEAR)
    bench.put("b", "Steel bridges", FAR)
    bench.ready()

    answer = bench.ask("xqzzv wwkrp")

    assert (answer.hits, answer.total) == ((), 0)


def test_clauses_hold_for_what_is_found_by_meaning(bench: Bench) -> None:
    bench.put("a", "Feline behaviour", NEAR, year=2001, authors=(Author("Ada Lovelace"),))
    bench.put("b", "Feline sleep", NEAR, year=2001, authors=(Author("Ada Lovelace"),))
    bench.put("c", "Feline behaviour again", NEAR, year=1990, authors=(Author("Ada Lovelace"),))
    bench.put("d", "Feline behaviour too", NEAR, year=2001, authors=(Author("Kurt Gödel"),))
    bench.ready()

    for mode in (Mode.HYBRID, Mode.VECTOR):
        answer = bench.ask("cats author:lovelace year:2000-2010 NOT sleep", mode)

        assert titles(answer) == ["Feline behaviour"], mode
        assert answer.total == 1
    assert set(bench.embedder.encoded) == {"cats"}


def test_filters_hold_and_few_accepted_works_are_compared_one_by_one(bench: Bench) -> None:
    bench.put("a", "Feline behaviour", NEAR, year=2001)
    bench.put("b", "Feline sleep", NEAR, year=1990)
    bench.ready()

    assert titles(bench.ask("cats", filters=Filters(year_from=2000))) == ["Feline behaviour"]
    assert "nearest_among" in bench.store.asked
    assert "nearest" not in bench.store.asked
    bench.ask("cats")
    assert "nearest" in bench.store.asked


def test_words_alone_rank_where_no_vector_can_be_had_and_the_answer_says_so(bench: Bench) -> None:
    bench.put("a", "Feline behaviour", NEAR)
    bench.put("b", "Cats of Rome", NEAR)
    bench.ready()
    bench.embedder.is_down = True

    answer = bench.ask("how cats behave")

    assert titles(answer) == titles(bench.ask("how cats behave", Mode.LEXICAL))
    assert codes(answer) == ["vectors_unavailable"]
    assert answer.degraded
    with pytest.raises(EmbeddingUnavailable):
        bench.ask("how cats behave", Mode.VECTOR)


def test_without_a_model_the_same(bench: Bench) -> None:
    bench.put("b", "Cats of Rome", None)
    bench.ready()
    bench.store.model = None

    assert (titles(bench.ask("cats")), codes(bench.ask("cats"))) == (
        ["Cats of Rome"],
        ["vectors_unavailable"],
    )


def test_without_an_index_nothing_is_found_by_meaning_and_the_answer_says_why(bench: Bench) -> None:
    """What the index does not have cannot be filtered."""
    bench.store.put(Work(id=work_id_from_seed("a"), title="Feline behaviour"), NEAR)

    for mode in (Mode.HYBRID, Mode.VECTOR):
        answer = bench.ask("how cats behave", mode)

        assert (answer.hits, codes(answer), answer.degraded) == ((), ["index_missing"], True)


def test_a_work_that_the_index_does_not_have_yet_is_left_out(bench: Bench) -> None:
    bench.put("a", "Cats of Rome", NEAR)
    bench.ready()
    bench.store.put(Work(id=work_id_from_seed("b"), title="Feline behaviour"), NEAR)

    assert [titles(bench.ask("cats", mode)) for mode in (Mode.HYBRID, Mode.VECTOR)] == [["Cats of Rome"]] * 2


def test_a_database_that_is_away_is_no_lack_of_vectors(bench: Bench) -> None:
    bench.ready()
    bench.store.is_down = True

    with pytest.raises(DatabaseUnavailable):
        bench.ask("cats")


def test_while_vectors_are_missing_the_answer_says_so(bench: Bench) -> None:
    bench.put("b", "Cats of Rome", NEAR)
    bench.ready()
    bench.store.filling = True

    for mode in (Mode.HYBRID, Mode.VECTOR):
        answer = bench.ask("cats", mode)
        assert (codes(answer), answer.degraded) == (["vectors_incomplete"], True)
    assert codes(bench.ask("cats", Mode.LEXICAL)) == []


@pytest.mark.parametrize("text", ["year:2001", "author:lovelace", "NOT bridges", "NOT sleep AND year:2001"])
def test_a_query_without_a_word_to_rank_by_needs_no_vector(bench: Bench, text: str) -> None:
    bench.put("a", "Feline behaviour", NEAR, year=2001, authors=(Author("Ada Lovelace"),))
    bench.ready()

    answer = bench.ask(text)

    assert (titles(answer), codes(answer), bench.embedder.encoded) == (["Feline behaviour"], [], [])


@pytest.mark.parametrize("sort", [Sort.NEWEST, Sort.MOST_CITED])
def test_another_order_than_relevance_needs_no_vector(bench: Bench, sort: Sort) -> None:
    bench.put("a", "Cats at home", NEAR, year=1990, date="1990-01-01", citation_count=1)
    bench.put("b", "Cats of Rome", FAR, year=2001, date="2001-01-01", citation_count=5)
    bench.ready()

    answer = bench.ask("cats", sort=sort)

    assert titles(answer) == ["Cats of Rome", "Cats at home"]
    assert bench.embedder.encoded == []


def test_vector_mode_in_another_order_takes_the_nearest_alone(bench: Bench) -> None:
    for number in range(NEAR_IF_SORTED + 5):
        near = unit(1, number / 1000)
        bench.put(str(number), f"Work {number}", near, year=1900 + number, date=f"{1900 + number}-01-01")
    bench.ready()

    answer = bench.ask("cats", Mode.VECTOR, sort=Sort.NEWEST, limit=100)

    assert answer.total == NEAR_IF_SORTED
    assert titles(answer)[0] == f"Work {NEAR_IF_SORTED - 1}"


def test_vector_mode_ranks_by_nearness_alone(bench: Bench) -> None:
    bench.put("a", "Cats cats cats", FAR)
    bench.put("b", "Feline behaviour", NEAR)
    bench.put("c", "Feline sleep", unit(1, 0.5))
    bench.put("d", "Cats without a vector", None)
    bench.ready()

    answer = bench.ask("cats", Mode.VECTOR)

    assert titles(answer) == ["Feline behaviour", "Feline sleep", "Cats cats cats"]
    scores = [hit.score or 0.0 for hit in answer.hits]
    assert scores == pytest.approx([float(one[0]) for one in (NEAR, unit(1, 0.5), FAR)], abs=1e-6)


def test_a_work_without_a_vector_ranks_by_its_words_with_average_nearness(bench: Bench) -> None:
    for name, vector in (("near", NEAR), ("none", None), ("far", FAR)):
        bench.put(name, f"Cats {name}", vector)
    bench.ready()

    assert titles(bench.ask("cats")) == ["Cats near", "Cats none", "Cats far"]


def test_the_list_has_every_work_once_and_its_end_stands_in_the_order_of_the_words(bench: Bench) -> None:
    for number in range(480):
        vector = NEAR if number % 7 == 0 else FAR
        bench.put(str(number), f"Cats {' '.join(['filler'] * (number % 40))} {number}", vector)
    for number in range(20):
        bench.put(f"m{number}", f"Feline {number}", NEAR)
    bench.ready()

    both, words = pages(bench, "cats"), pages(bench, "cats", Mode.LEXICAL)

    ids = [one for one, _ in both]
    assert len(ids) == len(set(ids)) == 500
    assert set(ids) == {one for one, _ in words} | {work_id_from_seed(f"m{number}") for number in range(20)}
    scores = [score for _, score in both]
    assert scores == sorted(scores, reverse=True)
    tail = ids[2 * POOL :]
    assert len(tail) >= 500 - 2 * POOL
    assert tail == [one for one, _ in words if one in set(tail)]
    assert ids[:POOL] != [one for one, _ in words][:POOL]


def pages(bench: Bench, text: str, mode: Mode = Mode.HYBRID) -> list[tuple[str, float]]:
    """All works of the search with their scores."""
    answer = bench.ask(text, mode)
    found = [(hit.work.id, hit.score or 0.0) for hit in answer.hits]
    while answer.next_cursor:
        answer = bench.service.next_page(answer.next_cursor, Wish(50, "t"), request=None)
        found += [(hit.work.id, hit.score or 0.0) for hit in answer.hits]
    return found


def test_a_work_that_the_text_names_comes_first(bench: Bench) -> None:
    named = bench.put("a", "Cats of Rome", FAR, identifiers={"doi": "10.1000/x.1"})
    for number in range(5):
        bench.put(str(number), f"Cats of Rome and Rome of cats {number}", NEAR)
    bench.ready()

    for text in ("cats of rome", "10.1000/x.1", named.id):
        answer = bench.ask(text)
        assert answer.hits[0].work.id == named.id
        assert len({hit.work.id for hit in answer.hits}) == len(answer.hits)


def test_warming_up_loads_the_model_and_needs_none_where_there_are_no_vectors(bench: Bench) -> None:
    bench.service.warm_up()

    assert bench.store.asked[:1] == ["current_model"]
    Retriever(bench.searcher, None).warm_up()


def test_lexical_and_strict_ask_nothing_of_the_vectors(bench: Bench) -> None:
    bench.put("a", "Cats of Rome", NEAR)
    bench.ready()

    answers: Sequence[SearchAnswer] = [bench.ask("cats", mode) for mode in (Mode.LEXICAL, Mode.STRICT)]

    assert [titles(one) for one in answers] == [["Cats of Rome"]] * 2
    assert (bench.store.asked, bench.embedder.encoded) == ([], [])


def crowd(folder: Path, **fields: object) -> Bench:
    """More near works than a list holds, and behind them three with the fields, which are more than are compared."""
    bench = Bench(folder, few_of=lambda _: 2)
    for number in range(POOL + 50):
        bench.put(f"near {number}", f"Near work {number}", unit(1, 0.001 * number), year=1990)
    for number in range(3):
        bench.put(f"wanted {number}", f"Wanted work {number}", unit(1, 0.4), **fields)
    bench.ready()
    return bench


@pytest.mark.parametrize("mode", [Mode.VECTOR, Mode.HYBRID])
@pytest.mark.parametrize(
    ("clause", "fields"),
    [
        ("year:2015", {"year": 2015}),
        ("year:2010- year:-2020", {"year": 2015}),
        ("author:smith", {"authors": (Author("Ann Smith"),)}),
        ("NOT near", {}),
        ("year:2015 author:smith", {"year": 2015, "authors": (Author("Ann Smith"),)}),
    ],
)
def test_a_clause_that_leaves_many_works_empties_no_list(
    tmp_path: Path, mode: Mode, clause: str, fields: dict[str, object]
) -> None:
    """Else the nearest of all works would be taken first, and what the clause wants stands behind them."""
    answer = crowd(tmp_path, **fields).ask(f"unspoken question {clause}", mode)

    assert sorted(titles(answer)) == [f"Wanted work {number}" for number in range(3)]


def test_without_any_vector_a_vector_search_finds_nothing(bench: Bench) -> None:
    bench.put("a", "Cats of Rome", None)
    bench.ready()

    assert (bench.ask("cats", Mode.VECTOR).hits, bench.ask("cats", Mode.VECTOR).total) == ((), 0)


def test_clauses_alone_filter_in_every_mode(bench: Bench) -> None:
    bench.put("a", "Cats of Rome", FAR, authors=(Author("Ann Smith"),))
    bench.put("b", "Steel bridges", NEAR)
    bench.ready()

    for mode in (Mode.VECTOR, Mode.HYBRID, Mode.LEXICAL):
        assert titles(bench.ask("author:smith", mode)) == ["Cats of Rome"]
    assert bench.embedder.encoded == []
