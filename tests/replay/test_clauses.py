"""Boolean queries of both kinds."""

from __future__ import annotations

import pytest

from tests.replay.clauses import LUCENE, SIMPLE, Grammar, Malformed, applies, has_words

TEXT = "The graph networks learn"


def holds(query: str, grammar: Grammar) -> bool:
    return applies(
        query, grammar, lambda field, sign, value: has_words(TEXT if field in ("", "title") else sign, value)
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
    ],
)
def test_lucenes_kind(query: str, is_true: bool) -> None:
    assert holds(query, LUCENE) is is_true


def test_a_clause_of_lucenes_has_a_field_and_a_sign() -> None:
    clauses: list[tuple[str, str, str]] = []

    applies('year>=2000 title:"a b" word', LUCENE, lambda *clause: clauses.append(clause) is None)

    assert clauses == [("year", ">=", "2000"), ("title", ":", '"a b"'), ("", "", "word")]


@pytest.mark.parametrize("query", ["", "(graph", "graph)", "OR graph", "graph AND", "NOT"])
def test_what_cannot_be_read_is_malformed(query: str) -> None:
    with pytest.raises(Malformed):
        holds(query, LUCENE)
