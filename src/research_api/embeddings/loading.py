"""From what EMBEDDING_MODEL names to an embedder.

builtin                  the model that comes inside a wheel
/a/folder                a folder as `folder` describes it
hub:OWNER/NAME[@REV]     the same, fetched once from a hub into DATA_DIR/models
openai:MODEL             a server that speaks OpenAI's /v1/embeddings, at OPENAI_BASE_URL
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import structlog

from research_api.domain.errors import EmbeddingUnavailable
from research_api.domain.vectors import Embedder
from research_api.embeddings.folder import READ_FILES, builtin_folder, read_folder
from research_api.embeddings.onnx import OnnxEmbedder

log = structlog.get_logger(__name__)

BUILTIN = "builtin"
HUB_PREFIX = "hub:"
OPENAI_PREFIX = "openai:"


@dataclass(frozen=True, slots=True)
class EmbedderLoader:
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
            reference = spec.removeprefix(HUB_PREFIX)
            return OnnxEmbedder(read_folder(self._fetched(reference), reference), threads=self.threads)
        return OnnxEmbedder(read_folder(Path(spec), Path(spec).name), threads=self.threads)

    def _remote(self, model: str) -> Embedder:
        # importing the client takes a second and 60 MB, which those who do not use it need not pay
        from research_api.embeddings.remote import RemoteEmbedder

        return RemoteEmbedder(model, base_url=self.openai_base_url, api_key=self.openai_api_key)

    def _fetched(self, reference: str) -> Path:
        """Only the files that are read are fetched; what is there already is not fetched again.

        Source: huggingface_hub 2.4, `snapshot_download` (read 2026-11)
        """
        from huggingface_hub import snapshot_download  # as for the client above: half a second

        name, _, revision = reference.partition("@")
        try:
            folder = snapshot_download(
                name,
                revision=revision or None,
                cache_dir=self.models_dir,
                allow_patterns=list(READ_FILES),
                token=False,
            )
        except Exception as error:
            # the hub's client raises its own, those of its transport, and OSError
            log.warning("model_not_fetched", model=name, error=type(error).__name__)
            raise EmbeddingUnavailable(f"The model {name} cannot be fetched from the hub.") from error
        return Path(folder)
