"""The works that one source has, findable by their words and by their names."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

from tests.replay.works import SampleWork

_WORD = re.compile(r"\w+")
_OPERATORS = frozenset({"AND", "OR", "NOT"})
_TITLE_WEIGHT = 3


def words_of(text: str) -> list[str]:
    """The words of a text or of a query, without operators, in lower case."""
    return [word.casefold() for word in _WORD.findall(text) if word not in _OPERATORS]


def in_a_row(told: Sequence[str], wanted: Sequence[str], *, is_prefix: bool) -> bool:
    """True where the wanted words stand together; of a prefix, where some word begins with the last of them."""
    if is_prefix:
        return any(word.startswith(wanted[-1]) for word in told) if wanted else True
    return any(list(told[at : at + len(wanted)]) == list(wanted) for at in range(len(told) - len(wanted) + 1))


class Shelf:
    """works: those that the source has, in the order of their numbers; `every`: all there are, by number."""

    def __init__(self, works: Sequence[SampleWork], source: str) -> None:
        self.every = {work.number: work for work in works}
        self.works = [work for work in works if source in work.held_by]

    def by(self, scheme: str, value: str) -> SampleWork | None:
        """The work with that value in its field `scheme` (doi, pmid, arxiv ...), whatever the case."""
        return self._names.get((scheme, value.casefold()))

    def search(self, text: str) -> list[SampleWork]:
        """Works with any of the words in title, abstract or names of authors; the most matching first.

        A text without words finds them all.
        """
        asked = set(words_of(text))
        if not asked:
            return list(self.works)
        scores: Counter[int] = Counter()
        for word in asked:
            for place, weight in self._words.get(word, {}).items():
                scores[place] += weight
        return [self.works[place] for place in sorted(scores, key=lambda place: (-scores[place], place))]

    def best_first(self, text: str, holds: Callable[[SampleWork], bool]) -> list[SampleWork]:
        """The works for which that holds; those with the most of the words first, the others in their own order."""
        ranked = {work.number: place for place, work in enumerate(self.search(text))}
        found = [work for work in self.works if holds(work)]
        return sorted(found, key=lambda work: ranked.get(work.number, len(self.works)))

    def referred_to_by(self, work: SampleWork) -> list[SampleWork]:
        """What the work refers to, as far as this source has it."""
        return self._held(work.references)

    def referring_to(self, work: SampleWork) -> list[SampleWork]:
        """What of this source refers to the work."""
        return self._referring.get(work.number, [])

    def _held(self, numbers: Iterable[int]) -> list[SampleWork]:
        return [self._by_number[number] for number in numbers if number in self._by_number]

    @cached_property
    def _by_number(self) -> dict[int, SampleWork]:
        return {work.number: work for work in self.works}

    @cached_property
    def _names(self) -> dict[tuple[str, str], SampleWork]:
        schemes = ("doi", "pmid", "pmcid", "arxiv", "openalex", "s2", "corpus_id", "core", "number")
        return {
            (scheme, str(value).casefold()): work
            for work in self.works
            for scheme in schemes
            if (value := getattr(work, scheme)) is not None
        }

    @cached_property
    def _referring(self) -> dict[int, list[SampleWork]]:
        found: dict[int, list[SampleWork]] = defaultdict(list)
        for work in self.works:
            for number in work.references:
                found[number].append(work)
        return dict(found)

    @cached_property
    def _words(self) -> dict[str, dict[int, int]]:
        found: dict[str, dict[int, int]] = defaultdict(dict)
        for place, work in enumerate(self.works):
            names = " ".join(author.name for author in work.authors)
            counts: Counter[str] = Counter()
            for word in set(words_of(work.title)):
                counts[word] += _TITLE_WEIGHT
            for word in set(words_of(f"{work.abstract or ''} {names}")):
                counts[word] += 1
            for word, weight in counts.items():
                found[word][place] = weight
        return dict(found)
