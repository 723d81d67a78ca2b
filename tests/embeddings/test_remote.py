"""The client of OpenAI's client against a server that behaves, and against one that does not."""

from __future__ import annotations

import base64
import gzip
import json
import logging
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from research_api.domain.errors import EmbeddingUnavailable
from research_api.embeddings.loading import SpecLoader
from research_api.embeddings.remote import MAX_TEXT_BYTES, MAX_TEXTS, RemoteEmbedder
from tests.embeddings.loopback import Asked, Loopback, Reply, guard_for, loopback, remotes_at

KEY = "sk-very-secret-key-0123456789"
# what a wait of half a second may take on a busy machine; without a bound these servers keep it for minutes
BOUND_SECONDS = 20.0


def vector_of(text: str) -> list[float]:
    """Three numbers that tell texts apart."""
    return [3.0, 4.0, float(len(text))]


def item(index: int, embedding: object) -> dict[str, object]:
    return {"object": "embedding", "index": index, "embedding": embedding}


def body_of(data: object) -> dict[str, object]:
    return {"object": "list", "data": data, "model": "m", "usage": {"prompt_tokens": 1, "total_tokens": 1}}


def well(asked: Asked, reply: Reply) -> None:
    """The right answer, with the vectors in reverse order."""
    data = [item(index, vector_of(text)) for index, text in enumerate(asked.json["input"])]
    reply.json(200, body_of(data[::-1]))


@pytest.fixture
def server() -> Iterator[Loopback]:
    with loopback(well) as running:
        yield running


@contextmanager
def embedding(url: str, key: str = KEY, *, query_seconds: float = 60.0) -> Iterator[RemoteEmbedder]:
    """Its connections are closed at the end, as the process does."""
    guard = guard_for(url.removesuffix("/v1"))
    made = RemoteEmbedder("m", guard, base_url=url, api_key=key, query_seconds=query_seconds)
    try:
        yield made
    finally:
        made._client.close()


@pytest.fixture
def embedder(server: Loopback) -> Iterator[RemoteEmbedder]:
    with embedding(f"{server.url}/v1") as made:
        server.asked.clear()
        yield made


@pytest.fixture
def hasty(server: Loopback) -> Iterator[RemoteEmbedder]:
    """The same, with half a second for a query."""
    with embedding(server.url, query_seconds=0.5) as made:
        server.asked.clear()
        yield made


def refused(embedder: RemoteEmbedder) -> str:
    """The text of the error; the call ended in time."""
    begin = time.monotonic()
    with pytest.raises(EmbeddingUnavailable) as caught:
        embedder.embed_query("text")
    assert time.monotonic() - begin < BOUND_SECONDS
    told = "".join(traceback.format_exception(caught.value))
    assert KEY not in told
    return caught.value.detail


def test_a_request_is_what_openai_documents(server: Loopback, embedder: RemoteEmbedder) -> None:
    vectors = embedder.embed_texts(["one", "three"])

    (asked,) = server.asked
    assert (asked.method, asked.path) == ("POST", "/v1/embeddings")
    assert asked.json == {"input": ["one", "three"], "model": "m", "encoding_format": "float"}
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.headers["accept-encoding"] == "identity"
    expected = np.array([vector_of("one"), vector_of("three")])
    assert vectors == pytest.approx(expected / np.linalg.norm(expected, axis=1, keepdims=True))
    assert vectors.dtype == np.float32


def test_it_says_what_makes_its_vectors_comparable(server: Loopback, embedder: RemoteEmbedder) -> None:
    assert embedder.name == f"m@{server.url}/v1/3"
    assert embedder.dimensions == 3
    assert KEY not in embedder.name


def test_the_spec_of_a_setting_leads_here_with_url_and_key(server: Loopback, tmp_path: Path) -> None:
    found = SpecLoader(tmp_path, remotes_at(server.url, KEY)).load("openai:some/model")

    assert isinstance(found, RemoteEmbedder)
    assert found.embed_query("text").shape == (3,)
    found._client.close()
    assert {one.json["model"] for one in server.asked} == {"some/model"}
    assert {one.headers["authorization"] for one in server.asked} == {f"Bearer {KEY}"}


def test_base64_is_read_too(server: Loopback, embedder: RemoteEmbedder) -> None:
    packed = base64.b64encode(np.array([0, 3, 4], dtype="<f4").tobytes()).decode()
    server.respond = lambda _, reply: reply.json(200, body_of([item(0, packed)]))

    assert embedder.embed_query("text") == pytest.approx([0, 0.6, 0.8])


def test_vectors_have_length_one_and_zeros_stay_zeros(server: Loopback, embedder: RemoteEmbedder) -> None:
    data = [item(0, [1e200, 1e200, 0]), item(1, [0, 0, 0]), item(2, [1e-200, 0, 0])]
    server.respond = lambda _, reply: reply.json(200, body_of(data))

    found = embedder.embed_texts(["a", "b", "c"])

    assert found == pytest.approx(np.array([[0.5**0.5, 0.5**0.5, 0], [0, 0, 0], [1, 0, 0]]))


def test_many_texts_go_in_several_requests_and_long_ones_are_cut(
    server: Loopback, embedder: RemoteEmbedder
) -> None:
    """OpenAI takes 8,192 tokens a text and 300,000 a request; a token has at least one byte."""
    texts = [*("x" * number for number in range(1, 2 * MAX_TEXTS + 6)), "é" * 1_000_000]

    vectors = embedder.embed_texts(texts)

    sent = [one.json["input"] for one in server.asked]
    assert [len(part) for part in sent] == [MAX_TEXTS, MAX_TEXTS, 6]
    assert len(sent[-1][-1].encode()) == MAX_TEXT_BYTES < 8_192
    assert MAX_TEXTS * MAX_TEXT_BYTES <= 300_000
    lengths = vectors[:, 2] / vectors[:, 0] * 3
    assert lengths[:-1] == pytest.approx(np.arange(1, 2 * MAX_TEXTS + 6))
    assert embedder.embed_texts([]).shape == (0, 3)


@pytest.mark.parametrize("text", ["", " \n", "\ud800", "a\udfffb", "\x00\x07", "漢字" * 9_000, "𝐻" * 9_000])
def test_any_text_is_sent_as_text_that_is_not_empty(
    server: Loopback, embedder: RemoteEmbedder, text: str
) -> None:
    embedder.embed_query(text)

    (sent,) = server.asked[0].json["input"]
    assert sent.strip()
    assert len(sent.encode()) <= MAX_TEXT_BYTES


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 409, 429, 500, 503])
def test_a_refusal_is_told_once_and_not_tried_again(
    server: Loopback, embedder: RemoteEmbedder, status: int
) -> None:
    """The worker tries again by its own plan, and a request has no time to."""
    error = {"error": {"message": f"Incorrect API key provided: {KEY}.", "type": "invalid"}}
    body = json.dumps(error).encode()
    server.respond = lambda _, reply: reply.send(status, body, {"Retry-After": "1"})

    assert refused(embedder) == "The server of vectors does not answer as it should."
    assert len(server.asked) == 1


NAN = json.dumps(body_of([item(0, [1, float("nan"), 2])]))
INFINITE = json.dumps(body_of([item(0, [1, float("inf"), 2])]))
BAD_BODIES = {
    "cut off": (b'{"object": "list", "data": [{"index": 0, "embedding": [1, 2', "application/json"),
    "html": (b"<html>Welcome to the hotel</html>", "text/html"),
    "html that says json": (b"<html>Welcome</html>", "application/json"),
    "empty": (b"", "application/json"),
    "a list": (b"[]", "application/json"),
    "null": (b"null", "application/json"),
    "no data": (b'{"object": "list"}', "application/json"),
    "deep": (b'{"data": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "application/json"),
    "not UTF-8": (b'{"data": "\xff\xfe"}', "application/json"),
    "nan": (NAN.encode(), "application/json"),
    "infinite": (INFINITE.encode(), "application/json"),
    "too great": (b'{"data": [{"index": 0, "embedding": [1e999, 1, 1]}]}', "application/json"),
    "huge": (
        b'{"data": [{"index": 0, "embedding": [1' + b"0" * 400 + b", 1, 1]}]}",
        "application/json",
    ),
}


@pytest.mark.parametrize("name", BAD_BODIES)
def test_what_is_no_answer_is_refused(server: Loopback, embedder: RemoteEmbedder, name: str) -> None:
    body, kind = BAD_BODIES[name]
    server.respond = lambda _, reply: reply.send(200, body, {"Content-Type": kind})

    assert "server of vectors" in refused(embedder)
    assert len(server.asked) == 1


BAD_DATA: dict[str, Any] = {
    "none": [],
    "two for one": [item(0, [1, 2, 3]), item(1, [1, 2, 3])],
    "one place twice": [item(0, [1, 2, 3]), item(0, [1, 2, 3])],
    "another place": [item(1, [1, 2, 3])],
    "no place": [{"embedding": [1, 2, 3]}],
    "a place in words": [item("first", [1, 2, 3])],  # type: ignore[arg-type] # that is the fault
    "another length": [item(0, [1, 2, 3, 4])],
    "no numbers": [item(0, ["a", "b", "c"])],
    "nothing": [item(0, None)],
    "nested": [item(0, [[1, 2, 3]])],
    "objects": [item(0, {"a": 1})],
    "bad base64": [item(0, "!!!!")],
    "half a number": [item(0, "AAAAAA==")],
    "of no length": [item(0, [])],
}


@pytest.mark.parametrize("name", BAD_DATA)
def test_vectors_that_do_not_fit_are_refused(server: Loopback, embedder: RemoteEmbedder, name: str) -> None:
    server.respond = lambda _, reply: reply.json(200, body_of(BAD_DATA[name]))

    assert "server of vectors" in refused(embedder)


def test_vectors_longer_than_the_database_takes_are_refused(server: Loopback) -> None:
    server.respond = lambda _, reply: reply.json(200, body_of([item(0, [1.0] * 4_001)]))

    with pytest.raises(EmbeddingUnavailable):
        RemoteEmbedder("m", guard_for(server.url), base_url=server.url, api_key=KEY)


def test_a_server_that_says_nothing_is_given_up(server: Loopback, hasty: RemoteEmbedder) -> None:
    server.respond = lambda _, reply: reply.is_over.wait(300) and None

    refused(hasty)
    assert len(server.asked) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "head", [b"", b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n"]
)
def test_a_server_that_drips_is_given_up(server: Loopback, hasty: RemoteEmbedder, head: bytes) -> None:
    """Each byte comes in time; the answer never would. So in the headers and in the body."""

    def drip(_: Asked, reply: Reply) -> None:
        reply.raw(head or b"HTTP/1.1 200 OK\r\nX-Long: ")
        while not reply.is_over.wait(0.05):
            reply.raw(b" ")

    server.respond = drip

    refused(hasty)


def test_an_answer_without_an_end_is_not_read(server: Loopback, embedder: RemoteEmbedder) -> None:
    sent = 0

    def pour(_: Asked, reply: Reply) -> None:
        nonlocal sent
        reply.raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n[")
        while sent < 200_000_000:
            reply.raw(b" " * 1_000_000)
            sent += 1_000_000

    server.respond = pour

    with pytest.raises(EmbeddingUnavailable):
        embedder.embed_texts(["text"])
    # the bound, and what the sockets hold
    assert sent < 40_000_000


def test_a_compressed_answer_is_not_unpacked(server: Loopback, embedder: RemoteEmbedder) -> None:
    """200 MB take 200 kB on the way; it was asked for as it is."""
    bomb = gzip.compress(b" " * 200_000_000, compresslevel=1)
    server.respond = lambda _, reply: reply.send(200, bomb, {"Content-Encoding": "gzip"})

    refused(embedder)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(server: Loopback, embedder: RemoteEmbedder, status: int) -> None:
    with loopback(well) as other:
        target = other.url.replace("127.0.0.1", "localhost") + "/v1/embeddings"
        server.respond = lambda _, reply: reply.send(status, b"", {"Location": target})

        refused(embedder)

        assert other.asked == []
    assert len(server.asked) == 1


def test_nothing_of_the_environment_is_used(
    server: Loopback, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password something\n", encoding="utf-8")
    netrc.chmod(0o600)
    with loopback(well) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.setenv("NETRC", str(netrc))
        monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-environment")
        monkeypatch.setenv("OPENAI_BASE_URL", proxy.url)
        monkeypatch.setenv("OPENAI_ORG_ID", "org-of-the-environment")

        with embedding(server.url, "") as embedder:
            embedder.embed_query("text")

        assert proxy.asked == []
    assert {one.headers["authorization"] for one in server.asked} == {"Bearer none"}
    assert "of-the-environment" not in str([one.headers for one in server.asked])


def test_a_server_that_is_not_there_is_told() -> None:
    with loopback(well) as gone:
        pass

    with pytest.raises(EmbeddingUnavailable):
        RemoteEmbedder("m", guard_for(gone.url), base_url=gone.url, api_key=KEY)


def test_neither_key_nor_texts_are_logged(
    server: Loopback,
    embedder: RemoteEmbedder,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.INFO)
    embedder.embed_query("what nobody may know")
    server.respond = lambda _, reply: reply.json(401, {"error": {"message": f"bad key {KEY}"}})
    refused(embedder)

    told = caplog.text + "".join(capsys.readouterr())
    assert "vectors_not_answered" in told
    assert "401" in told
    assert KEY not in told
    assert "nobody may know" not in told


@pytest.mark.slow
def test_threads_share_it_and_each_has_its_own_bounds(server: Loopback, embedder: RemoteEmbedder) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(embedder.embed_query, ["x" * number for number in range(1, 33)]))

    assert [one[2] / one[0] * 3 for one in found] == pytest.approx(list(range(1, 33)))
