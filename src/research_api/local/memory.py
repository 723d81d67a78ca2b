"""How much memory a server may take for itself."""

from __future__ import annotations

from pathlib import Path

import psutil

MEGABYTE = 1 << 20
# Postgres documentation, "Resource Consumption", shared_buffers: a quarter of the memory is a reasonable start (read
# 2026-11). The graph of a million vectors takes 1.2 GB, the vectors 0.9.
_PARTS, _LEAST_MB, _MOST_MB = 4, 128, 4_096
# what a container may use (kernel documentation, "Control Group v2", memory.max; read 2026-11)
CONTAINER_LIMIT = Path("/sys/fs/cgroup/memory.max")


def shared_buffers(limit_file: Path = CONTAINER_LIMIT) -> str:
    """A quarter of the memory of this machine or container, as Postgres reads it; taken only as far as it is used."""
    total = psutil.virtual_memory().total
    limit = _limit_of(limit_file)
    megabytes = min(total, limit or total) // MEGABYTE // _PARTS
    return f"{min(max(megabytes, _LEAST_MB), _MOST_MB)}MB"


def _limit_of(limit_file: Path) -> int | None:
    try:
        text = limit_file.read_text().strip()
    except OSError:
        return None
    return int(text) if text.isdecimal() else None
