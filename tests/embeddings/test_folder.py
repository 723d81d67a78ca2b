"""Models in a folder, with numbers that can be checked by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer

from research_api.domain.errors import EmbeddingUnavailable
from research_api.domain.vectors import Embedder, Matrix
from research_api.embeddings.folder import MAX_TOKENS, ONNX_PLACES, read_folder
from research_api.embeddings.loading import SpecLoader
from research_api.embeddings.onnx import OnnxEmbedder
from tests.embeddings.conftest import TABLE, WriteModel, onnx_bytes, tokenizer_text
from tests.embeddings.loopback import remotes_at

MEAN = {"word_embedding_dimension": 3, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True}
CLS = {"word_embedding_dimension": 3, "pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}
POOLING = "1_Pooling/config.json"
PROMPTS = "config_sentence_transformers.json"
LENGTHS = "sentence_bert_config.json"
UNKNOWN, CLS_TOKEN, SEP, CATS, DOGS, QUERY, WORK = TABLE[:7]


def loaded(folder: Path) -> Embedder:
    return SpecLoader(Path("unused"), remotes_at("http://unused")).load(str(folder))


def unit(vector: Matrix) -> Any:
    return pytest.approx(vector / np.linalg.norm(vector), abs=1e-6)


def refusal(folder: Path) -> str:
    with pytest.raises(EmbeddingUnavailable) as caught:
        loaded(folder)
    # it is shown to callers
    assert str(folder.parent) not in caught.value.detail
    return caught.value.detail


def test_mean_pooling_is_the_mean_of_all_tokens(write_model: WriteModel) -> None:
    embedder = loaded(write_model(files={POOLING: MEAN}))

    assert embedder.dimensions == 3
    assert embedder.embed_query("cats dogs") == unit(CLS_TOKEN + CATS + DOGS + SEP)
    assert embedder.embed_texts(["dogs", "cats bears"]) == pytest.approx(
        np.array(
            [one / np.linalg.norm(one) for one in (CLS_TOKEN + DOGS + SEP, CLS_TOKEN + CATS + UNKNOWN + SEP)]
        )
    )


def test_cls_pooling_is_the_first_token(write_model: WriteModel) -> None:
    embedder = loaded(write_model(files={POOLING: CLS}))

    assert embedder.embed_query("cats dogs") == unit(CLS_TOKEN)


def test_without_a_pooling_file_it_is_the_mean(write_model: WriteModel) -> None:
    assert loaded(write_model()).embed_query("cats") == unit(CLS_TOKEN + CATS + SEP)


def test_prompts_go_before_queries_and_texts(write_model: WriteModel) -> None:
    both = loaded(write_model("both", files={PROMPTS: {"prompts": {"query": "query ", "document": "work "}}}))
    passage = loaded(write_model("passage", files={PROMPTS: {"prompts": {"query": "", "passage": "work "}}}))
    none = loaded(write_model("none", files={PROMPTS: {"prompts": None, "default_prompt_name": None}}))

    assert both.embed_query("cats") == unit(CLS_TOKEN + QUERY + CATS + SEP)
    assert both.embed_texts(["cats"])[0] == unit(CLS_TOKEN + WORK + CATS + SEP)
    assert passage.embed_query("cats") == unit(CLS_TOKEN + CATS + SEP)
    assert passage.embed_texts(["cats"])[0] == unit(CLS_TOKEN + WORK + CATS + SEP)
    assert none.embed_query("cats") == unit(CLS_TOKEN + CATS + SEP)


def test_a_text_is_cut_at_the_models_length(write_model: WriteModel) -> None:
    """[CLS] and [SEP] count, as in sentence-transformers."""
    embedder = loaded(write_model(files={LENGTHS: {"max_seq_length": 4}}))

    assert embedder.embed_query("cats cats dogs dogs dogs") == unit(CLS_TOKEN + CATS + CATS + SEP)


@pytest.mark.parametrize("length", [None, 512, 8_192])
def test_no_model_reads_more_than_512_tokens(write_model: WriteModel, length: int | None) -> None:
    folder = write_model(files={LENGTHS: {"max_seq_length": length}})
    long = "cats " * (MAX_TOKENS - 2) + "dogs " * 1_000

    assert read_folder(folder, "x").max_tokens == MAX_TOKENS
    assert loaded(folder).embed_query(long) == unit(CLS_TOKEN + (MAX_TOKENS - 2) * CATS + SEP)


@pytest.mark.parametrize(
    "inputs",
    [("input_ids",), ("input_ids", "attention_mask"), ("attention_mask", "token_type_ids", "input_ids")],
)
def test_a_model_gets_the_inputs_that_it_takes(write_model: WriteModel, inputs: tuple[str, ...]) -> None:
    embedder = loaded(write_model(files={"onnx/model.onnx": onnx_bytes(inputs=inputs)}))

    assert embedder.embed_query("cats") == unit(CLS_TOKEN + CATS + SEP)


def test_vectors_have_length_one_and_do_not_depend_on_their_neighbours(write_model: WriteModel) -> None:
    embedder = loaded(write_model())
    texts = ["cats", "dogs cats", "bears", "", "query work"]

    together = embedder.embed_texts(texts)

    assert np.linalg.norm(together, axis=1) == pytest.approx(np.ones(len(texts)))
    assert together.dtype == np.float32
    for text, row in zip(texts, together, strict=True):
        assert embedder.embed_texts([text])[0].tobytes() == row.tobytes()
    assert embedder.embed_texts([]).shape == (0, 3)


def test_a_text_of_which_nothing_is_left_has_a_vector_of_zeros(write_model: WriteModel) -> None:
    """A tokenizer without [CLS] and [SEP] makes no token of an empty text; zeros sum to zero."""
    table = TABLE.copy()
    table[0] = 0
    tokenizer = Tokenizer.from_str(tokenizer_text())
    tokenizer.post_processor = None
    files = {"tokenizer.json": tokenizer.to_str(), "onnx/model.onnx": onnx_bytes(table)}
    embedder = loaded(write_model(files=files))

    assert embedder.embed_texts(["", "bears", "cats"]).tolist() == [
        [0, 0, 0],
        [0, 0, 0],
        pytest.approx([0.6, 0.8, 0]),
    ]


def test_the_first_onnx_file_of_a_known_order_wins(write_model: WriteModel) -> None:
    """Whole models go before quantized ones, which hubs keep beside them under names of their own."""
    names = []
    for place in range(len(ONNX_PLACES)):
        there = {
            name: onnx_bytes(TABLE + number) for number, name in enumerate(ONNX_PLACES) if number >= place
        }
        folder = write_model(str(place), files={"onnx/model.onnx": None, **there})
        names.append(read_folder(folder, "x").onnx.relative_to(folder).as_posix())

    assert names == list(ONNX_PLACES)
    assert names == [
        "model.onnx",
        "onnx/model.onnx",
        "onnx/model_quantized.onnx",
        "onnx/model_int8.onnx",
        "model_quantized.onnx",
        "model_int8.onnx",
    ]


def test_whatever_changes_vectors_changes_the_name(write_model: WriteModel) -> None:
    changes: dict[str, dict[str, object]] = {
        "as it was": {},
        "onnx": {"onnx/model.onnx": onnx_bytes(TABLE + 1)},
        "tokenizer": {"tokenizer.json": tokenizer_text().replace("cats", "bats")},
        "pooling": {POOLING: CLS},
        "query": {PROMPTS: {"prompts": {"query": "query "}}},
        "text": {PROMPTS: {"prompts": {"document": "query "}}},
        "length": {LENGTHS: {"max_seq_length": 7}},
        "data": {"onnx/model.onnx_data": b"weights"},
    }
    names = [read_folder(write_model(name, files=files), "same").name for name, files in changes.items()]
    again = read_folder(write_model("again"), "same").name

    assert len(set(names)) == len(changes)
    assert again == names[0]
    assert all(name.startswith("same@") for name in names)


@pytest.mark.parametrize("missing", ["onnx/model.onnx", "tokenizer.json"])
def test_a_missing_file_is_named(write_model: WriteModel, missing: str) -> None:
    detail = refusal(write_model(files={missing: None}))

    assert missing in detail
    assert "tiny" in detail


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    refusal(tmp_path / "nothing")


@pytest.mark.parametrize("file", ["modules.json", POOLING, PROMPTS, LENGTHS])
@pytest.mark.parametrize("content", ["{", "", "[1]", "3", '"text"', b"\xff\xfe", "[" * 100_000])
def test_settings_that_cannot_be_read_are_refused(
    write_model: WriteModel, file: str, content: str | bytes
) -> None:
    assert "settings" in refusal(write_model(files={file: content}))


@pytest.mark.parametrize(
    ("file", "content"),
    [
        (LENGTHS, {"max_seq_length": 0}),
        (LENGTHS, {"max_seq_length": -1}),
        (LENGTHS, {"max_seq_length": "long"}),
        (PROMPTS, {"prompts": ["query"]}),
        (PROMPTS, {"prompts": {"query": 5}}),
        (PROMPTS, {"prompts": {"document": {"a": 1}}}),
        ("modules.json", [{"idx": 0}]),
    ],
)
def test_settings_of_another_kind_are_refused(write_model: WriteModel, file: str, content: object) -> None:
    assert "settings" in refusal(write_model(files={file: content}))


@pytest.mark.parametrize(
    ("file", "content"),
    [
        (POOLING, {"pooling_mode_max_tokens": True}),
        (POOLING, {"pooling_mode_lasttoken": True}),
        (POOLING, {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": True}),
        (POOLING, {**MEAN, "include_prompt": False}),
        ("modules.json", [{"idx": 2, "type": "sentence_transformers.models.Dense"}]),
    ],
)
def test_what_would_give_wrong_vectors_in_silence_is_refused(
    write_model: WriteModel, file: str, content: object
) -> None:
    assert "not supported" in refusal(write_model(files={file: content}))


@pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"no model", onnx_bytes()[:100]])
def test_an_onnx_file_that_is_none_is_refused(write_model: WriteModel, content: bytes) -> None:
    assert "onnxruntime" in refusal(write_model(files={"onnx/model.onnx": content}))


@pytest.mark.parametrize("content", ["", "{", "{}", "[1, 2]", b"\xff\xfe\x00"])
def test_a_tokenizer_that_is_none_is_refused(write_model: WriteModel, content: str | bytes) -> None:
    assert "tokenizer" in refusal(write_model(files={"tokenizer.json": content}))


def test_a_model_that_wants_what_nobody_gives_is_refused(write_model: WriteModel) -> None:
    refusal(write_model(files={"onnx/model.onnx": onnx_bytes(inputs=("input_ids", "pixels"))}))


def test_a_token_that_the_model_does_not_know_is_an_error_of_that_text(write_model: WriteModel) -> None:
    """The tokenizer of another model: numbers beyond the table."""
    folder = write_model(files={"tokenizer.json": tokenizer_text().replace('"dogs":4', '"dogs":4000')})
    embedder = loaded(folder)

    assert embedder.embed_query("cats") == unit(CLS_TOKEN + CATS + SEP)
    with pytest.raises(EmbeddingUnavailable):
        embedder.embed_query("dogs")


def test_numbers_that_are_none_are_refused(write_model: WriteModel) -> None:
    table = TABLE.copy()
    table[4] = np.nan
    embedder = loaded(write_model(files={"onnx/model.onnx": onnx_bytes(table)}))

    with pytest.raises(EmbeddingUnavailable):
        embedder.embed_query("dogs")


def test_vectors_longer_than_the_database_takes_are_refused(write_model: WriteModel) -> None:
    table = np.ones((8, 4_001), dtype=np.float32)

    assert "4001" in refusal(write_model(files={"onnx/model.onnx": onnx_bytes(table)}))


def test_the_output_with_the_tokens_is_found_by_its_name(write_model: WriteModel) -> None:
    for name in ("token_embeddings", "something"):
        folder = write_model(name, files={"onnx/model.onnx": onnx_bytes(output=name)})

        assert OnnxEmbedder(read_folder(folder, "x")).embed_query("cats") == unit(CLS_TOKEN + CATS + SEP)
