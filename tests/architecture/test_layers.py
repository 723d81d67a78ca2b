"""Who may import what, and who may reach the network."""

from __future__ import annotations

import ast
import configparser
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source import PACKAGE, ROOT, python_files, shown, tree_of

# the modules that open connections to hosts that we name ourselves stand in cache, db and enqueue
CLIENTS = (
    "_socket",
    "aiohttp",
    "asyncio",
    "dns",
    "ftplib",
    "http.client",
    "httpcore2",
    "httpx",
    "httpx2",
    "huggingface_hub",
    "imaplib",
    "openai",
    "poplib",
    "requests",
    "smtplib",
    "socket",
    "socketserver",
    "ssl",
    "telnetlib",
    "urllib.request",
    "urllib3",
    "xmlrpc",
)
# the way out may have them all; by client, the one other module that may have it
WAY_OUT = PACKAGE / "egress"
ALLOWED = {
    "huggingface_hub": "embeddings/hub.py",
    "openai": "embeddings/remote.py",
    "socket": "bootstrap.py",
}
# a name that is put together while the program runs
COMPUTED = "?"
LOADERS = ("__import__", "import_module", "import_string", "run_module")


def imports_of(path: Path) -> Iterator[tuple[int, str]]:
    """Line and full name of everything the file imports, at any depth, and of what it loads by a name in quotes."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in LOADERS:
            yield from ((node.lineno, name) for name in loaded_by(node))


def loaded_by(call: ast.Call) -> list[str]:
    """The names that a call of a loader gives. One that is computed could be any, but for a package's own modules."""
    given = [*call.args[:1], *(one.value for one in call.keywords if one.arg in ("name", "mod_name"))]
    return [
        one.value if isinstance(one, ast.Constant) and isinstance(one.value, str) else COMPUTED
        for one in given
        if not ast.unparse(one).startswith(("f'{__name__}.", 'f"{__name__}.'))
    ]


def clients_in(path: Path) -> Iterator[str]:
    """Places where the file imports a client of the network that it may not have."""
    if WAY_OUT in path.parents:
        return
    for line, name in imports_of(path):
        client = client_of(name)
        if client is not None and path != PACKAGE / ALLOWED.get(client, "nowhere"):
            yield f"{shown(path, line)} {name}"


def client_of(name: str) -> str | None:
    """The client that a module of this name is, or is a part of."""
    return next((one for one in (*CLIENTS, COMPUTED) if f"{name}.".startswith(f"{one}.")), None)


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


def test_nothing_but_the_way_out_and_local_talks_to_the_network_by_itself() -> None:
    """Two clients speak a protocol over a transport that they are given; bootstrap asks for the name of the host."""
    files = [path for path in python_files("src", "tasks") if PACKAGE / "local" not in path.parents]

    assert len(files) > 50
    assert [place for path in files for place in clients_in(path)] == []
    for client, place in ALLOWED.items():
        assert any(f"{name}.".startswith(f"{client}.") for _, name in imports_of(PACKAGE / place)), client


@pytest.mark.parametrize(
    "line",
    [
        "import socket",
        "import urllib.request as innocent",
        "from urllib import request",
        "from http.client import HTTPConnection",
        "import requests.adapters",
        "import dns.resolver",
        "def later(): import httpx2",
        "__import__('socket')",
        "importlib.import_module('urllib3.util')",
        "import_module(name='aiohttp')",
        "importlib.import_module('so' + 'cket')",
        "__import__(name)",
        "builtins.__import__('ssl')",
    ],
)
def test_each_way_to_get_a_client_is_seen(tmp_path: Path, line: str) -> None:
    path = tmp_path / "module.py"
    path.write_text(line, encoding="utf-8")

    assert len([name for _, name in imports_of(path) if client_of(name)]) == 1


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
