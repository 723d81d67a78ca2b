"""From what EMBEDDING_MODEL names to an embedder.

builtin                  the model that comes inside a wheel
/a/folder                a folder as `folder` describes it
hub:OWNER/NAME[@REV]     the same, fetched once from a hub into DATA_DIR/models
openai:MODEL             a server that speaks OpenAI's /v1/embeddings, at OPENAI_BASE_URL
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from research_api.domain.vectors import Embedder
from research_api.embeddings.folder import builtin_folder, read_folder
from research_api.embeddings.onnx import OnnxEmbedder

BUILTIN = "builtin"
HUB_PREFIX = "hub:"
OPENAI_PREFIX = "openai:"


@dataclass(frozen=True, slots=True)
class SpecLoader:
    """Loads embedders. models_dir: where what comes from a hub is kept. threads: for ONNX models."""

    models_dir: Path
    openai_base_url: str
    openai_api_key: str
    threads: int = 1

    def load(self, spec: str) -> Embedder:
        """The embedder that the spec names. Raises EmbeddingUnavailable."""
        if spec == BUILTIN:
            return OnnxEmbedder(builtin_folder(), threads=self.threads)
        if spec.startswith(OPENAI_PREFIX):
            return self._remote(spec.removeprefix(OPENAI_PREFIX))
        if spec.startswith(HUB_PREFIX):
            return self._from_hub(spec.removeprefix(HUB_PREFIX))
        return OnnxEmbedder(read_folder(Path(spec), Path(spec).name), threads=self.threads)

    # importing a client takes half a second and 60 MB, which those who do not use it need not pay

    def _remote(self, model: str) -> Embedder:
        from research_api.embeddings.remote import RemoteEmbedder

        return RemoteEmbedder(model, base_url=self.openai_base_url, api_key=self.openai_api_key)

    def _from_hub(self, reference: str) -> Embedder:
        from research_api.embeddings.hub import fetched

        folder = fetched(reference, self.models_dir)
        return OnnxEmbedder(read_folder(folder, reference), threads=self.threads)
