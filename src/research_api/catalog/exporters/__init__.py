"""Writers of files with scholarly records: one module per format, found by its NAME.

They are plain functions from works to text, for answers of the API and for jobs alike.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import cast

from research_api.catalog.exporters.contract import ExporterModule

__all__ = ["ExporterModule", "exporters"]


@cache
def exporters() -> dict[str, ExporterModule]:
    """Every export format by its name, in alphabetical order."""
    modules = [
        importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)
    ]
    found = [cast(ExporterModule, module) for module in modules if hasattr(module, "NAME")]
    return {module.NAME: module for module in sorted(found, key=lambda module: module.NAME)}
