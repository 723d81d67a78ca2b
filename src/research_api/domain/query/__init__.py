"""The query language: parse, print, match.

    query       = alternative { "OR" alternative }
    alternative = negation { [ "AND" ] negation }           side by side means AND
    negation    = { "NOT" } primary                         NOT NOT is nothing
    primary     = [ field ":" ] ( run | phrase | "(" query ")" )
    field       = "title" | "author" | "venue" | "year"     in any case
    run         = what stands between blanks, quotation marks and parentheses; may end in "*"
    phrase      = quotation mark, any text, quotation mark
    year run    = YYYY | YYYY-YYYY | YYYY..YYYY | YYYY- | -YYYY | >=YYYY | >YYYY | <=YYYY | <YYYY

NOT binds closest, then AND, then OR. AND, OR and NOT are operators in capitals only. Blanks may follow the
colon and stand around the mark of a year range. Syntax characters are read after NFKC, one by one: a
full-width colon is a colon; straight, curly, low, angle and full-width quotation marks are one kind, and
every Unicode dash is a hyphen. Inside quotation marks nothing is syntax.

A run is cut into words as every stored text is (see `domain.text`). Several words of one run (`well-known`)
are a group: all of them are wanted, all get the field, NOT takes them together. A run of Chinese or Japanese
characters is a phrase of them. A field before a group goes to the words inside; no field may stand inside a
field's group, and the group of `year:` holds years only. What has no words (a lone dash) counts as a blank.

Text goes through `lexer`, `repair` and `parser` into a `tree`; `problems` holds what was wrong on the way.
"""

from __future__ import annotations

from research_api.domain.query.limits import (
    MAX_CLAUSES,
    MAX_DEPTH,
    MAX_PREFIXES,
    MAX_QUERY_CHARACTERS,
    MAX_WARNINGS,
)
from research_api.domain.query.matcher import (
    MAX_SPANS,
    MAX_SPANS_PER_LEAF,
    Document,
    document_of,
    highlight,
    match,
)
from research_api.domain.query.parser import ParsedQuery, parse_lenient, parse_strict
from research_api.domain.query.parts import (
    filter_part,
    ranking_leaves,
    repeated_words,
    text_of_meaning,
    year_bounds,
)
from research_api.domain.query.printer import print_query
from research_api.domain.query.problems import ProblemCode
from research_api.domain.query.tree import (
    FIELDS,
    TEXT_FIELDS,
    And,
    Leaf,
    Not,
    Or,
    Phrase,
    Query,
    TextLeaf,
    Word,
    Years,
    make_and,
    make_not,
    make_or,
    make_phrase,
    make_word,
    make_years,
    positive_leaves,
)

__all__ = [
    "FIELDS",
    "MAX_CLAUSES",
    "MAX_DEPTH",
    "MAX_PREFIXES",
    "MAX_QUERY_CHARACTERS",
    "MAX_SPANS",
    "MAX_SPANS_PER_LEAF",
    "MAX_WARNINGS",
    "TEXT_FIELDS",
    "And",
    "Document",
    "Leaf",
    "Not",
    "Or",
    "ParsedQuery",
    "Phrase",
    "ProblemCode",
    "Query",
    "TextLeaf",
    "Word",
    "Years",
    "document_of",
    "filter_part",
    "highlight",
    "make_and",
    "make_not",
    "make_or",
    "make_phrase",
    "make_word",
    "make_years",
    "match",
    "parse_lenient",
    "parse_strict",
    "positive_leaves",
    "print_query",
    "ranking_leaves",
    "repeated_words",
    "text_of_meaning",
    "year_bounds",
]
