"""A work is returned only where its own text satisfies the whole query, and the spans prove it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from research_api.domain.query import (
    MAX_CLAUSES,
    MAX_SPANS,
    MAX_SPANS_PER_LEAF,
    And,
    Leaf,
    Not,
    Or,
    Phrase,
    Query,
    Word,
    Years,
    document_of,
    highlight,
    make_and,
    make_not,
    make_or,
    make_phrase,
    make_word,
    match,
    parse_strict,
    positive_leaves,
)
from research_api.domain.search import MatchSpan
from research_api.domain.text import words
from research_api.domain.works import Author, Work
from tests.domain.strategies import common_words, query_trees, repeatable, works

PAPER = Work(
    id="w_aaaaaaaaaaaa",
    title="Naïve Bayes and well-known rivals",
    abstract="Deep learning, shallow learning: Bayes learns deeply. ½ of naive\u00adty remains 深層学習.",
    authors=(Author("Ada Lovelace"), Author("Jürgen O'Brien"), Author("Lovelace Byron")),
    year=2017,
    venue="Journal of Graphs",
)


def quoted(query_text: str, work: Work = PAPER) -> list[tuple[str, str]] | None:
    """The matched pieces of the work's own text, each with its field; None where there is no match."""
    spans = match(parse_strict(query_text), document_of(work))
    return None if spans is None else [(span.field, text_of(work, span)) for span in spans]


def text_of(work: Work, span: MatchSpan) -> str:
    """What stands at the span."""
    texts = {
        "title": work.title,
        "abstract": work.abstract or "",
        "venue": work.venue or "",
        "year": str(work.year),
    }
    texts |= {f"authors.{n}.name": author.name for n, author in enumerate(work.authors)}
    return texts[span.field][span.start : span.end]


def texts_of(work: Work, field: str | None) -> list[str]:
    """The texts in which a leaf of the field may stand."""
    if field is None:
        return [work.title, work.abstract or ""]
    by_field = {"title": [work.title], "venue": [work.venue or ""], "author": [a.name for a in work.authors]}
    return by_field[field]


def holds(query: Query, work: Work) -> bool:
    """What `match` means, said in the plainest way."""
    match query:
        case And():
            return all(holds(operand, work) for operand in query.operands)
        case Or():
            return any(holds(operand, work) for operand in query.operands)
        case Not():
            return not holds(query.operand, work)
        case Years():
            return work.year is not None and (query.first or 0) <= work.year <= (query.last or 9999)
        case Phrase():
            wanted = f" {' '.join(query.words)} "
            return any(wanted in f" {' '.join(words(text))} " for text in texts_of(work, query.field))
        case Word():
            found = [word for text in texts_of(work, query.field) for word in words(text)]
            return any(word.startswith(query.text) if query.prefix else word == query.text for word in found)


def proves(leaf: Leaf, span: MatchSpan, work: Work) -> bool:
    """Whether the text at the span is what the leaf asks for, in a field where it may stand."""
    if isinstance(leaf, Years):
        return span.field == "year" and holds(leaf, work)
    fields = {None: ("title", "abstract"), "author": ("authors",)}.get(leaf.field, (leaf.field or "",))
    found = words(text_of(work, span))
    if isinstance(leaf, Word):
        is_found = any(word.startswith(leaf.text) if leaf.prefix else word == leaf.text for word in found)
    else:
        is_found = f" {' '.join(leaf.words)} " in f" {' '.join(found)} "
    return span.field.partition(".")[0] in fields and is_found


@repeatable
@given(query_trees(common_words), works())
def test_match_agrees_with_the_plain_meaning(query: Query, work: Work) -> None:
    assert (match(query, document_of(work)) is not None) is holds(query, work)


@repeatable
@given(query_trees(common_words), works())
def test_every_span_proves_a_leaf_and_every_leaf_that_holds_has_a_span(query: Query, work: Work) -> None:
    document = document_of(work)

    spans = highlight(query, document)

    leaves = list(positive_leaves(query))
    assert all(any(proves(leaf, span, work) for leaf in leaves) for span in spans)
    assert all(any(proves(leaf, span, work) for span in spans) for leaf in leaves if holds(leaf, work))
    assert spans == sorted(set(spans), key=lambda span: (span.field, span.start, span.end))
    assert match(query, document) in (None, spans)


def test_words_match_folded_and_whole_in_title_and_abstract() -> None:
    assert quoted("NAIVE") == [("title", "Naïve")]
    assert quoted("naivety") == [("abstract", "naive\u00adty")]
    assert quoted("bayes") == [("abstract", "Bayes"), ("title", "Bayes")]
    assert quoted("learn") is None
    assert quoted("lovelace") is None
    assert quoted("journal") is None


def test_a_prefix_matches_all_words_that_begin_with_it() -> None:
    assert quoted("learn*") == [("abstract", "learning"), ("abstract", "learning"), ("abstract", "learns")]
    assert quoted("earn*") is None


def test_a_phrase_matches_across_hyphens_and_not_across_fields() -> None:
    assert quoted('"well known rivals"') == [("title", "well-known rivals")]
    assert quoted('"naive ty"') is None
    assert quoted('"rivals deep"') is None
    assert quoted("深層 学") == [("abstract", "深層"), ("abstract", "学")]
    assert quoted("層深") is None
    assert quoted('"2 of"') == [("abstract", "½ of")]


def test_a_phrase_is_found_wherever_its_rarest_word_stands() -> None:
    text = "a a b a c a a b"

    spans = match(make_phrase(["a", "a", "b"]), document_of(Work("w_aaaaaaaaaaaa", text)))

    assert spans == [MatchSpan("title", 0, 5), MatchSpan("title", 10, 15)]
    assert match(make_phrase(["a", "b"]), document_of(Work("w_aaaaaaaaaaaa", "b a a"))) is None
    assert match(make_phrase(["b", "a"]), document_of(Work("w_aaaaaaaaaaaa", "a a b"))) is None


def test_a_field_clause_matches_in_its_field_only() -> None:
    assert quoted("author:lovelace") == [("authors.0.name", "Lovelace"), ("authors.2.name", "Lovelace")]
    assert quoted('author:"ada lovelace"') == [("authors.0.name", "Ada Lovelace")]
    assert quoted('author:"lovelace jurgen"') is None
    assert quoted("author:o'brien") == [("authors.1.name", "O"), ("authors.1.name", "Brien")]
    assert quoted("venue:graph*") == [("venue", "Graphs")]
    assert quoted("title:deep") is None
    assert quoted("venue:deep") is None


def test_years_compare_with_the_year_of_the_work() -> None:
    for text in ("year:2017", "year:2015-2020", "year:2017-", "year:-2017", "year:<2018"):
        assert quoted(text) == [("year", "2017")]
    for text in ("year:2016", "year:2018-2020", "year:>2017", "year:<2017"):
        assert quoted(text) is None
    assert quoted("year:1000-", Work("w_aaaaaaaaaaaa", "undated")) is None


def test_operators() -> None:
    assert quoted("rivals AND missing") is None
    assert quoted("rivals OR missing") == [("title", "rivals")]
    assert quoted("rivals NOT missing") == [("title", "rivals")]
    assert quoted("rivals NOT deep") is None
    assert quoted("NOT missing") == []
    assert quoted("NOT (missing OR deep)") is None
    assert quoted("NOT (missing NOT deep)") == []


def test_highlight_shows_what_occurs_although_the_query_fails() -> None:
    query = parse_strict("rivals missing NOT deep year:2017")

    assert match(query, document_of(PAPER)) is None
    assert [text_of(PAPER, span) for span in highlight(query, document_of(PAPER))] == ["rivals", "2017"]


def test_offsets_count_code_points_of_the_stored_text() -> None:
    work = Work("w_aaaaaaaaaaaa", "𝔇eep 𐐀 x\u0323\u0301y ﬁn")

    spans = match(parse_strict("deep xy fin"), document_of(work))

    assert spans == [MatchSpan("title", 0, 4), MatchSpan("title", 7, 11), MatchSpan("title", 12, 14)]


def test_one_leaf_gives_few_spans_and_many_leaves_give_each_at_least_one() -> None:
    names = [f"w{number}" for number in range(MAX_CLAUSES)]
    work = Work("w_aaaaaaaaaaaa", "title", abstract=" ".join(names * 30))
    document = document_of(work)

    one = match(make_word("w1"), document)
    ten = match(make_and(make_word(name) for name in names[:10]), document)
    all_of_them = match(make_and(make_word(name) for name in names), document)

    assert one is not None
    assert len(one) == MAX_SPANS_PER_LEAF
    assert len(document.occurrences(make_word("w1"))) == MAX_SPANS_PER_LEAF
    assert ten is not None
    assert len(ten) == MAX_SPANS
    assert {text_of(work, span) for span in ten} == set(names[:10])
    assert all_of_them is not None
    assert [text_of(work, span) for span in all_of_them] == names


@repeatable
@given(st.data())
def test_a_phrase_taken_from_a_text_is_found_there(data: st.DataObject) -> None:
    work = data.draw(works().filter(lambda work: bool(words(work.abstract or ""))))
    found = words(work.abstract or "")
    first = data.draw(st.integers(0, len(found) - 1))
    last = data.draw(st.integers(first + 1, len(found)))

    assert match(make_phrase(found[first:last]), document_of(work))


def test_equal_leaves_are_proved_once() -> None:
    query = make_or([make_word("deep"), make_and([make_word("deep"), make_not(make_word("missing"))])])

    assert match(query, document_of(PAPER)) == [MatchSpan("abstract", 0, 4)]
