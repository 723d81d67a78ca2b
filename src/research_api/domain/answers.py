"""Answers that are kept for a time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """body: as it was put. age_seconds: since it was put, 0 or more."""

    body: bytes
    age_seconds: float
