"""Who may import what, and who may reach the network."""

from __future__ import annotations

import ast
import configparser
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source import PACKAGE, ROOT, python_files, shown, tree_of

# the modules that open connections to hosts that we name ourselves stand in cache, db and enqueue
CLIENTS = (
    "aiohttp",
    "ftplib",
    "http.client",
    "httpcore2",
    "httpx",
    "httpx2",
    "huggingface_hub",
    "openai",
    "requests",
    "socket",
    "urllib.request",
    "urllib3",
)
# by client: the one module of the package that may have it
ALLOWED = {
    "httpcore2": "embeddings/transport.py",
    "httpx2": "embeddings/transport.py",
    "huggingface_hub": "embeddings/hub.py",
    "openai": "embeddings/remote.py",
    "socket": "bootstrap.py",
}


def imports_of(path: Path) -> Iterator[tuple[int, str]]:
    """Line and full name of everything the file imports, at any depth."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def clients_in(path: Path) -> Iterator[str]:
    """Places where the file imports a client of the network that it may not have."""
    for line, name in imports_of(path):
        for client in CLIENTS:
            if f"{name}.".startswith(f"{client}.") and path != PACKAGE / ALLOWED.get(client, "nowhere"):
                yield f"{shown(path, line)} {name}"


def test_the_import_contracts_hold() -> None:
    run = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stdout
    assert " 0 broken" in run.stdout


def test_the_layers_are_complete() -> None:
    """`exhaustive` makes a module that stands in no layer an error."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")

    assert config["importlinter:contract:layers"].getboolean("exhaustive")
    assert {name for name in config if name.startswith("importlinter:contract:")} >= {
        f"importlinter:contract:{name}" for name in ("layers", "tasks", "package", "pure")
    }


def test_nothing_but_local_and_embeddings_talks_to_the_network_by_itself() -> None:
    """The way out will be one guarded transport; until then that of the embeddings keeps bounds of its own."""
    files = [path for path in python_files("src", "tasks") if PACKAGE / "local" not in path.parents]

    assert len(files) > 50
    assert [place for path in files for place in clients_in(path)] == []
    for client, place in ALLOWED.items():
        assert any(f"{name}.".startswith(f"{client}.") for _, name in imports_of(PACKAGE / place)), client


def test_who_uses_no_remote_model_pays_for_no_client() -> None:
    """They take half a second and 60 MB in each process."""
    program = "import sys, research_api.bootstrap; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert "research_api.embeddings.loading" in run.stdout.split()
    assert {"huggingface_hub", "openai", "httpx2"} & set(run.stdout.split()) == set()


def test_bootstrap_asks_the_socket_module_for_the_name_of_the_host_alone() -> None:
    used = {
        node.attr
        for node in ast.walk(tree_of(PACKAGE / "bootstrap.py"))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "socket"
    }

    assert used == {"gethostname"}


def test_no_module_imports_relatively() -> None:
    """A relative import would hide from the tests here which module it means."""
    found = [
        shown(path, node.lineno)
        for path in python_files("src", "tasks", "ops", "tests")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ImportFrom) and node.level
    ]

    assert found == []
