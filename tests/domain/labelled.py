"""Real records whose DOIs are hidden, and how well likeness finds again what the DOIs say."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

from research_api.catalog.importers import open_source, recognise
from research_api.domain.agreement import RecordKey
from research_api.domain.batch import Known, prepare
from research_api.domain.upsert import Upsert
from research_api.domain.works import Record
from tests.domain.spellings import Spelling

FILES = ("acl_anthology_2021", "crossref_works", "openalex_works")
OTHER_SOURCE = "other"


@dataclass(frozen=True, slots=True)
class Figures:
    """pairs: of records with one DOI. right: of those, the ones in one work. wrong: records of two DOIs in one work."""

    pairs: int
    right: int
    wrong: int

    @property
    def recall(self) -> float:
        """The share of the pairs that were found."""
        return self.right / self.pairs if self.pairs else 1.0

    @property
    def precision(self) -> float:
        """The share of what was found that is right."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0


def labelled_records(corpus: Path) -> list[Record]:
    """Every record with a DOI, as its importer reads it."""
    found = []
    for name in FILES:
        with open_source(str(corpus / f"{name}.jsonl.gz")) as source:
            module = recognise(source.head)
            assert module is not None
            found += [row.record for row in module.read(source, None) if row.record and doi_of(row.record)]
    return found


def doi_of(record: Record) -> str | None:
    """The label."""
    return next((one.value for one in record.identifiers if one.scheme == "doi"), None)


def hidden(record: Record, source: str) -> Record:
    """As that source would tell it: without identifiers, and without an address, which may have the DOI in it."""
    source_id = f"{record.source}/{record.source_id}"
    return replace(record, source=source, source_id=source_id, identifiers=(), references=(), url=None)


def figures(records: Sequence[Record], told: Iterable[Record | None], order: random.Random) -> Figures:
    """What becomes of the records, in any order, with those that another source tells (None: it tells nothing)."""
    labels: dict[RecordKey, str | None] = {}
    mixed: list[Record] = []
    pairs = 0
    for record, other in zip(records, told, strict=True):
        versions = [hidden(record, record.source)]
        if other is not None:
            versions.append(hidden(other, OTHER_SOURCE))
            pairs += 1
        labels.update({(one.source, one.source_id): doi_of(record) for one in versions})
        mixed += versions
    order.shuffle(mixed)
    known = Known()
    # one batch: two papers of one author under one title are told apart where both are there (DECISIONS.md)
    Upsert(known).decide([prepare(one) for one in mixed])
    found = [
        labels[one] == labels[other]
        for work in known.works.values()
        for one, other in combinations(work.records, 2)
    ]
    return Figures(pairs, sum(found), len(found) - sum(found))


def respelt(records: Sequence[Record], spelling: Spelling, chance: random.Random) -> list[Record | None]:
    """The records as another source spells them."""
    return [spelling(record, chance) for record in records]
