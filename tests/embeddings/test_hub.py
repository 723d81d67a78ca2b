"""The hub's own client against a server that speaks the hub's protocol.

What the server does, and where that is written (read 2026-11):
GET /api/models/{repo}[/revision/{revision}]   JSON with `sha` and `siblings: [{rfilename}]`; 404 with X-Error-Code
    RepoNotFound or RevisionNotFound, 401 for what is private: the hub's documentation, "Hub API Endpoints";
    huggingface_hub 2.4, `HfApi.model_info`, `hf_raise_for_status`
HEAD /{repo}/resolve/{commit}/{file}           X-Repo-Commit, ETag and Content-Length; for large files a 302 to another
    address with X-Linked-Etag and X-Linked-Size: huggingface_hub 2.4, `get_hf_file_metadata`
GET of the same                                the bytes, from `Range` on if it is sent: the same, `http_get`
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import huggingface_hub
import pytest

from research_api.domain.errors import EmbeddingUnavailable
from research_api.embeddings.folder import read_folder
from research_api.embeddings.hub import fetched
from research_api.embeddings.onnx import OnnxEmbedder
from tests.embeddings.conftest import TABLE, onnx_bytes, tokenizer_text
from tests.embeddings.loopback import Asked, Loopback, Reply, guard_for, loopback

COMMIT, OLD_COMMIT = "a" * 40, "b" * 40
BOUND_SECONDS = 60.0
FILES = {
    "README.md": b"# A model",
    "onnx/model.onnx": onnx_bytes(),
    "onnx/model_quantized.onnx": onnx_bytes(TABLE + 1),
    "pytorch_model.bin": b"x" * 1_000,
    "tokenizer.json": tokenizer_text().encode(),
    "1_Pooling/config.json": b'{"pooling_mode_cls_token": true}',
    "config_sentence_transformers.json": b'{"prompts": {"query": "query "}}',
}
OLD_FILES = {"onnx/model.onnx": onnx_bytes(TABLE + 2), "tokenizer.json": tokenizer_text().encode()}
NEEDED = {
    name for name in FILES if name not in ("README.md", "onnx/model_quantized.onnx", "pytorch_model.bin")
}


class Hub:
    """Answers as the hub does. `commits` has the files of each commit; `refuse` a status for everything."""

    def __init__(self) -> None:
        self.commits: dict[str, Mapping[str, bytes]] = {COMMIT: FILES, OLD_COMMIT: OLD_FILES}
        self.refs = {"main": COMMIT, "v1": OLD_COMMIT, COMMIT: COMMIT, OLD_COMMIT: OLD_COMMIT}
        self.cut = False
        self.hang_at = ""
        self.on_other_host = ""

    def __call__(self, asked: Asked, reply: Reply) -> None:
        if self.hang_at and self.hang_at in f"{asked.method} {asked.path}":
            reply.is_over.wait(300)
        elif found := re.fullmatch(r"/api/models/own/model(?:/revision/([^/?]+))?", asked.path):
            self.info(reply, found[1] or "main")
        elif found := re.fullmatch(r"/own/model/resolve/(\w{40})/(.+)", asked.path):
            self.file(asked, reply, found[1], found[2])
        elif asked.path.startswith("/own/private") or "own/private" in asked.path:
            reply.send(401, b"{}", {"X-Error-Message": "Invalid username or password."})
        else:
            reply.send(404, b"{}", {"X-Error-Code": "RepoNotFound"})

    def info(self, reply: Reply, revision: str) -> None:
        commit = self.refs.get(revision)
        if commit is None:
            reply.send(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
            return
        siblings = [{"rfilename": name} for name in self.commits[commit]]
        reply.json(200, {"id": "own/model", "modelId": "own/model", "sha": commit, "siblings": siblings})

    def file(self, asked: Asked, reply: Reply, commit: str, name: str) -> None:
        content = self.commits[commit].get(name)
        if content is None:
            reply.send(404, b"{}", {"X-Error-Code": "EntryNotFound"})
            return
        digest = hashlib.sha256(content).hexdigest()
        headers = {"X-Repo-Commit": commit, "ETag": f'"{digest}"', "Content-Type": "application/octet-stream"}
        if self.on_other_host and name.endswith(".onnx"):
            linked = {"X-Linked-Etag": f'"{digest}"', "X-Linked-Size": str(len(content))}
            reply.send(302, b"", {**headers, **linked, "Location": f"{self.on_other_host}{asked.path}"})
        elif self.cut and asked.method == "GET" and name.endswith(".onnx"):
            reply.send(200, content[: len(content) // 2], {**headers, "Content-Length": str(len(content))})
        else:
            start = int(asked.headers.get("range", "bytes=0-")[6:].rstrip("-"))
            reply.send(206 if start else 200, content[start:], headers)


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
def server(hub: Hub) -> Iterator[Loopback]:
    with loopback(hub) as running:
        yield running
    huggingface_hub.close_session()


def fetched_from(server: Loopback, reference: str, models: Path) -> Path:
    """By a process that may reach this server alone."""
    return fetched(reference, models, guard_for(server.url), endpoint=server.url)


def files_in(folder: Path) -> set[str]:
    """What a model's folder holds; the client keeps notes of its own in .cache."""
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return {name for name in found if not name.startswith(".cache/")}


def refusal(server: Loopback, reference: str, models: Path, *, seconds: float = 60.0) -> EmbeddingUnavailable:
    begin = time.monotonic()
    with pytest.raises(EmbeddingUnavailable) as caught:
        fetched(reference, models, guard_for(server.url), endpoint=server.url, seconds=seconds)
    assert time.monotonic() - begin < BOUND_SECONDS
    assert [path for path in models.iterdir() if path.is_dir() and not path.name.endswith(".partial")] == []
    return caught.value


def test_only_the_files_that_are_read_are_fetched(server: Loopback, tmp_path: Path) -> None:
    folder = fetched_from(server, "own/model", tmp_path / "models")

    assert files_in(folder) == NEEDED
    assert all((folder / name).read_bytes() == FILES[name] for name in NEEDED)
    assert {one.path for one in server.asked} == {
        "/api/models/own/model",
        *(f"/own/model/resolve/{COMMIT}/{name}" for name in NEEDED),
    }
    assert (tmp_path / "models") in folder.parents


def test_what_was_fetched_is_a_model(server: Loopback, tmp_path: Path) -> None:
    folder = fetched_from(server, "own/model", tmp_path)

    embedder = OnnxEmbedder(read_folder(folder, "own/model"))

    assert embedder.embed_query("cats").tolist() == [0, 1, 0]
    assert embedder.name.startswith("own/model@")


def test_a_second_load_asks_nobody(server: Loopback, hub: Hub, tmp_path: Path) -> None:
    """Also where the branch has moved on: vectors of two versions cannot be compared."""
    first = fetched_from(server, "own/model", tmp_path)
    server.asked.clear()
    hub.refs["main"] = OLD_COMMIT

    assert fetched_from(server, "own/model", tmp_path) == first
    assert fetched("own/model", tmp_path, guard_for(), endpoint="http://127.0.0.1:9") == first
    assert server.asked == []
    assert files_in(first) == NEEDED


@pytest.mark.parametrize("revision", ["v1", OLD_COMMIT])
def test_a_revision_is_honoured_and_kept_apart(server: Loopback, tmp_path: Path, revision: str) -> None:
    old = fetched_from(server, f"own/model@{revision}", tmp_path)
    new = fetched_from(server, "own/model", tmp_path)

    assert files_in(old) == set(OLD_FILES)
    assert (old / "onnx/model.onnx").read_bytes() == OLD_FILES["onnx/model.onnx"]
    assert old != new
    assert read_folder(old, "x").name != read_folder(new, "x").name


def test_a_quantized_model_is_fetched_where_no_other_is_there(
    server: Loopback, hub: Hub, tmp_path: Path
) -> None:
    files = {name: content for name, content in FILES.items() if name != "onnx/model.onnx"}
    hub.commits[COMMIT] = {**files, "onnx/model_int8.onnx": b"another"}

    folder = fetched_from(server, "own/model", tmp_path)

    assert {name for name in files_in(folder) if name.endswith(".onnx")} == {"onnx/model_quantized.onnx"}


def test_weights_beside_the_model_come_with_it(server: Loopback, hub: Hub, tmp_path: Path) -> None:
    hub.commits[COMMIT] = {**FILES, "onnx/model.onnx_data": b"weights"}

    assert "onnx/model.onnx_data" in files_in(fetched_from(server, "own/model", tmp_path))


def test_large_files_come_from_another_host(server: Loopback, hub: Hub, tmp_path: Path) -> None:
    with loopback(Hub()) as other:
        hub.on_other_host = other.url.replace("127.0.0.1", "localhost")

        guard = guard_for(server.url, hub.on_other_host)
        folder = fetched("own/model", tmp_path, guard, endpoint=server.url)

        assert [one.path.rpartition("/")[2] for one in other.asked] == ["model.onnx"]
    assert files_in(folder) == NEEDED


def test_another_host_that_is_not_listed_is_not_asked(server: Loopback, hub: Hub, tmp_path: Path) -> None:
    with loopback(Hub()) as other:
        hub.on_other_host = other.url

        refusal(server, "own/model", tmp_path / "models")

        assert other.asked == []


@pytest.mark.parametrize("reference", ["own/nothing", "own/private", "own/model@nowhere"])
def test_what_is_not_there_is_refused(server: Loopback, tmp_path: Path, reference: str) -> None:
    error = refusal(server, reference, tmp_path / "models")

    assert error.detail == f"The model {reference} cannot be fetched from the hub."


@pytest.mark.parametrize("missing", ["tokenizer.json", "onnx/model.onnx"])
def test_a_repository_without_such_a_model_is_not_fetched(
    server: Loopback, hub: Hub, tmp_path: Path, missing: str
) -> None:
    hub.commits[COMMIT] = {name: content for name, content in OLD_FILES.items() if name != missing}

    assert missing in refusal(server, "own/model", tmp_path / "models").detail
    assert [one.path for one in server.asked] == ["/api/models/own/model"]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_hub_that_is_ill_is_told(server: Loopback, tmp_path: Path, status: int) -> None:
    server.respond = lambda _, reply: reply.send(status, b"{}")

    refusal(server, "own/model", tmp_path / "models")


@pytest.mark.parametrize(
    "body", [b"<html>Welcome to the hotel</html>", b"[]", b"{}", b'{"id": 5, "siblings": 3}']
)
def test_a_hub_that_is_none_is_told(server: Loopback, tmp_path: Path, body: bytes) -> None:
    server.respond = lambda _, reply: reply.send(200, body)

    refusal(server, "own/model", tmp_path / "models")


@pytest.mark.slow
def test_a_file_that_was_cut_off_is_no_model_and_the_next_try_mends_it(
    server: Loopback, hub: Hub, tmp_path: Path
) -> None:
    hub.cut = True
    refusal(server, "own/model", tmp_path / "models", seconds=2)

    hub.cut = False

    folder = fetched_from(server, "own/model", tmp_path / "models")
    assert (folder / "onnx/model.onnx").read_bytes() == FILES["onnx/model.onnx"]


@pytest.mark.slow
@pytest.mark.parametrize("place", ["GET /api/models", "HEAD /own", "GET /own"])
def test_a_hub_that_says_nothing_is_given_up(server: Loopback, hub: Hub, tmp_path: Path, place: str) -> None:
    hub.hang_at = place

    refusal(server, "own/model", tmp_path / "models", seconds=1)


@pytest.mark.slow
def test_a_hub_that_drips_is_given_up(server: Loopback, hub: Hub, tmp_path: Path) -> None:
    def drip(asked: Asked, reply: Reply) -> None:
        if asked.method == "GET" and asked.path.endswith(".onnx"):
            reply.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n")
            while not reply.is_over.wait(0.05):
                reply.raw(b" ")
        hub(asked, reply)

    server.respond = drip

    refusal(server, "own/model", tmp_path / "models", seconds=1)


def test_two_that_come_at_once_fetch_it_once(server: Loopback, tmp_path: Path) -> None:
    """A web process and a worker of one host start together."""
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: fetched_from(server, "own/model", tmp_path), range(4)))

    assert len(set(found)) == 1
    assert [one.path for one in server.asked].count("/api/models/own/model") == 1


def test_a_folder_that_cannot_be_written_is_told(server: Loopback, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file", encoding="utf-8")

    with pytest.raises(EmbeddingUnavailable):
        fetched_from(server, "own/model", tmp_path / "models")


UNUSED_SETTINGS = {
    "DATABASE_URL": "postgresql://unused",
    "REDIS_URL": "redis://unused",
    "KEY_PEPPER": "used-for-nothing-at-all",
}
PROGRAM = """
from research_api import bootstrap, config
embedder = bootstrap.model_loader(config.load()).load("hub:own/model")
print(embedder.name, embedder.dimensions)
"""


@pytest.mark.slow
def test_a_process_takes_the_hub_from_its_environment_and_nothing_else(
    server: Loopback, tmp_path: Path
) -> None:
    """Tokens, proxies and .netrc stay here; no figures about this machine are sent, nothing is drawn."""
    home = tmp_path / "home"
    home.mkdir()
    (home / ".netrc").write_text("machine 127.0.0.1 login a password hf_of_netrc\n", encoding="utf-8")
    (home / ".netrc").chmod(0o600)
    (home / ".cache/huggingface").mkdir(parents=True)
    (home / ".cache/huggingface/token").write_text("hf_of_the_file", encoding="utf-8")
    with loopback(Hub()) as proxy:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            **UNUSED_SETTINGS,
            "DATA_DIR": str(tmp_path),
            "HF_ENDPOINT": server.url,
            "EGRESS_ALLOW": server.url.removeprefix("http://"),
            "HF_TOKEN": "hf_of_the_environment",
            "HTTP_PROXY": proxy.url,
            "ALL_PROXY": proxy.url,
        }
        run = [sys.executable, "-W", "error", "-c", PROGRAM]
        first = subprocess.run(run, env=environment, capture_output=True, text=True, timeout=100, check=False)
        asked = list(server.asked)
        del environment["HF_ENDPOINT"]
        second = subprocess.run(
            run, env=environment, capture_output=True, text=True, timeout=100, check=False
        )

        assert proxy.asked == []
    assert first.returncode == 0, first.stderr
    assert first.stderr == ""
    assert len(asked) == 1 + 2 * len(NEEDED)
    assert not any("authorization" in one.headers for one in asked)
    assert "hf_of" not in str(asked)
    assert not any("torch" in one.headers["user-agent"] for one in asked)
    assert second.stdout.splitlines()[-1] == first.stdout.splitlines()[-1]
    assert {path.name for path in home.rglob("*") if path.is_file()} == {".netrc", "token"}
    assert len(server.asked) == len(asked)
