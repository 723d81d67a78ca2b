"""What Postgres takes of the memory."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from research_api.local.memory import MEGABYTE, shared_buffers


@pytest.mark.parametrize(
    ("machine_mb", "limit", "wanted"),
    [
        (8_192, None, "2048MB"),
        (8_192, "max\n", "2048MB"),
        (8_192, f"{2_048 * MEGABYTE}\n", "512MB"),
        # more than the machine has is no limit
        (8_192, "9223372036854771712\n", "2048MB"),
        (65_536, None, "4096MB"),
        (256, None, "128MB"),
    ],
)
def test_a_quarter_of_what_machine_or_container_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, machine_mb: int, limit: str | None, wanted: str
) -> None:
    memory = SimpleNamespace(total=machine_mb * MEGABYTE)
    monkeypatch.setattr("psutil.virtual_memory", lambda: memory)
    limit_file = tmp_path / "memory.max"
    if limit is not None:
        limit_file.write_text(limit)

    assert shared_buffers(limit_file) == wanted
