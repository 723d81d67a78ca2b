"""From what EMBEDDING_MODEL names to an embedder.

builtin                  the model that comes inside a wheel
/a/folder                a folder as `folder` describes it
hub:OWNER/NAME[@REV]     the same, fetched once from the hub at HF_ENDPOINT into DATA_DIR/models
openai:MODEL             a server that speaks OpenAI's /v1/embeddings, at OPENAI_BASE_URL
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from research_api.domain.vectors import Embedder
from research_api.egress.guard import Guard
from research_api.embeddings.folder import builtin_folder, read_folder
from research_api.embeddings.onnx import OnnxEmbedder

BUILTIN = "builtin"
HUB_PREFIX = "hub:"
OPENAI_PREFIX = "openai:"


@dataclass(frozen=True, slots=True)
class Remotes:
    """Other hosts that models come from, and what lets calls out to each of them."""

    openai_base_url: str
    openai_guard: Guard
    hub_url: str
    hub_guard: Guard
    openai_api_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class SpecLoader:
    """Loads embedders. models_dir: where what comes from a hub is kept. threads: for ONNX models."""

    models_dir: Path
    remotes: Remotes
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

        remotes = self.remotes
        return RemoteEmbedder(
            model, remotes.openai_guard, base_url=remotes.openai_base_url, api_key=remotes.openai_api_key
        )

    def _from_hub(self, reference: str) -> Embedder:
        from research_api.embeddings.hub import fetched

        folder = fetched(reference, self.models_dir, self.remotes.hub_guard, endpoint=self.remotes.hub_url)
        return OnnxEmbedder(read_folder(folder, reference), threads=self.threads)
