"""From the query language to Tantivy's queries."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import tantivy
from tantivy import FieldType, Occur, Query

from research_api.domain.index import IndexRequest
from research_api.domain.query import And, Not, Or, Phrase, Word, Years, filter_part, ranking_leaves
from research_api.domain.query import Query as QueryTree
from research_api.domain.search import Filters

_EVERYWHERE = ("title", "abstract")
_EARLIEST, _LATEST = 0, 9_999

# Weight of the title's own BM25 beside that of title and abstract together; chosen by
# ops/bench/lexical_weights.py on SciFact and Cranfield, see docs/ranking.md.
TITLE_WEIGHT = 0.2
PHRASE_WEIGHT = 1.0

# Function words rank nothing and have the longest lists; they are left out where a query has other words.
STOPWORDS = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "been",
        "but",
        "by",
        "can",
        "did",
        "do",
        "does",
        "for",
        "from",
        "had",
        "has",
        "have",
        "how",
        "if",
        "in",
        "into",
        "is",
        "it",
        "its",
        "may",
        "no",
        "not",
        "of",
        "on",
        "or",
        "s",
        "such",
        "t",
        "than",
        "that",
        "the",
        "their",
        "then",
        "there",
        "these",
        "they",
        "this",
        "those",
        "to",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "who",
        "why",
        "will",
        "with",
        "would",
    ]
)


class Translator:
    """Builds Tantivy queries for one schema."""

    def __init__(self, schema: tantivy.Schema, stem: Callable[[str], Sequence[str]]) -> None:
        self._schema = schema
        self._stem = stem

    def query(self, request: IndexRequest) -> Query:
        """What the request asks, with its filters."""
        found = self.strict(request.query, request.filters) if request.strict else self.lexical(request)
        if request.only is None:
            return found
        return Query.boolean_query([(Occur.Must, found), (Occur.Must, self._keys(request.only))])

    def strict(self, query: QueryTree, filters: Filters) -> Query:
        """Finds exactly the works that `domain.query.match` accepts, scored by their exact words."""
        return self._filtered(self._exact(query), None, filters)

    def lexical(self, request: IndexRequest) -> Query:
        """Ranks by the query's words and phrases; NOT, year: and other field clauses filter.

        Works that are near are found as well; the named ones whatever the query says.
        """
        condition = filter_part(request.query)
        near = self._keys(request.near)
        ranking = self._ranking(request.query, request.repeats) if request.words_match else near
        if request.words_match and ranking is not None and request.near:
            ranking = Query.boolean_query([(Occur.Should, ranking), (Occur.Should, near)])
        found = self._filtered(ranking, self._exact(condition) if condition is not None else None, Filters())
        if request.named:
            found = Query.boolean_query([(Occur.Should, found), (Occur.Should, self._keys(request.named))])
        return self._filtered(found, None, request.filters)

    def accepted(self, query: QueryTree | None, filters: Filters) -> Query | None:
        """Finds what filters and the filter part of a query leave; None where they leave everything."""
        condition = filter_part(query) if query is not None else None
        if condition is None and filters == Filters():
            return None
        exact = Query.const_score_query(self._exact(condition), 0.0) if condition is not None else None
        return self._filtered(None, exact, filters)

    def _keys(self, numbers: Sequence[int]) -> Query:
        # a term set reads the whole dictionary of keys: 2.2 ms for 200 of 62,000, where these take 0.6
        terms = [(Occur.Should, Query.term_query(self._schema, "key", number)) for number in numbers]
        return Query.const_score_query(Query.boolean_query(terms), 0.0)

    def titled(self, title_key: bytes, filters: Filters) -> Query:
        """Finds the works whose whole title has that key."""
        return self._filtered(None, Query.term_query(self._schema, "title_key", title_key.hex()), filters)

    def _filtered(self, ranking: Query | None, condition: Query | None, filters: Filters) -> Query:
        parts = [(Occur.Must, ranking)] if ranking is not None else []
        if condition is not None:
            parts.append((Occur.Must, condition))
        parts += [(Occur.Must, Query.const_score_query(one, 0.0)) for one in self._restrictions(filters)]
        return Query.boolean_query(parts) if parts else Query.all_query()

    def _restrictions(self, filters: Filters) -> list[Query]:
        found = []
        if filters.year_from is not None or filters.year_to is not None:
            found.append(self._years(filters.year_from, filters.year_to))
        if filters.types:
            found.append(Query.term_set_query(self._schema, "type", list(filters.types)))
        if filters.open_access is not None:
            found.append(Query.term_query(self._schema, "open_access", filters.open_access))
        if filters.min_citations:
            found.append(self._range("citations", filters.min_citations, 2**62))
        if filters.exclude_retracted:
            found.append(Query.term_query(self._schema, "retracted", False))
        return found

    def _years(self, first: int | None, last: int | None) -> Query:
        return self._range(
            "year", first if first is not None else _EARLIEST, last if last is not None else _LATEST
        )

    def _range(self, field: str, lowest: int, highest: int) -> Query:
        return Query.range_query(self._schema, field, FieldType.Unsigned, max(lowest, 0), max(highest, 0))

    def _exact(self, query: QueryTree) -> Query:
        if isinstance(query, Word):
            return self._any_field(query.field, lambda field: self._word(field, query))
        if isinstance(query, Phrase):
            return self._any_field(query.field, lambda field: self._phrase(field, query.words))
        if isinstance(query, Years):
            return Query.const_score_query(self._years(query.first, query.last), 0.0)
        if isinstance(query, Not):
            return _none_of([self._exact(query.operand)])
        if isinstance(query, Or):
            return Query.boolean_query([(Occur.Should, self._exact(one)) for one in query.operands])
        return self._all_of(query)

    def _all_of(self, query: And) -> Query:
        wanted = [self._exact(one) for one in query.operands if not isinstance(one, Not)]
        unwanted = [self._exact(one.operand) for one in query.operands if isinstance(one, Not)]
        if not wanted:
            return _none_of(unwanted)
        return Query.boolean_query(
            [(Occur.Must, one) for one in wanted] + [(Occur.MustNot, one) for one in unwanted]
        )

    @staticmethod
    def _any_field(field: str | None, build: Callable[[str], Query]) -> Query:
        if field is not None:
            return build(field)
        return Query.boolean_query([(Occur.Should, build(name)) for name in _EVERYWHERE])

    def _word(self, field: str, word: Word) -> Query:
        if not word.prefix:
            return Query.term_query(self._schema, field, word.text)
        # a pattern of more than some 300 characters is refused as too large an automaton; no edits and a prefix is not
        return Query.fuzzy_term_query(self._schema, field, word.text, distance=0, prefix=True)

    def _phrase(self, field: str, words: Sequence[str]) -> Query:
        if len(words) == 1:
            return Query.term_query(self._schema, field, words[0])
        return Query.phrase_query(self._schema, field, list(words))

    def _ranking(self, query: QueryTree, repeats: Mapping[str, int]) -> Query | None:
        leaves = [leaf for leaf in ranking_leaves(query) if leaf.field is None]
        loose = [leaf.text for leaf in leaves if isinstance(leaf, Word) and not leaf.prefix]
        loose += [word for leaf in leaves if isinstance(leaf, Phrase) for word in leaf.words]
        parts = self._stems([word for word in loose if word not in STOPWORDS] or loose, repeats)
        for leaf in leaves:
            if isinstance(leaf, Phrase) and len(leaf.words) > 1:
                parts.append(Query.boost_query(self._exact(leaf), PHRASE_WEIGHT))
            elif isinstance(leaf, Word) and leaf.prefix:
                parts.append(self._exact(leaf))
        return Query.boolean_query([(Occur.Should, part) for part in parts]) if parts else None

    def _stems(self, words: Sequence[str], repeats: Mapping[str, int]) -> list[Query]:
        times: Counter[str] = Counter()
        for word in dict.fromkeys(words):
            for stem in self._stem(word):
                times[stem] += repeats.get(word, 1)
        parts = []
        for stem, count in times.items():
            weight = math.sqrt(count)
            found = Query.term_query(self._schema, "text_stems", stem)
            parts.append(Query.boost_query(found, weight) if count > 1 else found)
            title = Query.term_query(self._schema, "title_stems", stem)
            parts.append(Query.boost_query(title, weight * TITLE_WEIGHT))
        return parts


def _none_of(queries: Sequence[Query]) -> Query:
    return Query.boolean_query([(Occur.Must, Query.all_query()), *((Occur.MustNot, one) for one in queries)])
