"""Readers of files with scholarly records: one module per format, found by its NAME.

A new format is one new file here: NAME, `recognises` and `read` as `contract.FormatModule` has them.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import cast

from research_api.catalog.importers.contract import FormatModule, Row, UnreadableInput
from research_api.catalog.importers.sources import HEAD_BYTES, Source, open_source

__all__ = [
    "HEAD_BYTES",
    "FormatModule",
    "Row",
    "Source",
    "UnreadableInput",
    "formats",
    "open_source",
    "recognise",
]


@cache
def formats() -> dict[str, FormatModule]:
    """Every format by its name, in alphabetical order."""
    modules = [
        importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)
    ]
    found = [cast(FormatModule, module) for module in modules if hasattr(module, "NAME")]
    return {module.NAME: module for module in sorted(found, key=lambda module: module.NAME)}


def recognise(head: bytes) -> FormatModule | None:
    """The one format that claims these first bytes; None where none or several do."""
    claims = [module for module in formats().values() if module.recognises(head)]
    return claims[0] if len(claims) == 1 else None
