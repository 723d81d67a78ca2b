"""What the house style says and no linter checks."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source import (
    PACKAGE,
    PRODUCT_FOLDERS,
    ROOT,
    Function,
    functions_in,
    python_files,
    shown,
    tree_of,
)

MAX_FILE_LINES = 300
MAX_TEST_FILE_LINES = 450
MAX_FUNCTION_LINES = 40
MAY_PRINT = (PACKAGE / "cli", PACKAGE / "local", ROOT / "ops")


@pytest.mark.parametrize(
    ("folders", "limit"), [(PRODUCT_FOLDERS, MAX_FILE_LINES), (("tests",), MAX_TEST_FILE_LINES)]
)
def test_files_are_short(folders: tuple[str, ...], limit: int) -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in python_files(*folders)}

    assert max(lengths.values()) > 100
    assert [f"{path}: {length}" for path, length in lengths.items() if length >= limit] == []


def body_lines(function: Function) -> int:
    """From `def` or the first decorator to the last line; the arguments of a command count for one.

    A command has one argument for each option, and its options stand in decorators: a table, no logic.
    """
    is_command = any("option" in ast.unparse(decorator) for decorator in function.decorator_list)
    first = function.body[0].lineno if is_command else function.lineno
    return (function.end_lineno or first) - first + 1


def test_functions_are_short() -> None:
    long = [
        f"{shown(path, function.lineno)} {function.name}: {body_lines(function)}"
        for path in python_files(*PRODUCT_FOLDERS, "tests")
        for function in functions_in(tree_of(path))
        if body_lines(function) > MAX_FUNCTION_LINES and not is_migration(path)
    ]

    assert long == []


def is_migration(path: Path) -> bool:
    """Alembic wants a schema step in one function."""
    return (ROOT / "migrations" / "versions") in path.parents


def test_only_commands_print() -> None:
    found = [
        shown(path, node.lineno)
        for path in python_files(*PRODUCT_FOLDERS)
        if not any(folder in path.parents for folder in MAY_PRINT)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]

    assert found == []


def public_nodes(node: ast.AST) -> Iterator[ast.ClassDef | Function]:
    """Public classes, functions and methods of a module."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | Function) and not child.name.startswith("_"):
            yield child
            if isinstance(child, ast.ClassDef):
                yield from public_nodes(child)


def test_contracts_are_written_down() -> None:
    """Everything public in the layers that hold rules, verbs and SQL has a docstring."""
    files = [path for name in ("services", "domain", "db") for path in (PACKAGE / name).rglob("*.py")]
    seen = [(path, node) for path in files for node in public_nodes(tree_of(path))]

    assert len(seen) > 150
    assert [f"{shown(path, one.lineno)} {one.name}" for path, one in seen if not ast.get_docstring(one)] == []


def test_every_module_says_what_it_is_for() -> None:
    """An empty file marks a package and says nothing."""
    files = [path for path in python_files(*PRODUCT_FOLDERS) if path.stat().st_size]

    assert [str(path) for path in files if not ast.get_docstring(tree_of(path))] == []
