"""Vectors from a server that speaks OpenAI's `POST /v1/embeddings`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import openai
import structlog

from research_api.domain.errors import EmbeddingUnavailable
from research_api.domain.vectors import MAX_DIMENSIONS, Matrix

log = structlog.get_logger(__name__)

# a request waits for a query's vector; the worker has time
QUERY_SECONDS = 2.0
TEXTS_SECONDS = 60.0
# OpenAI refuses inputs of more than 8,192 tokens; a token of English text has some four characters
MAX_CHARACTERS = 24_000
_PROBE = "dimensions"


class RemoteEmbedder:
    """Asks the server; what it answers is checked: count, order, length and finite numbers.

    Source: OpenAI API reference, "Create embeddings" (read 2026-11)
    """

    least_similarity = -1.0

    def __init__(self, model: str, *, base_url: str, api_key: str) -> None:
        self._model = model
        # the client's own defaults are 600 s and two more tries; no proxy or .netrc of the environment is used
        self._client = openai.OpenAI(
            api_key=api_key or "none",
            base_url=base_url,
            max_retries=0,
            http_client=openai.DefaultHttpxClient(trust_env=False, follow_redirects=False),
        )
        self.dimensions = int(self._asked([_PROBE], TEXTS_SECONDS).shape[1])
        self.name = f"{model}@{base_url}/{self.dimensions}"

    def embed_query(self, text: str) -> Matrix:
        """The vector of a query, of length 1. Raises EmbeddingUnavailable."""
        row: Matrix = self._asked([text], QUERY_SECONDS)[0]
        return row

    def embed_texts(self, texts: Sequence[str]) -> Matrix:
        """A row for each text, of length 1. Raises EmbeddingUnavailable."""
        return self._asked(texts, TEXTS_SECONDS)

    def _asked(self, texts: Sequence[str], seconds: float) -> Matrix:
        sent = [text[:MAX_CHARACTERS] for text in texts]
        try:
            answer = self._client.embeddings.create(
                input=sent, model=self._model, encoding_format="float", timeout=seconds
            )
            rows = np.array([one.embedding for one in sorted(answer.data, key=lambda one: one.index)])
        except openai.OpenAIError as error:
            log.warning("embedding_failed", error=type(error).__name__)
            raise EmbeddingUnavailable("The server of vectors does not answer as it should.") from error
        except (ValueError, TypeError, AttributeError) as error:
            raise EmbeddingUnavailable(
                "The server of vectors answered something else than vectors."
            ) from error
        return _checked(rows, len(sent), getattr(self, "dimensions", None))


def _checked(rows: Matrix, count: int, dimensions: int | None) -> Matrix:
    if rows.ndim != 2 or len(rows) != count or not 1 <= rows.shape[1] <= MAX_DIMENSIONS:
        raise EmbeddingUnavailable("The server of vectors answered another number of vectors than asked.")
    if dimensions is not None and rows.shape[1] != dimensions:
        raise EmbeddingUnavailable("The server of vectors changed their length: is it another model now?")
    if not np.isfinite(rows).all():
        raise EmbeddingUnavailable("The server of vectors answered numbers that are not finite.")
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.where(lengths == 0, 1.0, lengths)).astype(np.float32)
