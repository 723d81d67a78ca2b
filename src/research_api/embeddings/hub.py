"""Models from a hub, by its own client: fetched once, and only the files that are read.

Source: huggingface_hub 2.4, `HfApi.model_info`, `hf_hub_download`, `set_client_factory`, and its documentation,
"Environment variables", for what is switched off (read 2026-11)
"""

from __future__ import annotations

import fcntl
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import huggingface_hub
import structlog
from huggingface_hub import constants
from huggingface_hub.utils.tqdm import disable_progress_bars

from research_api.domain.errors import EmbeddingUnavailable
from research_api.egress.bounds import bounded
from research_api.egress.guard import Guard
from research_api.egress.httpx_client import make_client
from research_api.embeddings.folder import DATA_SUFFIX, ONNX_PLACES, SETTINGS, TOKENIZER

log = structlog.get_logger(__name__)

# a server that says nothing is given up after this; the client tries a file six times
SILENCE_SECONDS = 10
FETCH_SECONDS = 1_800.0
# an ONNX file is one protobuf message, which ends at 2 GiB
MAX_BYTES = 2**31 + 100_000_000
_UNSAFE = re.compile(r"[^\w.-]+")


def fetched(
    reference: str, models_dir: Path, guard: Guard, *, endpoint: str, seconds: float = FETCH_SECONDS
) -> Path:
    """The folder with the model OWNER/NAME[@REVISION]: what was fetched once stays, and asks no network again.

    It appears whole or not at all. endpoint: the address of the hub.
    Raises EmbeddingUnavailable.
    """
    name, _, revision = reference.partition("@")
    folder = models_dir / _UNSAFE.sub("--", reference)
    try:
        with _alone(folder.with_name(f"{folder.name}.lock")):
            if not folder.is_dir():
                with bounded(seconds, MAX_BYTES):
                    partial = _fetch(name, revision or None, folder, guard, endpoint)
                partial.rename(folder)
                log.info("model_fetched", model=reference)
    except EmbeddingUnavailable:
        raise
    except Exception as error:
        # the client raises its own, those of its transport, and OSError
        log.warning("model_not_fetched", model=reference, error=type(error).__name__)
        raise EmbeddingUnavailable(f"The model {reference} cannot be fetched from the hub.") from error
    return folder


def _fetch(name: str, revision: str | None, folder: Path, guard: Guard, endpoint: str) -> Path:
    """A folder with all files of one commit; what an earlier attempt at that commit left is not fetched again."""
    _prepare(guard)
    hub = huggingface_hub.HfApi(endpoint=endpoint, token=False)
    info = hub.model_info(name, revision=revision, timeout=SILENCE_SECONDS)
    there = {one.rfilename for one in info.siblings or ()}
    onnx = next((place for place in ONNX_PLACES if place in there), None)
    if onnx is None or TOKENIZER not in there or info.sha is None:
        raise EmbeddingUnavailable(
            f"The model {name} has no {TOKENIZER}, or none of the files {', '.join(ONNX_PLACES)}."
        )
    partial = folder.with_name(f"{folder.name}.{_UNSAFE.sub('', info.sha)}.partial")
    for file in (onnx, f"{onnx}{DATA_SUFFIX}", TOKENIZER, *SETTINGS):
        if file in there:
            hub.hf_hub_download(
                name,
                file,
                revision=info.sha,
                local_dir=partial,
                cache_dir=folder.parent,
                etag_timeout=SILENCE_SECONDS,
                token=False,
            )
    return partial


def _prepare(guard: Guard) -> None:
    """The client uses our transport, tells nobody of this machine, and draws nothing."""
    huggingface_hub.set_client_factory(lambda: make_client(guard, follows_redirects=True))
    constants.HF_HUB_DISABLE_TELEMETRY = True
    # its other transport is a program of its own, which would keep none of our bounds
    constants.HF_HUB_DISABLE_XET = True
    disable_progress_bars()
    # its warnings are JSON lines like all others; it says the same at the end by an error
    client_log = logging.getLogger("huggingface_hub")
    client_log.handlers.clear()
    client_log.propagate = True


@contextmanager
def _alone(path: Path) -> Iterator[Any]:
    """No other process or thread is inside with this file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
