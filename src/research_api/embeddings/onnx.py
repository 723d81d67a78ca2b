"""Vectors by onnxruntime on this machine's CPU."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnxruntime
import structlog
from tokenizers import Tokenizer

from research_api.domain.errors import EmbeddingUnavailable
from research_api.domain.vectors import Matrix
from research_api.embeddings.folder import ModelFolder

log = structlog.get_logger(__name__)

# a token has rarely more than a dozen characters; what is far beyond the model's length is not even tokenized
_CHARACTERS_PER_TOKEN = 24


class OnnxEmbedder:
    """One text at a time: int8 models scale their activations over the batch, so in a batch the vector of a text
    would depend on its neighbours.

    Threads may share it. Source: ONNX Runtime Python API, InferenceSession and SessionOptions (read 2026-11)
    """

    def __init__(self, folder: ModelFolder, *, threads: int = 1) -> None:
        self._folder = folder
        self._session = _session(folder, threads)
        self._inputs = {one.name for one in self._session.get_inputs()}
        self._tokenizer = Tokenizer.from_file(str(folder.tokenizer))
        self._tokenizer.enable_truncation(folder.max_tokens)
        self._tokenizer.no_padding()
        self.name = folder.name
        self.least_similarity = folder.least_similarity
        self.dimensions = len(self._embedded("dimensions"))

    def embed_query(self, text: str) -> Matrix:
        """The vector of a query, of length 1; zeros where nothing can be made of it."""
        return self._embedded(self._folder.query_prefix + text)

    def embed_texts(self, texts: Sequence[str]) -> Matrix:
        """A row for each text of a work, of length 1; zeros where nothing can be made of it."""
        return np.stack([self._embedded(self._folder.text_prefix + text) for text in texts])

    def _embedded(self, text: str) -> Matrix:
        short = text[: self._folder.max_tokens * _CHARACTERS_PER_TOKEN]
        ids = np.array([self._tokenizer.encode(short).ids], dtype=np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        try:
            tokens = self._session.run(None, {k: v for k, v in feed.items() if k in self._inputs})[0][0]
        except Exception as error:
            # onnxruntime's errors share no base class of their own
            log.warning("text_not_embedded", model=self._folder.name, error=type(error).__name__)
            raise EmbeddingUnavailable("The model cannot make a vector of this text.") from error
        vector = tokens[0] if self._folder.pooling == "cls" else tokens.mean(axis=0)
        length = float(np.linalg.norm(vector))
        unit: Matrix = (vector / length if length else vector).astype(np.float32)
        return unit


def _session(folder: ModelFolder, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # the arena keeps the largest activations for ever: 1.1 GB after texts of 512 tokens
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(folder.onnx), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        # onnxruntime's errors share no base class of their own
        log.warning("model_unloadable", model=folder.name, error=type(error).__name__)
        raise EmbeddingUnavailable(f"The model {folder.name} cannot be loaded by onnxruntime.") from error
