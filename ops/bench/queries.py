"""Queries made of the titles in the corpus, the same ones in every run."""

from __future__ import annotations

import gzip
import json
import random
import re
from pathlib import Path

SEED = 20261122
_WORD = re.compile(r"[A-Za-z]{3,}")


def titles(corpus: Path, count: int) -> list[list[str]]:
    """The words of titles with at least four of them."""
    with gzip.open(corpus, "rt", encoding="utf-8") as lines:
        found = [words for line in lines if len(words := _WORD.findall(json.loads(line)["title"])) >= 4]
    return random.Random(SEED).sample(found, count)


def lexical(corpus: Path, count: int) -> list[str]:
    """Two to eight words of a title, shuffled, as a person types them."""
    source = random.Random(SEED)
    return [
        " ".join(source.sample(words, min(len(words), source.randint(2, 8))))
        for words in titles(corpus, count)
    ]


def strict(corpus: Path, count: int) -> list[str]:
    """Words, phrases, prefixes, NOT, OR and fields in turn; each but the NOTs is known to have a hit."""
    found = []
    for place, words in enumerate(titles(corpus, count)):
        one, two, three = words[0], words[1], words[-1]
        shapes = (
            f"{one} {three}",
            f'"{one} {two}"',
            f"{one[:4]}* {three}",
            f"{one} NOT {three}",
            f"({one} OR {two}) {three}",
            f"title:{one} year:1990-2021",
        )
        found.append(shapes[place % len(shapes)])
    return found
