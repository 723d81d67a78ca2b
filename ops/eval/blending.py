"""How well several lists are blended: `python -m ops.eval.blending FOLDER`, over each judged collection of the folder.

Eight made-up sources have 70 to 30 % of the works each and give the 25 best by their words, with noise in their scores;
the catalog has all works and ranks by words. Nothing is encoded, so this measures the blend alone.
"""

from __future__ import annotations

import math
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ops.eval.collections import Collection, find_collections, read_collection, read_records
from ops.eval.metrics import mean, ndcg
from research_api.domain import blending
from research_api.domain.search import CATALOG
from research_api.domain.text import words
from research_api.domain.works import Record

QUERIES = 150
GIVEN, AT_HAND = 25, 50
SHARES = (0.7, 0.6, 0.5, 0.5, 0.4, 0.4, 0.3, 0.3)
NOISES = (0.05, 0.1, 0.1, 0.2, 0.2, 0.3, 0.3, 0.5)
K1, B = 1.2, 0.75


@dataclass(frozen=True, slots=True)
class Case:
    """One query: the catalog's list, the sources' lists, the words of the works at hand, and the judgements."""

    own: Sequence[int]
    lists: Mapping[str, Sequence[int]]
    words_of: Mapping[int, float]
    grades: Mapping[str, int]


class Words:
    """BM25 over the records of a collection."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = records
        texts = [words(f"{record.title} {record.abstract or ''}") for record in records]
        self._lengths = [len(text) for text in texts]
        self._average = sum(self._lengths) / len(texts)
        self._postings: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for place, text in enumerate(texts):
            for word, count in Counter(text).items():
                self._postings[word].append((place, count))

    def ranked(self, query: str, among: frozenset[int], noise: float, chance: random.Random) -> list[int]:
        """Places of the records that have a word of the query, best first."""
        scores: dict[int, float] = defaultdict(float)
        for word in words(query):
            found = self._postings.get(word, ())
            weight = math.log(1 + (len(self.records) - len(found) + 0.5) / (len(found) + 0.5))
            for place, count in found:
                if place in among:
                    norm = K1 * (1 - B + B * self._lengths[place] / self._average)
                    scores[place] += weight * count * (K1 + 1) / (count + norm)
        most = max(scores.values(), default=0.0)
        told = {place: score + chance.gauss(0, noise * most) for place, score in scores.items()}
        return sorted(told, key=lambda place: -told[place])


def cases_of(collection: Collection, records: Sequence[Record]) -> Iterator[Case]:
    """The same cases in every run."""
    index, chance = Words(records), random.Random(7)
    everything = frozenset(range(len(records)))
    held = [frozenset(chance.sample(range(len(records)), int(len(records) * share))) for share in SHARES]
    for name in chance.sample(sorted(collection.judgements), min(QUERIES, len(collection.judgements))):
        query = collection.queries[name]
        own = index.ranked(query, everything, 0.0, chance)[:1000]
        lists = {
            f"source {place}": index.ranked(query, among, noise, chance)[:GIVEN]
            for place, (among, noise) in enumerate(zip(held, NOISES, strict=True))
        }
        forms = blending.forms_of(words(query))
        at_hand = {*own[:AT_HAND], *(one for given in lists.values() for one in given)}
        counted = {one: blending.counted_words(records[one], forms) for one in at_hand}
        yield Case(own, lists, blending.word_scores(counted, words(query)), collection.judgements[name])


def scores_of(case: Case, ids: Sequence[str]) -> tuple[float, ...]:
    """nDCG@10 of the catalog's list, of the words alone, of the sources blended, and of all blended."""
    by_words = sorted(case.words_of, key=lambda one: -case.words_of[one])
    sources = blending.blended(case.lists, case.words_of)
    everything = blending.blended({**case.lists, CATALOG: case.own}, case.words_of)
    lists = (case.own, by_words, [one for one, _ in sources], [one for one, _ in everything])
    return tuple(ndcg([ids[one] for one in ranked], case.grades) for ranked in lists)


def main(folder: Path) -> None:
    """Prints nDCG@10 of the blend beside those of its parts."""
    print("collection    catalog    words  sources    blend   (nDCG@10)")
    for parts in find_collections(folder):
        records = [record for record in read_records(parts.corpus) if record is not None]
        ids = [record.source_id for record in records]
        scores = [scores_of(case, ids) for case in cases_of(read_collection(parts), records)]
        print(f"{parts.name:12}", *(f"{mean(column):8.3f}" for column in zip(*scores, strict=True)))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m ops.eval.blending FOLDER")
    main(Path(sys.argv[1]))
