"""Tiny models in the layout of sentence-transformers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing

VOCABULARY = {
    "[UNK]": 0,
    "[CLS]": 1,
    "[SEP]": 2,
    "cats": 3,
    "dogs": 4,
    "query": 5,
    "work": 6,
    "dimensions": 7,
}
# the vector of each token by its number; no two sums of them point the same way
TABLE = np.array(
    [[1, 0, 0], [0, 1, 0], [0, 0, 1], [3, 4, 0], [0, 3, 4], [5, 1, 2], [2, 7, 1], [1, 1, 1]], dtype=np.float32
)

WriteModel = Callable[..., Path]


def tokenizer_text() -> str:
    """A tokenizer.json: words between blanks, with [CLS] before and [SEP] behind."""
    tokenizer = Tokenizer(WordLevel(VOCABULARY, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    return str(tokenizer.to_str())


def onnx_bytes(
    table: np.ndarray = TABLE,
    *,
    inputs: tuple[str, ...] = ("input_ids", "attention_mask", "token_type_ids"),
    output: str = "last_hidden_state",
) -> bytes:
    """A model that looks each token up in the table; its other inputs are taken and not used."""
    nodes = [helper.make_node("Gather", ["table", "input_ids"], [output])]
    shape = ["batch", "length"]
    graph = helper.make_graph(
        nodes,
        "lookup",
        [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name in inputs],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, [*shape, table.shape[1]])],
        [numpy_helper.from_array(table, "table")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


@pytest.fixture
def write_model(tmp_path: Path) -> WriteModel:
    """Writes a model into a folder of that name; `files` adds texts, bytes or JSON by path, None takes a file away."""

    def write(name: str = "tiny", **options: object) -> Path:
        folder = tmp_path / name
        files: dict[str, object] = {
            "onnx/model.onnx": onnx_bytes(),
            "tokenizer.json": tokenizer_text(),
            "modules.json": [
                {"idx": 0, "type": "sentence_transformers.models.Transformer"},
                {"idx": 1, "type": "sentence_transformers.models.Pooling"},
                {"idx": 2, "type": "sentence_transformers.models.Normalize"},
            ],
        }
        files |= options.get("files") or {}  # type: ignore[operator] # a mapping
        for place, content in files.items():
            path = folder / place
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, bytes):
                path.write_bytes(content)
            elif content is not None:
                text = content if isinstance(content, str) else json.dumps(content)
                path.write_text(text, encoding="utf-8")
        return folder

    return write
