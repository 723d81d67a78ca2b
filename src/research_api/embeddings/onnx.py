"""Vectors by onnxruntime on this machine's CPU."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnxruntime
import structlog
from tokenizers import Tokenizer

from research_api.domain.errors import EmbeddingUnavailable
from research_api.domain.vectors import MAX_DIMENSIONS, Matrix
from research_api.embeddings.folder import ModelFolder

log = structlog.get_logger(__name__)

# a token has rarely more than a dozen characters; what is far beyond the model's length is not even tokenized
_CHARACTERS_PER_TOKEN = 24
# the vectors of the tokens, as exporters name them; else a model's first output
_OUTPUTS = ("last_hidden_state", "token_embeddings")


class OnnxEmbedder:
    """One text at a time: int8 models scale their activations over the batch, so in a batch the vector of a text
    would depend on its neighbours.

    Threads may share it. Source: ONNX Runtime Python API, InferenceSession and SessionOptions (read 2026-11)
    """

    def __init__(self, folder: ModelFolder, *, threads: int = 1) -> None:
        self._folder = folder
        self._session = _session(folder, threads)
        self._inputs = {one.name for one in self._session.get_inputs()}
        outputs = [one.name for one in self._session.get_outputs()]
        self._output = next((name for name in _OUTPUTS if name in outputs), outputs[0])
        self._tokenizer = _tokenizer(folder)
        self.name = folder.name
        self.least_similarity = folder.least_similarity
        self.dimensions = 0
        self.dimensions = len(self._embedded("dimensions"))
        if not 1 <= self.dimensions <= MAX_DIMENSIONS:
            raise EmbeddingUnavailable(f"The model {folder.name} makes vectors of {self.dimensions} numbers.")

    def embed_query(self, text: str) -> Matrix:
        """The vector of a query, of length 1; zeros where nothing can be made of it."""
        return self._embedded(self._folder.query_prefix + text)

    def embed_texts(self, texts: Sequence[str]) -> Matrix:
        """A row for each text of a work, of length 1; zeros where nothing can be made of it."""
        rows = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for place, text in enumerate(texts):
            rows[place] = self._embedded(self._folder.text_prefix + text)
        return rows

    def _embedded(self, text: str) -> Matrix:
        short = text[: self._folder.max_tokens * _CHARACTERS_PER_TOKEN]
        # the tokenizer is in UTF-8, which carries no lone surrogate
        ids = np.array([self._tokenizer.encode(short.encode("utf-8", "replace").decode()).ids], np.int64)
        if not ids.size:
            return np.zeros(self.dimensions, dtype=np.float32)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        try:
            asked = {name: values for name, values in feed.items() if name in self._inputs}
            found = self._session.run([self._output], asked)[0][0]
        except Exception as error:
            # onnxruntime's errors share no base class of their own
            log.warning("text_not_embedded", model=self._folder.name, error=type(error).__name__)
            raise EmbeddingUnavailable("The model cannot make a vector of this text.") from error
        return self._unit(found)

    def _unit(self, found: Matrix) -> Matrix:
        """found: a row for each token, or the one vector of a model that pools by itself."""
        vector = (
            found if found.ndim == 1 else found[0] if self._folder.pooling == "cls" else found.mean(axis=0)
        )
        if vector.ndim != 1 or not np.isfinite(vector).all():
            raise EmbeddingUnavailable("The model answers something else than vectors.")
        length = float(np.linalg.norm(vector))
        unit: Matrix = (vector / length if length else vector).astype(np.float32)
        return unit


def _tokenizer(folder: ModelFolder) -> Tokenizer:
    try:
        tokenizer = Tokenizer.from_file(str(folder.tokenizer))
        tokenizer.enable_truncation(folder.max_tokens)
    except Exception as error:
        # the tokenizers library raises Exception itself
        log.warning("tokenizer_unloadable", model=folder.name, error=type(error).__name__)
        raise EmbeddingUnavailable(f"The tokenizer of the model {folder.name} cannot be read.") from error
    tokenizer.no_padding()
    return tokenizer


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
