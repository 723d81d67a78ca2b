"""A small retrieval collection, made anew: plain documents with a word of their own, and a few odd ones."""

from __future__ import annotations

import gzip
import json
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path

Document = Mapping[str, object]

DOI = "10.5555/Quokka.2026/(A)<1>"
ODD_ID = "a b/ä?#%2F"
# two characters outside the basic plane, two letters that NFC joins with their marks, one that it cannot
ODD_TEXT = unicodedata.normalize(
    "NFD", "🧬🧪 Ångström-scale naïve cafés: the x̂ estimator of 𝛼-helices, written by Dvořák."
)
ODD = (
    {"_id": "astral", "title": "🧬 Genome folding in the axolotl", "text": ODD_TEXT},
    {"_id": "with-doi", "title": "Wallaby identifiers", "text": "Resolved.", "metadata": {"doi": DOI}},
    {"_id": ODD_ID, "title": "Bandicoot with an odd name", "text": "Still found."},
    {"_id": "3", "title": "", "text": "Numbats lack a title. They do have a second sentence."},
)


def plain(word: str, count: int) -> list[Document]:
    """Documents that all have the word, each with a number of its own as a word."""
    return [
        {
            "_id": f"{word}-{number}",
            "title": f"Observation {word}{number} in the field",
            "text": f"The {word} was seen. Note {number} was taken near burrow {number % 7}.",
        }
        for number in range(count)
    ]


def lines(documents: Iterable[Document]) -> str:
    """JSON lines."""
    return "".join(json.dumps(document, ensure_ascii=False) + "\n" for document in documents)


def write_gzip(path: Path, documents: Iterable[Document]) -> str:
    """The path, written."""
    path.write_bytes(gzip.compress(lines(documents).encode()))
    return str(path)
