"""Vectors of works: which model made them, of which text, and what is asked of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt

from research_api.domain.errors import EmbeddingUnavailable

# one row a text, each of length 1, so that the inner product is the cosine
Matrix = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]

# Postgres keeps half precision; pgvector's HNSW takes at most 4,000 of those
MAX_DIMENSIONS = 4_000
# what half precision and a model's own rounding leave of a length of 1
_LENGTH_TOLERANCE = 0.01

_ALPHABET = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz234567", dtype=np.uint8)
_SHIFTS = np.arange(55, -1, -5, dtype=np.int64)
_VALUES = np.zeros(256, dtype=np.int64)
_VALUES[_ALPHABET] = np.arange(32)


class ModelRole(StrEnum):
    """current: queries are encoded by it. next: its vectors are being made. former: to be dropped."""

    CURRENT = "current"
    NEXT = "next"
    FORMER = "former"


class Embedder(Protocol):
    """Turns texts into vectors of length 1, so that the inner product of two is their cosine.

    name: what makes two vectors comparable, the bytes of the model included. least_similarity: a work that is
    less near to a query than this, and has none of its words, is no answer to it.
    """

    name: str
    dimensions: int
    least_similarity: float

    def embed_query(self, text: str) -> Matrix:
        """The vector of a query, `dimensions` long. Raises EmbeddingUnavailable."""
        ...

    def embed_texts(self, texts: Sequence[str]) -> Matrix:
        """A row for each text of a work. Raises EmbeddingUnavailable."""
        ...


@dataclass(frozen=True, slots=True)
class EmbeddingModel:
    """A model as the database knows it.

    number: names its table of vectors. name: what makes vectors comparable, the bytes of the model included.
    spec: how to load it again, as EMBEDDING_MODEL has it.
    """

    number: int
    name: str
    spec: str
    dimensions: int
    role: ModelRole


@dataclass(frozen=True, slots=True)
class WaitingText:
    """A work that waits for its vector; changed_at: which of its texts that is."""

    work_id: str
    changed_at: datetime
    title: str
    abstract: str | None


@dataclass(frozen=True, slots=True)
class EmbeddingProgress:
    """How far a model has come.

    waiting, failed: works in the backlog, and those that failed too often to be tried again.
    is_swept: every work has a vector or stands in the backlog. waits_seconds: the age of the oldest in the
    backlog, None where none waits.
    """

    model: str
    role: ModelRole
    with_vector: int
    waiting: int
    failed: int
    is_swept: bool
    waits_seconds: float | None


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Works nearest first, as `works.work_number` numbers them, with the cosine of each."""

    numbers: tuple[int, ...] = ()
    similarities: tuple[float, ...] = ()


def text_to_embed(title: str, abstract: str | None) -> str:
    """The text that stands for a work; models cut it at their own length."""
    return f"{title}. {abstract}" if abstract else title


def check_vectors(vectors: Matrix, count: int, dimensions: int) -> None:
    """They are `count` rows, `dimensions` long, each of length 1, or zeros where nothing can be made of a text.

    Raises EmbeddingUnavailable where they are not: one that is not a number would make every search fail.
    """
    if vectors.shape != (count, dimensions):
        raise EmbeddingUnavailable(
            f"The model made vectors of the shape {vectors.shape} where {(count, dimensions)} was due."
        )
    with np.errstate(over="ignore", invalid="ignore"):
        lengths = np.linalg.norm(vectors.astype(np.float64), axis=1)
    if not np.all((lengths == 0) | (np.abs(lengths - 1) <= _LENGTH_TOLERANCE)):
        raise EmbeddingUnavailable("The model made vectors that are not of length 1, or no numbers at all.")


def ids_from_numbers(numbers: Numbers) -> list[str]:
    """Work ids, as `works.work_id_from_number` makes them one by one: 1,000 take 0.3 ms here, 10 ms there."""
    characters = _ALPHABET[(numbers[:, None] >> _SHIFTS) & 31]
    text = characters.tobytes().decode("ascii")
    return [f"w_{text[place : place + 12]}" for place in range(0, len(text), 12)]


def numbers_from_ids(ids: list[str]) -> Numbers:
    """The inverse. Every id must be a work's."""
    characters = np.frombuffer("".join(ids).encode("ascii"), dtype=np.uint8).reshape(len(ids), 14)
    found: Numbers = (_VALUES[characters[:, 2:]] << _SHIFTS).sum(axis=1)
    return found
