"""Boolean queries of both kinds."""

from __future__ import annotations

import pytest

from tests.replay.clauses import ELASTICSEARCH, LUCENE, SIMPLE, Grammar, Malformed, has_words, read_query

TEXT = "The graph networks learn"


def holds(query: str, grammar: Grammar) -> bool:
    return read_query(query, grammar)(
        lambda field, _, value: has_words(TEXT.casefold().split() if field in ("", "title") else [], value)
    )


@pytest.mark.parametrize(
    ("query", "is_true"),
    [
        ("graph learn", True),
        ("graph + absent", False),
        ("absent | graph", True),
        ("(absent | graph) + learn", True),
        ("graph -learn", False),
        ('"graph networks"', True),
        ('"networks graph"', False),
        ("netw*", True),
        ("etw*", False),
    ],
)
def test_the_simple_kind(query: str, is_true: bool) -> None:
    assert holds(query, SIMPLE) is is_true


@pytest.mark.parametrize(
    ("query", "is_true"),
    [
        ("graph AND learn", True),
        ("graph absent", False),
        ("absent OR (graph AND learn)", True),
        ("graph AND NOT learn", False),
        ('title:"graph networks"', True),
        ("title:absent OR absent", False),
        ('"a quote \\" inside" OR graph', True),
        ("graph NOT absent", True),
        ("(absent OR networks) AND (graph OR x)", True),
        ("title:(absent graph)", False),
        ("venue:(title:graph)", True),
        ("venue:(graph)", False),
    ],
)
def test_lucenes_kind(query: str, is_true: bool) -> None:
    assert holds(query, LUCENE) is is_true


def test_a_clause_of_lucenes_has_a_field_and_a_sign() -> None:
    clauses: list[tuple[str, str, str]] = []

    read_query('year>=2000 title:"a b" word', LUCENE)(lambda *clause: clauses.append(clause) is None)

    assert clauses == [("year", ">=", "2000"), ("title", ":", '"a b"'), ("", "", "word")]


@pytest.mark.parametrize("grammar", [LUCENE, ELASTICSEARCH])
@pytest.mark.parametrize(
    "query", ["", "(graph", "graph)", "()", "OR graph", "graph AND", "NOT", "title:)", "title:AND", '"graph']
)
def test_what_cannot_be_read_is_malformed(query: str, grammar: Grammar) -> None:
    with pytest.raises(Malformed):
        read_query(query, grammar)


@pytest.mark.parametrize("query", ["a/b", "a:b:c", "[a TO", "{a TO b}", "a\\", ":a"])
def test_elasticsearch_reserves_signs(query: str) -> None:
    with pytest.raises(Malformed):
        read_query(query, ELASTICSEARCH)


@pytest.mark.parametrize("query", ["", "(graph", "graph |", "+ graph", "-"])
def test_what_the_simple_kind_cannot_read_is_malformed(query: str) -> None:
    with pytest.raises(Malformed):
        read_query(query, SIMPLE)
