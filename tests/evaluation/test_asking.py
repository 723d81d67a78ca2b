"""Queries go out as the API takes them, and its answers become figures."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ops.eval.asking import Answer, ApiClient, ask_all, figures_of, sendable
from ops.eval.collections import Collection, Parts
from ops.eval.errors import EvalFailed
from ops.eval.scratch import Filled

# its port, and what it was asked: the credential and the body
Api = tuple[int, list[tuple[str, dict[str, Any]]]]


class FakeApi(BaseHTTPRequestHandler):
    """Answers as the API does: words it refuses, words that break it, and one that closes the connection."""

    protocol_version = "HTTP/1.1"
    seen: list[tuple[str, dict[str, Any]]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.seen.append((self.headers["Authorization"], body))
        if body["q"] == "drop" and self.seen.count(self.seen[-1]) == 1:
            self.close_connection = True
            return
        status = {"": 422, "broken": 500}.get(body["q"], 200)
        ids = ["b", "a"] if body["mode"] == "hybrid" else ["a", "eval:c"]
        results = [{"id": "w_1", "identifiers": {"local": f"eval:{one}"}} for one in ids]
        content = json.dumps({"results": results, "degraded": body["q"] == "odd"}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def api() -> Iterator[Api]:
    """The port of a fake API, and what it was asked."""
    FakeApi.seen = []
    with ThreadingHTTPServer(("127.0.0.1", 0), FakeApi) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port, FakeApi.seen
        server.shutdown()


def collection(queries: dict[str, str], judgements: dict[str, dict[str, int]]) -> Collection:
    """One that was read from nowhere."""
    return Collection(Parts("c", Path(), Path(), ()), frozenset("abc"), queries, judgements, ())


def test_a_search_asks_for_a_hundred_identifiers_with_the_key(api: Api) -> None:
    port, seen = api

    with closing(ApiClient(port, "rk_x")) as client:
        answer = client.search("water", "lexical")

    assert answer.works == ("a", "eval:c")
    assert (answer.is_refused, answer.is_degraded, answer.milliseconds > 0) == (False, False, True)
    assert seen == [
        ("Bearer rk_x", {"q": "water", "mode": "lexical", "limit": 100, "fields": ["identifiers"]})
    ]


def test_an_idle_connection_that_was_closed_is_opened_anew(api: Api) -> None:
    with closing(ApiClient(api[0], "rk_x")) as client:
        client.search("water", "lexical")

        assert client.search("drop", "lexical").works == ("a", "eval:c")


def test_an_error_ends_the_measurement(api: Api) -> None:
    with closing(ApiClient(api[0], "rk_x")) as client, pytest.raises(EvalFailed, match="answered with 500"):
        client.search("broken", "vector")


def test_nobody_there_ends_the_measurement() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), FakeApi) as server:
        port = server.server_port

    with closing(ApiClient(port, "rk_x")) as client, pytest.raises(EvalFailed, match="No answer"):
        client.search("water", "vector")


@pytest.mark.slow
def test_all_queries_are_asked_in_each_mode_and_the_judged_ones_scored(api: Api) -> None:
    port, seen = api
    asked = collection({"1": "water", "2": "", "3": "odd"}, {"1": {"b": 1}, "2": {"a": 1}})

    found = ask_all(Filled(port, "rk_x", {}, 0, 0, ()), asked)

    assert list(found) == ["lexical", "vector", "hybrid"]
    assert (found["hybrid"].ndcg_at_10, found["vector"].ndcg_at_10) == (0.5, 0.0)
    assert (found["hybrid"].refused, found["hybrid"].empty, found["hybrid"].degraded) == (1, 0, 1)
    for mode in found:
        assert [body["q"] for _, body in seen if body["mode"] == mode] == ["water", "", "odd"] * 2


def test_figures_are_means_over_judged_queries_and_times_over_all_that_were_taken() -> None:
    answers = {
        "1": Answer(("a", "b"), 10.0),
        "2": Answer((), 20.0),
        "3": Answer((), 999.0, is_refused=True),
        "unjudged": Answer(("a",), 30.0, is_degraded=True),
    }
    judged = {"1": {"a": 1}, "2": {"b": 1}, "3": {"c": 1}}

    found = figures_of(answers, collection(dict.fromkeys(answers, "text"), judged))

    assert found.ndcg_at_10 == found.recall_at_100 == pytest.approx(1 / 3)
    assert (found.p50_ms, found.p95_ms) == (20.0, pytest.approx(29.0))
    assert (found.refused, found.empty, found.degraded) == (1, 1, 1)


def test_a_query_that_is_too_long_is_cut_at_a_blank() -> None:
    """Counted in NFC, as the API counts: each é of two characters is one."""
    long = sendable("word " * 1_000)

    assert (len(long), long.endswith("word")) == (3_999, True)
    assert len(sendable("x" * 5_000)) == 4_000
    assert sendable("e\u0301" * 4_000) == "é" * 4_000
    assert sendable("short one") == "short one"
