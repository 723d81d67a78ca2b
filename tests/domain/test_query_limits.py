"""No query is too large for the tree, and none is slow."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from research_api.domain.errors import QueryInvalid
from research_api.domain.query import (
    MAX_CLAUSES,
    MAX_DEPTH,
    MAX_PREFIXES,
    MAX_QUERY_CHARACTERS,
    And,
    Not,
    Or,
    Phrase,
    Query,
    Word,
    Years,
    parse_lenient,
    parse_strict,
    print_query,
)

MAX_LINES_PER_CHARACTER = 100

ADVERSARIAL = {
    "folding to many words": "ﷺ ", "folding to a word": "㌖ ",
    "open": "(", "close": ")", "pairs": "()", "quotes": '"', "quoted": '"a', "curly": "“ ", "nots": "NOT ",
    "colons": ":", "fields": "a:", "known fields": "title:", "years": "year:", "year groups": "year:(",
    "field groups": "title:(", "ranges": "year:2015 - ", "hyphens": "-", "words": "a ", "hyphenated": "a-",
    "conjunctions": "a AND ", "alternatives": "a OR ", "operators": "OR AND ", "groups": "(a OR ",
    "stars": "*", "prefixes": "a* ", "marks": "\u0301", "joined": "a\u200d", "han": "深",
    "expanding": "\ufdfa", "surrogates": "\ud800",
}  # fmt: skip


def lines_run(action: Callable[[], object]) -> int:
    """How many lines of Python the action runs: the same number on every machine."""
    count = 0

    def trace(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        action()
    finally:
        sys.settrace(before)
    return count


def leaves_of(query: Query) -> list[Query]:
    """All leaves, those under NOT too."""
    if isinstance(query, And | Or):
        return [leaf for operand in query.operands for leaf in leaves_of(operand)]
    return leaves_of(query.operand) if isinstance(query, Not) else [query]


def repeated(piece: str, length: int) -> str:
    """The piece over and over, in exactly so many characters."""
    return (piece * (length // len(piece) + 1))[:length]


def fault_of(text: str) -> str:
    """The detail of the fault that the strict reading finds."""
    with pytest.raises(QueryInvalid) as raised:
        parse_strict(text)
    (fault,) = raised.value.faults
    return fault.detail


def codes_of(text: str) -> set[str]:
    """The codes of the warnings of the lenient reading."""
    return {warning.code for warning in parse_lenient(text).warnings}


@pytest.mark.parametrize("piece", ADVERSARIAL.values(), ids=ADVERSARIAL.keys())
def test_twice_the_text_is_at_most_twice_the_work(piece: str) -> None:
    """Counted in lines run, so that no machine is too slow for the test."""
    parse_lenient(piece)

    half = lines_run(lambda: parse_lenient(repeated(piece, 500)))
    whole = lines_run(lambda: parse_lenient(repeated(piece, 1_000)))

    assert whole <= 2.2 * half + 200
    assert whole <= 1_000 * MAX_LINES_PER_CHARACTER


@pytest.mark.slow
@pytest.mark.parametrize("piece", ADVERSARIAL.values(), ids=ADVERSARIAL.keys())
def test_the_longest_adversarial_text_gives_a_tree_within_the_caps(piece: str) -> None:
    query = parse_lenient(repeated(piece, MAX_QUERY_CHARACTERS)).query

    if query is not None:
        assert len(leaves_of(query)) <= MAX_CLAUSES
        printed = print_query(query)
        assert len(printed) > MAX_QUERY_CHARACTERS or parse_strict(printed) == query


def test_no_input_takes_more_stack_than_the_depth_cap_allows() -> None:
    limit = sys.getrecursionlimit()
    frame, depth = sys._getframe(), 0
    while frame.f_back is not None:
        frame, depth = frame.f_back, depth + 1
    sys.setrecursionlimit(depth + 6 * MAX_DEPTH + 50)
    try:
        for piece in ("(", "(a OR ", "NOT ", "NOT (", "title:(", "a OR (b "):
            assert parse_lenient(repeated(piece, 3_000) + "a" + ")" * 1_000).warnings
    finally:
        sys.setrecursionlimit(limit)


def test_a_query_has_at_most_so_many_clauses() -> None:
    most = " ".join(f"a{number}" for number in range(MAX_CLAUSES))

    assert len(leaves_of(parse_strict(most))) == MAX_CLAUSES
    assert str(MAX_CLAUSES) in fault_of(most + " b")
    for more in (" b c", " (b OR c)", " NOT b", ' "b c"', " AND", " title:(a OR year:2015)"):
        parsed = parse_lenient(most + more)
        assert parsed.query == parse_strict(most)
        assert "too_many_clauses" in codes_of(most + more)


def test_clauses_are_counted_under_not_and_fields_and_in_one_run() -> None:
    assert "too_many_clauses" in codes_of("NOT title:(" + "-".join(["a"] * (MAX_CLAUSES + 1)) + ")")
    assert "too_many_clauses" not in codes_of("NOT title:(" + "-".join(["a"] * MAX_CLAUSES) + ")")


def test_a_query_has_at_most_so_many_prefixes() -> None:
    most = " ".join(["a*"] * MAX_PREFIXES)

    parse_strict(most)
    assert "asterisk" in fault_of(most + " b*")
    assert parse_lenient(most + " b*").query == parse_strict(most + " b")
    assert [warning.code for warning in parse_lenient(most + " b* c*").warnings] == ["too_many_prefixes"]


def test_groups_nest_so_deep_and_no_deeper() -> None:
    def nested(depth: int) -> str:
        return "a OR (b (" * (depth // 2) + "c" + "))" * (depth // 2)

    parse_strict(nested(MAX_DEPTH))
    assert "deep" in fault_of(nested(MAX_DEPTH + 2))
    assert codes_of(nested(MAX_DEPTH + 2)) == {"too_deep"}
    assert len(leaves_of(parse_lenient(nested(MAX_DEPTH + 2)).query or Word(""))) == MAX_DEPTH + 3


def test_a_negated_run_counts_as_the_group_it_is_printed_as() -> None:
    """Else a query of the deepest allowed nesting would print to one that is too deep."""
    deepest = "a OR (b (" * (MAX_DEPTH // 2) + "NOT {}" + "))" * (MAX_DEPTH // 2)

    parse_strict(print_query(parse_strict(deepest.format("c"))))
    assert "deep" in fault_of(deepest.format("c-d"))
    assert codes_of(deepest.format("c-d")) == {"too_deep"}


def test_a_query_has_at_most_so_many_characters() -> None:
    most = "a" * (MAX_QUERY_CHARACTERS - 2) + " b"

    assert parse_strict(most) == And((Word("a" * (MAX_QUERY_CHARACTERS - 2)), Word("b")))
    assert str(MAX_QUERY_CHARACTERS) in fault_of(most + " c")
    parsed = parse_lenient(most + " c")
    assert parsed.query == parse_strict(most)
    assert [(w.code, w.start, w.end) for w in parsed.warnings] == [("too_long", 4000, 4002)]


def test_a_phrase_or_a_range_is_one_clause() -> None:
    text = " ".join(['"a b c"'] * (MAX_CLAUSES - 2) + ["year:2015-2020", "深度学"])

    assert set(leaves_of(parse_strict(text))) == {
        Phrase(("a", "b", "c")),
        Years(2015, 2020),
        Phrase(("深", "度", "学")),
    }
