"""The strict reading: what the grammar means, and one fault with its place for all else."""

from __future__ import annotations

import pytest
from hypothesis import given

from research_api.domain.errors import QueryInvalid
from research_api.domain.query import (
    And,
    Not,
    Or,
    Phrase,
    Query,
    Word,
    Years,
    make_and,
    make_not,
    make_or,
    make_phrase,
    make_word,
    make_years,
    parse_lenient,
    parse_strict,
    print_query,
)
from tests.domain.strategies import query_trees, repeatable

A, B, C = Word("a"), Word("b"), Word("c")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("Deep", Word("deep")),
        ("a b", And((A, B))),
        ("a AND b", And((A, B))),
        ("a OR b c", Or((A, And((B, C))))),
        ("(a OR b) c", And((Or((A, B)), C))),
        ("a NOT b", And((A, Not(B)))),
        ("NOT a b", And((Not(A), B))),
        ("NOT a OR b", Or((Not(A), B))),
        ("NOT (a b)", Not(And((A, B)))),
        ("NOT NOT a", A),
        ("NOT NOT NOT a", Not(A)),
        ("((a) (b (c)))", And((A, B, C))),
        ("a OR (b OR c)", Or((A, B, C))),
        ("a and b or not", And((A, Word("and"), B, Word("or"), Word("not")))),
        ('"Deep Learning"', Phrase(("deep", "learning"))),
        ('"a OR b*"', Phrase(("a", "or", "b"))),
        ('"deep"', Word("deep")),
        ("learn*", Word("learn", prefix=True)),
        ("learn*, b", And((Word("learn", prefix=True), B))),
        ("state-of*", And((Word("state"), Word("of", prefix=True)))),
        ("-a - b!", And((A, B))),
    ],
)
def test_words_phrases_and_operators(text: str, tree: Query) -> None:
    assert parse_strict(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("title:a b", And((Word("a", "title"), B))),
        ("TiTle:  a", Word("a", "title")),
        ('author:"Ada Lovelace"', Phrase(("ada", "lovelace"), "author")),
        ("title:(a OR b)", Or((Word("a", "title"), Word("b", "title")))),
        ("title:(a (b OR NOT c)) c", parse_strict("title:a (title:b OR NOT title:c) c")),
        ("venue:natur*", Word("natur", "venue", prefix=True)),
        ("title:TCP/IP", And((Word("tcp", "title"), Word("ip", "title")))),
        ("title::a", Word("a", "title")),
        ("title: - a", Word("a", "title")),
        ("NOT title:a-b", Not(And((Word("a", "title"), Word("b", "title"))))),
        ("title:深度 a", And((Phrase(("深", "度"), "title"), A))),
    ],
)
def test_a_field_goes_to_all_words_of_its_value(text: str, tree: Query) -> None:
    assert parse_strict(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("well-known", And((Word("well"), Word("known")))),
        ("O’Brien", And((Word("o"), Word("brien")))),
        ("NOT well-known", Not(And((Word("well"), Word("known"))))),
        ("深度", Phrase(("深", "度"))),
        ("深", Word("深")),
        ("深度-学", And((Phrase(("深", "度")), Word("学")))),
        ("深\u200c度", Phrase(("深", "度"))),
        ("A型x", And((A, Word("型"), Word("x")))),
        ("½", And((Word("1"), Word("2")))),
    ],
)
def test_a_run_of_several_words_is_a_group_and_cjk_characters_are_a_phrase(text: str, tree: Query) -> None:
    assert parse_strict(text) == tree


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("year:2015", 2015, 2015),
        ("year: 2015.", 2015, 2015),
        ("year:2015-2020", 2015, 2020),
        ("year:2015–2020", 2015, 2020),
        ("YEAR:2015 \u2212 2020", 2015, 2020),
        ("year:2015..2020", 2015, 2020),
        ("year:2015-", 2015, None),
        ("year:2015..", 2015, None),
        ("year:-2020", None, 2020),
        ("year:>=2015", 2015, None),
        ("year:>2015", 2016, None),
        ("year:≥ 2015", 2015, None),
        ("year:<=2020", None, 2020),
        ("year:<2020", None, 2019),
        ("ｙｅａｒ：２０１５－２０２０", 2015, 2020),
    ],
)
def test_years_and_ranges(text: str, first: int | None, last: int | None) -> None:
    assert parse_strict(text) == Years(first, last)


def test_a_group_of_years_holds_years() -> None:
    assert parse_strict("a year:(2015 OR (<2000 OR 2003 - 2004)) 2016") == And(
        (A, Or((Years(2015, 2015), Years(None, 1999), Years(2003, 2004))), Word("2016"))
    )
    assert parse_strict("year:(2015) NOT 2016 - 2017") == And(
        (Years(2015, 2015), Not(Word("2016")), Word("2017"))
    )


@pytest.mark.parametrize("quoted", ['"x y"', "“x y”", "„x y“", "«x y»", "＂x y＂", "”x y‟"])
def test_every_kind_of_quotation_mark_makes_a_phrase(quoted: str) -> None:
    assert parse_strict(quoted) == Phrase(("x", "y"))


def test_syntax_is_read_in_any_width() -> None:
    wide = parse_strict("ｔｉｔｌｅ：（ｄｅｅｐ　ＯＲ　ｌｅａｒｎ＊）　ＮＯＴ　ｘ")

    assert wide == parse_strict("title:(deep OR learn*) NOT x")


@repeatable
@given(query_trees())
def test_the_full_width_spelling_of_a_query_is_the_same_query(tree: Query) -> None:
    text = print_query(tree)
    wide = text.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)} | {0x20: 0x3000})

    assert parse_strict(wide) == parse_strict(text)


def test_a_byte_order_mark_hides_neither_operator_nor_field() -> None:
    assert parse_strict("\ufeffNOT a") == Not(A)
    assert parse_strict("\ufefftitle:a") == Word("a", "title")


@pytest.mark.parametrize(
    ("text", "start", "end", "about"),
    [
        ('deep "learning', 5, 6, "quotation mark"),
        ("(a", 0, 1, "parenthesis"),
        ("a) b", 1, 2, "parenthesis"),
        ("((a)", 0, 1, "parenthesis"),
        ("a foo:bar", 2, 6, "colon"),
        ("ratio 3:1", 6, 8, "colon"),
        ("well-title:a", 0, 11, "colon"),
        ("AND a", 0, 3, "operator"),
        ("a OR", 2, 4, "operator"),
        ("a OR OR b", 2, 4, "operator"),
        ("a AND NOT", 6, 9, "operator"),
        ("(a OR) b", 3, 5, "operator"),
        ("a ()", 2, 4, "parentheses"),
        ('a "-"', 2, 5, "quotation marks"),
        ("title:", 0, 6, "value"),
        ("title: AND a", 0, 6, "value"),
        ("title:(a venue:b)", 9, 15, "group"),
        ("* a", 0, 1, "asterisk"),
        ("a * b", 2, 3, "asterisk"),
        ("le*rn", 2, 3, "asterisk"),
        ("learn**", 5, 6, "asterisk"),
        ("a-*", 2, 3, "asterisk"),
        ("学*", 1, 2, "asterisk"),
        ('"a b"*', 5, 6, "asterisk"),
        ("year:soon", 0, 9, "year"),
        ("year:2020-2015", 0, 14, "year"),
        ("year:99", 0, 7, "year"),
        ("year:>9999", 0, 10, "year"),
        ('year:"2015"', 0, 11, "year"),
        ("year:(2015 OR soon)", 14, 18, "year"),
        ("", 0, 0, "no word"),
        ("?! - …", 0, 6, "no word"),
        ("e\u0301 foo:a", 2, 6, "colon"),
    ],
)
def test_a_fault_tells_its_place_and_what_to_do(text: str, start: int, end: int, about: str) -> None:
    with pytest.raises(QueryInvalid) as raised:
        parse_strict(text)

    (fault,) = raised.value.faults
    assert (fault.pointer, fault.start, fault.end) == ("/q", start, end)
    assert about in fault.detail
    assert fault.hint


def test_the_leftmost_of_several_faults_is_told() -> None:
    with pytest.raises(QueryInvalid) as raised:
        parse_strict('a foo:b OR ) "')

    assert [(fault.start, fault.end) for fault in raised.value.faults] == [(2, 6)]


@repeatable
@given(query_trees())
def test_a_text_without_fault_has_the_same_tree_and_no_warning_when_read_leniently(tree: Query) -> None:
    text = print_query(tree)

    parsed = parse_lenient(text)

    assert parsed.query == parse_strict(text)
    assert parsed.warnings == ()


def test_the_constructors_flatten_unwrap_and_fold() -> None:
    assert make_and([A, make_and([B, C])]) == And((A, B, C))
    assert make_or([make_or([A, B]), C]) == Or((A, B, C))
    assert make_and([A]) == make_or([A]) == A
    assert make_not(make_not(A)) == A
    assert make_word("Größe", "title") == Word("grosse", "title")
    assert make_phrase(["Deep-Learning"]) == Phrase(("deep", "learning"))
    assert make_phrase(["Deep"], "venue") == Word("deep", "venue")


def test_the_constructors_refuse_what_could_not_be_printed() -> None:
    for text, field, prefix in [
        ("a b", None, False),
        ("", None, False),
        ("a", "year", False),
        ("学", None, True),
    ]:
        with pytest.raises(ValueError, match="word"):
            make_word(text, field, prefix=prefix)
    for first, last in [(None, None), (2020, 2015), (999, None), (None, 10_000)]:
        with pytest.raises(ValueError, match="year"):
            make_years(first, last)
    for make in (make_and, make_or, make_phrase):
        with pytest.raises(ValueError, match=r"operand|word"):
            make([])
