"""Likeness against labels that nobody here wrote: the DOIs of real records, hidden from it.

`pytest -s tests/domain/test_labelled_records.py` shows the figures.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from pathlib import Path

import pytest

from research_api.domain.text import words
from research_api.domain.works import Record
from tests.domain.labelled import Figures, doi_of, figures, labelled_records, respelt
from tests.domain.spellings import SPELLINGS

SAMPLE = 2_000
# what a source that leaves the subtitle out, gives another year or mistypes does not tell is not guessed
LEAST_RECALL = dict.fromkeys(SPELLINGS, 0.97) | {
    "without_subtitle": 0.6,
    "mistyped": 0.8,
    "a_year_later": 0.85,
}


@pytest.fixture(scope="module")
def labelled(shared_data: Path) -> list[Record]:
    return labelled_records(shared_data / "corpus")


def show(name: str, found: Figures) -> None:
    sys.stdout.write(
        f"{name:30} pairs {found.pairs:6}  right {found.right:6}  wrong {found.wrong:3}"
        f"  precision {found.precision:.4f}  recall {found.recall:.4f}\n"
    )


@pytest.mark.slow
def test_records_of_different_dois_are_never_joined(labelled: list[Record]) -> None:
    found = figures(labelled, [None] * len(labelled), random.Random(1))

    show("each source by itself", found)
    assert len(labelled) > 20_000
    assert found.wrong == 0


@pytest.mark.slow
def test_a_second_telling_finds_its_work_and_no_other(labelled: list[Record]) -> None:
    """All records, each told by a second source without identifier and address."""
    found = figures(labelled, labelled, random.Random(2))

    show("told twice", found)
    assert found.wrong == 0
    assert found.recall >= 0.97


@pytest.mark.slow
def test_shared_titles_are_told_apart(labelled: list[Record]) -> None:
    """The records whose title others have too, among them the same paper at a workshop and at a conference."""
    counts = Counter(" ".join(words(record.title)) for record in labelled)
    shared = [record for record in labelled if counts[" ".join(words(record.title))] > 1]
    found = figures(shared, shared, random.Random(3))

    show("of shared titles", found)
    assert len({doi_of(record) for record in shared}) > 150
    assert found.wrong == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", SPELLINGS)
def test_a_record_that_is_spelt_otherwise_finds_its_work_and_no_other(
    labelled: list[Record], name: str
) -> None:
    chance = random.Random(4)
    sample = [record for record in chance.sample(labelled, SAMPLE) if record.authors]

    found = figures(sample, respelt(sample, SPELLINGS[name], chance), chance)

    show(name, found)
    assert found.pairs > 5
    assert found.wrong == 0
    assert found.recall >= LEAST_RECALL[name]
