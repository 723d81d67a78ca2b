"""One ranking of what many sources found, the catalog among them.

A work's score is half its words and half its places. Words: BM25 over the works that are at hand (k1 1.2, b 0.75),
title and abstract, the best of them 1. Places: (K + 1) / (K + rank) in the list of each source that has it, by weight.
The catalog's list weighs as much as all others together, for it ranks by stored vectors as well. Works of the catalog's
list beyond those at hand have no words here, and follow by their places. docs/ranking.md has what was measured.
Source: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009); Cormack, Clarke and
Buettcher, "Reciprocal Rank Fusion" (SIGIR 2009); both read 2026-11
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from research_api.domain.search import CATALOG
from research_api.domain.text import words
from research_api.domain.works import Record, Work

_K1, _B = 1.2, 0.75
_K = 5.0
_SHARE_OF_WORDS = 0.5
_SHORT = 3


def forms_of(asked: Iterable[str]) -> dict[str, str]:
    """Each word that was asked and its plural or singular, to the word: `networks` fits `network`."""
    forms: dict[str, str] = {}
    for word in asked:
        other = word[:-1] if word.endswith("s") and len(word) > _SHORT else f"{word}s"
        forms.setdefault(other, word)
    return forms | {word: word for word in asked}


@dataclass(frozen=True, slots=True)
class Counted:
    """How often title and abstract have each of the words that were asked, and how many words they have in all."""

    counts: Mapping[str, int]
    length: int


def counted_words(told: Work | Record, forms: Mapping[str, str]) -> Counted:
    """The words of one text, by their forms."""
    found = words(told.title)
    if told.abstract:
        found += words(told.abstract)
    return Counted(Counter([forms[word] for word in found if word in forms]), len(found))


def word_scores(counted: Mapping[int, Counted], asked: Sequence[str]) -> dict[int, float]:
    """For each work how well the words that were asked fit it, from 0 to 1; a word asked twice counts twice."""
    if not counted:
        return {}
    average = sum(one.length for one in counted.values()) / len(counted) or 1.0
    frequency = Counter(word for one in counted.values() for word in one.counts)
    weight = {
        word: often * math.log(1 + (len(counted) - frequency[word] + 0.5) / (frequency[word] + 0.5))
        for word, often in Counter(asked).items()
    }
    scores = {
        number: sum(
            weight[word] * count * (_K1 + 1) / (count + _K1 * (1 - _B + _B * one.length / average))
            for word, count in one.counts.items()
        )
        for number, one in counted.items()
    }
    best = max(scores.values())
    return {number: score / best for number, score in scores.items()} if best > 0 else scores


def blended(lists: Mapping[str, Sequence[int]], words_of: Mapping[int, float]) -> list[tuple[int, float]]:
    """The works of all lists, by source, best first, each with a score from 0 to 1."""
    others = sum(name != CATALOG for name in lists)
    weights = {name: max(1.0, float(others)) if name == CATALOG else 1.0 for name in lists}
    most = sum(weights.values()) or 1.0
    places: dict[int, float] = {}
    for name, numbers in lists.items():
        weight = weights[name] * (_K + 1) / most
        for rank, number in enumerate(numbers, start=1):
            places[number] = places.get(number, 0.0) + weight / (_K + rank)
    scored = [
        (number, _SHARE_OF_WORDS * words_of.get(number, 0.0) + (1 - _SHARE_OF_WORDS) * place)
        for number, place in places.items()
    ]
    return sorted(scored, key=lambda one: (-one[1], one[0]))
