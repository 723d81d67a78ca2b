"""An HTTP server on this machine that answers as a test tells it to, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from research_api.config.endpoints import read_endpoint
from research_api.egress import EgressPolicy
from research_api.egress.guard import Guard
from research_api.embeddings.loading import Remotes


@dataclass(frozen=True)
class Asked:
    """One request; the names of its headers are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Reply:
    """Writes the answer. `is_over` is set when the test ends, so that nobody sleeps longer."""

    def __init__(self, handler: BaseHTTPRequestHandler, is_over: threading.Event) -> None:
        self._handler = handler
        self.is_over = is_over

    def send(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        """A whole answer; its Content-Length is right unless `headers` say otherwise."""
        given = {"Content-Type": "application/json", "Content-Length": str(len(body)), "Connection": "close"}
        self._handler.send_response_only(status)
        for name, value in {**given, **(headers or {})}.items():
            self._handler.send_header(name, value)
        self._handler.end_headers()
        self._handler.wfile.write(b"" if self._handler.command == "HEAD" else body)
        self._handler.close_connection = True

    def json(self, status: int, body: object) -> None:
        self.send(status, json.dumps(body).encode())

    def raw(self, data: bytes) -> None:
        """Bytes as they are; OSError where nobody reads any more."""
        self._handler.close_connection = True
        self._handler.wfile.write(data)
        self._handler.wfile.flush()


Respond = Callable[[Asked, Reply], None]


class Loopback:
    """url: where it listens. asked: the requests so far."""

    def __init__(self, url: str, respond: Respond) -> None:
        self.url = url
        self.respond = respond
        self.asked: list[Asked] = []
        self.is_over = threading.Event()


@contextmanager
def loopback(respond: Respond) -> Iterator[Loopback]:
    """The server, until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, self.path, headers, body)
            running.asked.append(asked)
            try:
                running.respond(asked, Reply(self, running.is_over))
            except OSError:
                # the client went away, as some tests want it to
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the standard library
            """Nothing on the console."""

    for method in ("GET", "HEAD", "POST", "CONNECT"):
        setattr(Handler, f"do_{method}", Handler._answer)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    running = Loopback(f"http://127.0.0.1:{server.server_port}", respond)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield running
    finally:
        running.is_over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def guard_for(*urls: str) -> Guard:
    """Lets calls out to these addresses of this machine alone."""
    endpoints = [read_endpoint(url.removeprefix("http://")) for url in urls]
    return Guard(EgressPolicy(frozenset(), frozenset(one for one in endpoints if one is not None)))


def remotes_at(url: str, key: str = "") -> Remotes:
    """One server that is the server of vectors and the hub."""
    return Remotes(f"{url}/v1", guard_for(url), url, guard_for(url), key)
