"""Vectors from a server that speaks OpenAI's `POST /v1/embeddings`."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import openai
import structlog

from research_api.domain.errors import EmbeddingUnavailable
from research_api.domain.vectors import MAX_DIMENSIONS, Matrix
from research_api.egress.bounds import bounded
from research_api.egress.guard import Guard
from research_api.egress.httpx_client import FAILURES, make_client

log = structlog.get_logger(__name__)

# a request waits for a query's vector; the worker has time
QUERY_SECONDS = 2.0
TEXTS_SECONDS = 15.0
# OpenAI refuses a text of more than 8,192 tokens, and a request of more than 2,048 texts or 300,000 tokens. Its tokens
# are at least a byte long, so these hold for every text; nearly all abstracts are shorter.
MAX_TEXT_BYTES = 8_000
MAX_TEXTS = 32
# those texts' vectors of the greatest length, as JSON with 17 digits a number, and half as much again
MAX_ANSWER_BYTES = 4_000_000
_PROBE = "dimensions"
# what the client raises for an answer that is no JSON, or JSON of another shape, and numpy for what is no number
_MISSHAPEN = (ValueError, TypeError, AttributeError, OverflowError, RecursionError)

_Floats = npt.NDArray[np.float64]


class RemoteEmbedder:
    """Asks the server; what it answers is checked: count, order, length and finite numbers.

    Source: OpenAI API reference, "Create embeddings" (read 2026-11)
    """

    least_similarity = -1.0

    def __init__(
        self, model: str, guard: Guard, *, base_url: str, api_key: str, query_seconds: float = QUERY_SECONDS
    ) -> None:
        self._model = model
        self._query_seconds = query_seconds
        # the client's own defaults are 600 s and two more tries
        self._client = openai.OpenAI(
            api_key=api_key or "none",
            base_url=base_url,
            max_retries=0,
            http_client=make_client(guard, follows_redirects=False),
        )
        # else those of the environment, which belong to another key
        self._client.organization = self._client.project = None
        self.dimensions = 0
        try:
            self.dimensions = int(self._asked([_PROBE], TEXTS_SECONDS).shape[1])
        except EmbeddingUnavailable:
            self._client.close()
            raise
        self.name = f"{model}@{base_url}/{self.dimensions}"

    def embed_query(self, text: str) -> Matrix:
        """The vector of a query, of length 1. Raises EmbeddingUnavailable."""
        row: Matrix = self._asked([text], self._query_seconds)[0]
        return row

    def embed_texts(self, texts: Sequence[str]) -> Matrix:
        """A row for each text, of length 1. Raises EmbeddingUnavailable."""
        parts = [
            self._asked(texts[begin : begin + MAX_TEXTS], TEXTS_SECONDS)
            for begin in range(0, len(texts), MAX_TEXTS)
        ]
        return np.concatenate([np.empty((0, self.dimensions), dtype=np.float32), *parts])

    def _asked(self, texts: Sequence[str], seconds: float) -> Matrix:
        sent = [_sendable(text) for text in texts]
        try:
            with bounded(seconds, MAX_ANSWER_BYTES):
                answer = self._client.embeddings.create(
                    input=sent, model=self._model, encoding_format="float", timeout=seconds
                )
            rows = _rows(answer.data)
        except (openai.OpenAIError, *FAILURES) as error:
            log.warning(
                "vectors_not_answered",
                error=type(error).__name__,
                status=getattr(error, "status_code", None),
            )
            # not chained: a server's refusal may repeat the key, and a log would show it
            raise EmbeddingUnavailable("The server of vectors does not answer as it should.") from None
        except _MISSHAPEN:
            raise EmbeddingUnavailable(
                "The server of vectors answered something else than vectors."
            ) from None
        return _checked(rows, len(sent), self.dimensions)


def _sendable(text: str) -> str:
    """What of the text is sent: no lone surrogate, which UTF-8 cannot carry, and never nothing, which is refused."""
    short = text.encode("utf-8", "replace")[:MAX_TEXT_BYTES].decode("utf-8", "ignore")
    return short if short.strip() else "?"


def _rows(data: Any) -> _Floats:
    """The vectors in the order of the texts. Raises one of _MISSHAPEN."""
    ranked = sorted(data, key=lambda one: one.index)
    if [one.index for one in ranked] != list(range(len(ranked))):
        raise ValueError("the places of the vectors are not 0, 1, 2 ...")
    return np.array([_numbers(one.embedding) for one in ranked], dtype=np.float64)


def _numbers(embedding: Any) -> Any:
    """Some servers answer base64 of four-byte floats, whatever they were asked for."""
    if isinstance(embedding, str):
        return np.frombuffer(base64.b64decode(embedding, validate=True), dtype="<f4")
    return embedding


def _checked(rows: _Floats, count: int, dimensions: int) -> Matrix:
    """The rows with length 1. dimensions: 0 where any length will do."""
    if rows.ndim != 2 or len(rows) != count or not 1 <= rows.shape[1] <= MAX_DIMENSIONS:
        raise EmbeddingUnavailable("The server of vectors answered another number of vectors than asked.")
    if dimensions and rows.shape[1] != dimensions:
        raise EmbeddingUnavailable("The server of vectors changed their length: is it another model now?")
    if not np.isfinite(rows).all():
        raise EmbeddingUnavailable("The server of vectors answered numbers that are not finite.")
    # the largest number becomes 1 first: the square of 1e200 is infinite
    largest = np.abs(rows).max(axis=1, keepdims=True)
    rows = rows / np.where(largest == 0, 1.0, largest)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.where(lengths == 0, 1.0, lengths)).astype(np.float32)
