"""Whether a work's own text satisfies a query, and the places that prove it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import islice

from research_api.domain.query.tree import (
    And,
    Leaf,
    Not,
    Or,
    Phrase,
    Query,
    TextLeaf,
    Years,
    positive_leaves,
)
from research_api.domain.search import MatchSpan
from research_api.domain.text import tokenize
from research_api.domain.works import Work

MAX_SPANS_PER_LEAF = 20
MAX_SPANS = 100


class IndexedText:
    """One field's text, cut into words once. name: as spans call the field."""

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self._tokens = tokenize(text)
        self._places: dict[str, list[int]] = {}
        for place, token in enumerate(self._tokens):
            self._places.setdefault(token.text, []).append(place)

    def occurrences(self, leaf: TextLeaf) -> Iterator[MatchSpan]:
        """Every place of the word, the prefix or the phrase, from left to right."""
        if isinstance(leaf, Phrase):
            return self._phrases(leaf.words)
        places = self._prefixed(leaf.text) if leaf.prefix else self._places.get(leaf.text, [])
        return (self._span(place, place) for place in places)

    def _prefixed(self, prefix: str) -> list[int]:
        return sorted(
            place for word, places in self._places.items() if word.startswith(prefix) for place in places
        )

    def _phrases(self, wanted: tuple[str, ...]) -> Iterator[MatchSpan]:
        """Looks only around the phrase's rarest word, so that a phrase of common words costs little."""
        rarest = min(range(len(wanted)), key=lambda index: len(self._places.get(wanted[index], ())))
        for place in self._places.get(wanted[rarest], ()):
            first, last = place - rarest, place - rarest + len(wanted) - 1
            if first >= 0 and last < len(self._tokens) and self._stands_at(first, wanted):
                yield self._span(first, last)

    def _stands_at(self, first: int, wanted: tuple[str, ...]) -> bool:
        return all(self._tokens[first + index].text == word for index, word in enumerate(wanted))

    def _span(self, first: int, last: int) -> MatchSpan:
        return MatchSpan(self._name, self._tokens[first].start, self._tokens[last].end)


class Document:
    """One work's fields, each cut into words when first asked for, and never twice."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._found: dict[Leaf, list[MatchSpan]] = {}

    def occurrences(self, leaf: Leaf) -> list[MatchSpan]:
        """Where the leaf stands, at most MAX_SPANS_PER_LEAF places; none where it does not hold."""
        if leaf not in self._found:
            self._found[leaf] = list(islice(self._search(leaf), MAX_SPANS_PER_LEAF))
        return self._found[leaf]

    def _search(self, leaf: Leaf) -> Iterator[MatchSpan]:
        if isinstance(leaf, Years):
            return self._year_spans(leaf)
        return (span for text in self._texts(leaf.field) for span in text.occurrences(leaf))

    def _year_spans(self, years: Years) -> Iterator[MatchSpan]:
        year = self._work.year
        if year is None or (years.first or year) > year or (years.last or year) < year:
            return
        yield MatchSpan("year", 0, len(str(year)))

    def _texts(self, field: str | None) -> Iterable[IndexedText]:
        if field is None:
            return (text for one in (self._titles, self._abstracts) for text in one)
        return {"title": self._titles, "author": self._authors, "venue": self._venues}[field]

    @cached_property
    def _titles(self) -> list[IndexedText]:
        return [IndexedText("title", self._work.title)]

    @cached_property
    def _abstracts(self) -> list[IndexedText]:
        return [IndexedText("abstract", self._work.abstract or "")]

    @cached_property
    def _venues(self) -> list[IndexedText]:
        return [IndexedText("venue", self._work.venue or "")]

    @cached_property
    def _authors(self) -> list[IndexedText]:
        return [IndexedText(f"authors.{n}.name", author.name) for n, author in enumerate(self._work.authors)]


def document_of(work: Work) -> Document:
    """The work, ready to be matched against any number of queries."""
    return Document(work)


def match(query: Query, document: Document) -> list[MatchSpan] | None:
    """None unless the work satisfies the whole query; else the proof, which is empty for a mere NOT.

    Words are compared folded and whole, without stemming. Every positive leaf that occurs gives at least one
    span, at most MAX_SPANS_PER_LEAF, and beyond the first ones there are at most MAX_SPANS in all; sorted by
    field, start and end, each once. Offsets are into the strings as the work holds them.
    """
    return highlight(query, document) if _satisfies(query, document) else None


def highlight(query: Query, document: Document) -> list[MatchSpan]:
    """The spans of all positive leaves that occur, whatever the query says; bounds and order of `match`."""
    by_leaf = [document.occurrences(leaf) for leaf in dict.fromkeys(positive_leaves(query))]
    chosen = {spans[0] for spans in by_leaf if spans}
    for rank in range(1, MAX_SPANS_PER_LEAF):
        for spans in by_leaf:
            if rank < len(spans) and len(chosen) < MAX_SPANS:
                chosen.add(spans[rank])
    return sorted(chosen, key=lambda span: (span.field, span.start, span.end))


def _satisfies(query: Query, document: Document) -> bool:
    if isinstance(query, And):
        return all(_satisfies(operand, document) for operand in query.operands)
    if isinstance(query, Or):
        return any(_satisfies(operand, document) for operand in query.operands)
    if isinstance(query, Not):
        return not _satisfies(query.operand, document)
    return bool(document.occurrences(query))
