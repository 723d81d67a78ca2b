"""The project's files and what Python reads in them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "research_api"
PRODUCT_FOLDERS = ("src", "tasks", "ops", "migrations")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def python_files(*folders: str) -> list[Path]:
    """Every Python file below the folders of the project, in order."""
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    assert found, f"no Python below {folders}"
    return sorted(path for path in found if "egg-info" not in str(path))


@cache
def tree_of(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def functions_in(tree: ast.AST) -> Iterator[Function]:
    """Every function and method, nested ones too."""
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def shown(path: Path, line: int) -> str:
    """A place as an editor takes it."""
    return f"{path.relative_to(ROOT)}:{line}"
