"""A search from the question to the page, over a real index and a store in memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from research_api.catalog.indexer import TantivyIndexer
from research_api.catalog.layout import IndexLayout
from research_api.catalog.searcher import TantivySearcher
from research_api.domain.errors import (
    CursorInvalid,
    EmbeddingUnavailable,
    Expired,
    Invalid,
    QueryInvalid,
    Unavailable,
)
from research_api.domain.search import Filters, Mode, SearchRequest, Sort, SourceOutcome
from research_api.domain.works import Work, work_id_from_seed
from research_api.services.retrieval import Retriever
from research_api.services.search import Wish
from tests.catalog.fakes import FakeChangeFeed
from tests.services.federation_fakes import make_parts


class Bench:
    """The service and everything behind it."""

    def __init__(self, folder: Path) -> None:
        self.feed = FakeChangeFeed()
        self.layout = IndexLayout(folder)
        self.searcher = TantivySearcher(self.layout)
        self.parts = make_parts(Retriever(self.searcher, None), self.feed)
        self.cache, self.service = self.parts.cache, self.parts.service

    def put(self, *works: Work) -> None:
        self.feed.put(*works)
        TantivyIndexer(self.layout, self.feed, host="here").apply()
        self.searcher._next_look = 0.0  # the next look is now


def work(seed: str, title: str, **fields: object) -> Work:
    return Work(id=work_id_from_seed(seed), title=title, **fields)  # type: ignore[arg-type] # as much as the tests need


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_strict_results_carry_the_spans_that_prove_them(bench: Bench) -> None:
    bench.put(work("a", "Über deep-learning", abstract="It learns."), work("b", "Deep water"))

    answer = bench.service.search(SearchRequest('"DEEP learning"', Mode.STRICT), Wish(10, "t"))

    (hit,) = answer.hits
    assert [hit.work.title[span.start : span.end] for span in hit.matches] == ["deep-learning"]
    assert answer.canonical == '"deep learning"'
    assert answer.total == 1
    assert answer.complete
    assert not answer.degraded


def test_what_the_stored_text_no_longer_proves_is_not_returned(bench: Bench) -> None:
    """The index lags behind the truth: the matcher has the last word."""
    one = work("a", "Deep learning")
    bench.put(one)
    bench.feed.known[one.id] = work("a", "Shallow water")

    answer = bench.service.search(SearchRequest("deep", Mode.STRICT), Wish(10, "t"))

    assert answer.hits == ()


def test_spans_are_left_out_where_nobody_wants_them_and_proofs_are_made_all_the_same(bench: Bench) -> None:
    kept, changed = work("a", "Deep learning"), work("b", "Deep sea")
    bench.put(kept, changed)
    bench.feed.known[changed.id] = work("b", "Deep water")

    def ask(text: str, mode: Mode) -> list[tuple[str, int]]:
        answer = bench.service.search(SearchRequest(text, mode), Wish(10, "t", with_matches=False))
        return [(hit.work.title, len(hit.matches)) for hit in answer.hits]

    assert sorted(ask("deep", Mode.LEXICAL)) == [("Deep learning", 0), ("Deep water", 0)]
    assert ask("deep NOT water", Mode.LEXICAL) == [("Deep learning", 0)]
    assert ask("deep NOT water", Mode.STRICT) == [("Deep learning", 1)]


@pytest.mark.parametrize(
    "text", ["10.1000/X.1", "doi:10.1000/x.1", "https://doi.org/10.1000/x.1", "WATER, deep!"]
)
def test_an_identifier_or_a_whole_title_comes_first(bench: Bench, text: str) -> None:
    named = work("a", "Water deep", identifiers={"doi": "10.1000/x.1"})
    bench.put(
        named,
        *(work(str(n), "Water deep water deep in deep water", abstract="x 1 10 1000") for n in range(20)),
    )

    answer = bench.service.search(SearchRequest(text, Mode.LEXICAL), Wish(5, "t"))

    assert answer.hits[0].work.id == named.id


@pytest.mark.parametrize("sort", list(Sort))
@pytest.mark.parametrize("by", ["id", "doi", "openalex"])
def test_a_named_work_is_found_in_every_order_and_counted(bench: Bench, by: str, sort: Sort) -> None:
    named = work(
        "a", "Unlike", year=1980, type="book", identifiers={"doi": "10.1000/x.1", "openalex": "W2741809807"}
    )
    words = "x 1 10 1000 w2741809807 https openalex org"
    others = [work(str(n), words, year=2000 + n, type="book", abstract=named.id) for n in range(9)]
    bench.put(named, *others)
    text = {"id": named.id, "doi": "10.1000/x.1", "openalex": "https://openalex.org/W2741809807"}[by]

    request = SearchRequest(text, Mode.LEXICAL, sort=sort, facets=("type",))
    answer = bench.service.search(request, Wish(20, "t"))

    found = [hit.work for hit in answer.hits]
    assert named.id in {one.id for one in found}
    assert answer.total == len(found) == sum(one.count for one in answer.facets["type"])
    if sort is Sort.RELEVANCE:
        assert found[0].id == named.id
    elif sort is Sort.NEWEST:
        assert [one.year for one in found] == sorted((one.year for one in found), reverse=True)


def test_a_work_merged_away_after_the_list_was_made_is_not_shown_twice(bench: Bench) -> None:
    works = [work(str(number), f"Deep water {number}") for number in range(4)]
    bench.put(*works)
    request = SearchRequest("deep", Mode.STRICT)
    first = bench.service.search(request, Wish(2, "t"))
    shown = [hit.work.id for hit in first.hits]
    rest = [one for one in works if one.id not in shown]
    survivor = bench.feed.known[shown[0]]
    bench.feed.known[rest[0].id] = survivor

    second = bench.service.next_page(str(first.next_cursor), Wish(2, "t"), request=None)

    assert [hit.work.id for hit in second.hits] == [rest[1].id]


def test_works_merged_into_one_outside_the_list_are_shown_once_over_all_pages(bench: Bench) -> None:
    works = [work(str(number), f"Deep water {number}") for number in range(5)]
    bench.put(*works)
    first = bench.service.search(SearchRequest("deep", Mode.STRICT), Wish(1, "t"))
    survivor = work("other", "Deep water joined")
    for one in works[1:] if first.hits[0].work.id == works[0].id else works[:-1]:
        bench.feed.known[one.id] = survivor

    second = bench.service.next_page(str(first.next_cursor), Wish(2, "t"), request=None)
    third = bench.service.next_page(str(second.next_cursor), Wish(2, "t"), request=None)

    shown = [hit.work.id for page in (second, third) for hit in page.hits]
    assert shown.count(survivor.id) == 1
    assert len(shown) == len(set(shown))


def test_an_identifier_is_found_as_it_was_pasted_and_an_unknown_one_is_told(bench: Bench) -> None:
    named = work("a", "Deep water", identifiers={"doi": "10.1000/deep"})
    dotted = work("b", "Other water", identifiers={"doi": "10.1000/deep."})
    bench.put(named, work("c", "10 1000 deep deep deep"))

    def ask(text: str) -> tuple[str, list[str]]:
        answer = bench.service.search(SearchRequest(text, Mode.LEXICAL), Wish(3, "t"))
        return answer.hits[0].work.id, [one.code for one in answer.warnings]

    assert ask("10.1000/deep.") == (named.id, [])
    assert ask("10.1000/nowhere/deep")[1] == ["unknown_identifier"]
    bench.put(dotted)
    assert ask("10.1000/deep.") == (dotted.id, [])


def test_a_clause_that_the_stored_text_no_longer_satisfies_filters_in_lexical_too(bench: Bench) -> None:
    one = work("a", "Yak white")
    bench.put(one)
    bench.feed.known[one.id] = work("a", "Yak brown")

    assert bench.service.search(SearchRequest("yak NOT brown", Mode.LEXICAL), Wish(2, "t")).hits == ()


def test_a_named_work_that_the_filters_exclude_stays_out(bench: Bench) -> None:
    bench.put(work("a", "Deep water", year=1990))
    request = SearchRequest("deep water", Mode.LEXICAL, filters=Filters(year_from=2000))

    assert bench.service.search(request, Wish(5, "t")).hits == ()


def test_without_an_index_named_works_are_found_and_the_answer_says_degraded(bench: Bench) -> None:
    one = work("a", "Deep water")
    bench.feed.put(one)

    answer = bench.service.search(SearchRequest("deep water", Mode.LEXICAL), Wish(5, "t"))

    assert [hit.work.id for hit in answer.hits] == [one.id]
    assert answer.degraded
    assert not answer.complete
    assert answer.sources[0].outcome is SourceOutcome.STALE
    assert "index_missing" in {one.code for one in answer.warnings}


def test_pages_have_no_gap_and_no_repeat_while_works_are_added(bench: Bench) -> None:
    bench.put(*(work(str(number), f"Deep water {number}") for number in range(25)))
    request = SearchRequest("deep", Mode.STRICT)

    answer = bench.service.search(request, Wish(10, "t"))
    seen = [hit.work.id for hit in answer.hits]
    ranks = [hit.rank for hit in answer.hits]
    round_number = 0
    while answer.next_cursor:
        round_number += 1
        bench.put(*(work(f"new {round_number} {number}", "Deep deep deep") for number in range(20)))
        answer = bench.service.next_page(answer.next_cursor, Wish(7, "t"), request=request)
        seen += [hit.work.id for hit in answer.hits]
        ranks += [hit.rank for hit in answer.hits]

    assert sorted(seen) == sorted(work_id_from_seed(str(number)) for number in range(25))
    assert ranks == list(range(1, 26))


def test_a_cursor_is_good_for_its_tenant_and_its_question_alone(bench: Bench) -> None:
    bench.put(*(work(str(number), f"Deep water {number}") for number in range(5)))
    cursor = bench.service.search(SearchRequest("deep", Mode.STRICT), Wish(2, "one")).next_cursor
    assert cursor is not None

    with pytest.raises(CursorInvalid):
        bench.service.next_page(cursor, Wish(2, "other"), request=None)
    for place in range(len(cursor)):
        changed = cursor[:place] + ("A" if cursor[place] != "A" else "B") + cursor[place + 1 :]
        with pytest.raises(CursorInvalid):
            bench.service.next_page(changed, Wish(2, "one"), request=None)
    with pytest.raises(Invalid):
        bench.service.next_page(cursor, Wish(2, "one"), request=SearchRequest("water"))
    bench.cache.lose()
    with pytest.raises(Expired):
        bench.service.next_page(cursor, Wish(2, "one"), request=None)
    bench.cache.is_broken = True
    with pytest.raises(Unavailable):
        bench.service.next_page(cursor, Wish(2, "one"), request=None)


def test_a_list_that_cannot_be_kept_gives_a_page_without_a_next(bench: Bench) -> None:
    bench.put(*(work(str(number), f"Deep water {number}") for number in range(5)))
    bench.cache.is_broken = True

    answer = bench.service.search(SearchRequest("deep", Mode.STRICT), Wish(2, "t"))

    assert len(answer.hits) == 2
    assert answer.next_cursor is None
    assert answer.degraded
    assert "paging_unavailable" in {one.code for one in answer.warnings}


def test_a_source_that_is_not_there_is_reported_as_skipped(bench: Bench) -> None:
    bench.put(work("a", "Deep water"))

    both = bench.service.search(SearchRequest("deep", sources=("catalog", "crossref")), Wish(2, "t"))
    other = bench.service.search(SearchRequest("deep", sources=("crossref",)), Wish(2, "t"))

    assert [(one.name, one.outcome) for one in both.sources] == [
        ("catalog", SourceOutcome.OK),
        ("crossref", SourceOutcome.SKIPPED),
    ]
    assert len(both.hits) == 1
    assert other.hits == ()
    assert not both.complete
    assert not other.complete


def test_hybrid_says_that_it_ranks_by_words_and_takes_what_is_no_syntax(bench: Bench) -> None:
    bench.put(work("a", "Ratio 3:1 of things"))

    answer = bench.service.search(SearchRequest('ratio 3:1 "things'), Wish(2, "t"))

    assert len(answer.hits) == 1
    assert {"hybrid_is_lexical", "unknown_field", "unmatched_quote"} <= {one.code for one in answer.warnings}


def test_strict_refuses_with_the_place_and_vector_where_none_are_made(bench: Bench) -> None:
    with pytest.raises(QueryInvalid) as caught:
        bench.service.search(SearchRequest("deep AND", Mode.STRICT), Wish(2, "t"))
    assert caught.value.faults[0].start is not None
    with pytest.raises(EmbeddingUnavailable):
        bench.service.search(SearchRequest("deep", Mode.VECTOR), Wish(2, "t"))


def test_field_clauses_filter_and_words_rank_in_lexical(bench: Bench) -> None:
    near, far = work("a", "Deep water", year=2001), work("b", "Deep sky", year=2001)
    bench.put(near, far, work("c", "Deep water", year=1990), work("d", "Deep water ice", year=2001))

    request = SearchRequest("deep water year:2001 NOT ice", Mode.LEXICAL)

    assert [hit.work.id for hit in bench.service.search(request, Wish(9, "t")).hits] == [
        near.id,
        far.id,
    ]


def test_another_order_than_relevance_has_no_scores(bench: Bench) -> None:
    bench.put(work("a", "Deep", year=1990), work("b", "Deep", year=2001))

    request = SearchRequest("deep", Mode.LEXICAL, sort=Sort.NEWEST)
    hits = bench.service.search(request, Wish(9, "t")).hits

    assert [(hit.work.year, hit.score) for hit in hits] == [(2001, None), (1990, None)]
