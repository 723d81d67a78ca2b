"""The library that runs the models reports to nobody."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

LOAD_A_MODEL = """
from research_api.embeddings.folder import builtin_folder
from research_api.embeddings.onnx import OnnxEmbedder
print(OnnxEmbedder(builtin_folder()).dimensions)
"""


@pytest.mark.parametrize("given", [None, "0"])
def test_loading_a_model_leaves_no_id_and_no_events_for_anybody(tmp_path: Path, given: str | None) -> None:
    """onnxruntime's telemetry begins with files in the home folder and in that for temporary files."""
    places = {"HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path / "tmp")}
    for place in places.values():
        Path(place).mkdir()
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    if given is not None:
        environment["ORT_DISABLE_TELEMETRY"] = given

    done = subprocess.run(
        [sys.executable, "-c", LOAD_A_MODEL],
        env={**environment, **places},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "384\n"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
