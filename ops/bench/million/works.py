"""A million records out of the Anthology's sixty thousand."""

from __future__ import annotations

import gzip
import itertools
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SEED = 20261124
CHANGED_WORDS = 0.25
_WORD = re.compile(r"[A-Za-z]{4,}")
_ODD = re.compile(r"[^A-Za-z0-9]+")


def papers(corpus: Path) -> list[dict[str, Any]]:
    """The records of the file."""
    with gzip.open(corpus, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def write_many(corpus: Path, target: Path, count: int) -> None:
    """`target` has so many records in the Anthology's form: the originals first, then copies."""
    known = papers(corpus)
    with gzip.open(target, "wt", encoding="utf-8", compresslevel=1) as lines:
        for paper in itertools.islice(_endless(known), count):
            lines.write(json.dumps(paper, ensure_ascii=False) + "\n")


def _endless(known: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    vocabulary = _vocabulary(known)
    yield from known
    for turn in itertools.count(1):
        source = random.Random(SEED + turn)
        for place, paper in enumerate(known):
            yield _copy(paper, turn, place, source, vocabulary)


def _vocabulary(known: list[dict[str, Any]]) -> list[str]:
    """Words as often as the titles have them, so that a drawn one is as common as it was."""
    return [word for paper in known for word in _WORD.findall(paper["title"])]


def _copy(
    paper: dict[str, Any], turn: int, place: int, source: random.Random, vocabulary: list[str]
) -> dict[str, Any]:
    def changed(text: str) -> str:
        return _WORD.sub(
            lambda word: source.choice(vocabulary) if source.random() < CHANGED_WORDS else word[0], text
        )

    year = 1950 + source.randrange(75)
    return {
        **paper,
        "id": f"{year}.copy{turn}-{_ODD.sub('', str(paper['id'])) or 'x'}.{place + 1}",
        "url": "",
        "doi": "",
        "year": year,
        "title": changed(paper["title"]),
        "abstract": changed(paper.get("abstract") or ""),
    }
