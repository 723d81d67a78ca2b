"""What gunicorn refuses by itself is a problem too, and says what is wrong. Its own parser reads these requests."""

from __future__ import annotations

import json
import socket
import threading
from types import SimpleNamespace

import pytest
from gunicorn.config import Config
from gunicorn.http.errors import InvalidResponseHeader
from gunicorn.workers.gthread import TConn

from ops import gunicorn as settings
from research_api.app import create_app
from research_api.web.server import ProblemThreadWorker
from tests.timing import wait_until
from tests.web.fakes import PUBLIC_URL, FakeServices, FakeSettings
from tests.web.test_problems import assert_has_common_headers

ADDRESS = ("127.0.0.1", 8000)
HOST = b"Host: api.example.org\r\n"
SECRET = b"hunter2"


class QuietLog:
    """Takes whatever gunicorn logs."""

    def __getattr__(self, _name):
        return lambda *_words, **_more: None


class Exchange:
    """What came back on a connection: the status, the headers and the bytes after them."""

    def __init__(self, raw):
        head, _, self.body = raw.partition(b"\r\n\r\n")
        first, *rest = head.decode("latin-1").split("\r\n")
        self.raw = raw
        self.status = int(first.split(" ")[1])
        self.headers = dict(line.split(": ", 1) for line in rest)


@pytest.fixture
def worker(app):
    config = Config()
    for name, value in vars(settings).items():
        if name in config.settings and name != "worker_class":
            config.set(name, value)
    worker = ProblemThreadWorker(0, 0, [], SimpleNamespace(callable=app), 60, config, QuietLog())
    worker.wsgi = app
    yield worker
    worker.tmp.close()


@pytest.fixture
def exchange(worker):
    """Sends the bytes on a connection of their own and gives what comes back until it is closed."""

    def exchanged(sent):
        theirs, ours = socket.socketpair()
        with theirs, ours:
            theirs.sendall(sent)
            theirs.shutdown(socket.SHUT_WR)
            connection = TConn(worker.cfg, ours, ADDRESS, ADDRESS)
            worker.handle(connection)
            ours.shutdown(socket.SHUT_WR)
            return Exchange(b"".join(iter(lambda: theirs.recv(65_536), b"")))

    return exchanged


def get(*, line=b"GET /livez HTTP/1.1", headers=HOST, body=b""):
    return line + b"\r\n" + headers + b"\r\n" + body


def assert_is_problem(answer, status, slug):
    body = json.loads(answer.body)
    assert (answer.status, body["status"]) == (status, status)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert int(answer.headers["Content-Length"]) == len(answer.body)
    assert body["type"] == f"{PUBLIC_URL}/problems/{slug}"
    assert body["request_id"] == answer.headers["X-Request-ID"]
    assert SECRET not in answer.raw
    return body


REFUSED = {
    "header without colon": (get(headers=HOST + b"hunter2\r\n"), "Name: value"),
    "space in a header's name": (get(headers=HOST + b"X hunter2: 1\r\n"), "without a space in the name"),
    "space before the colon": (get(headers=HOST + b"X-hunter2 : 1\r\n"), "before the colon"),
    "folded header": (get(headers=HOST + b"X-A: 1\r\n hunter2\r\n"), "continuation"),
    "control character": (get(headers=HOST + b"X-A: hunter2\x01\r\n"), "control characters"),
    "two hosts": (get(headers=HOST + b"Host: hunter2\r\n"), "one Host header"),
    "two types": (get(headers=HOST + b"Content-Type: a/b\r\nContent-Type: a/c\r\n"), "one Content-Type"),
    "unknown version": (get(line=b"GET /livez HTTP/9.9"), "HTTP/1.1"),
    "space in the address": (get(line=b"GET /v1/search?q=a hunter2 HTTP/1.1"), "spaces in the address"),
    "method in lower case": (get(line=b"get /livez HTTP/1.1"), "capitals"),
    "negative length": (get(headers=HOST + b"Content-Length: -5\r\n"), "a whole number"),
    "two lengths": (get(headers=HOST + b"Content-Length: 1\r\nContent-Length: 1\r\n"), "one Content-Length"),
    "length and chunks": (
        get(headers=HOST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
        "never beside Transfer-Encoding",
    ),
    "unknown coding": (get(headers=HOST + b"Transfer-Encoding: hunter2\r\n"), "Transfer-Encoding: chunked"),
    "coding without chunks": (get(headers=HOST + b"Transfer-Encoding: gzip\r\n"), "Transfer-Encoding: chunk"),
    "expectation": (get(headers=HOST + b"Expect: 200-hunter2\r\n"), "Expect: 100-continue"),
    "schemes": (
        get(headers=HOST + b"X-Forwarded-Proto: https\r\nX-Forwarded-Ssl: off\r\n"),
        "agree on the scheme",
    ),
    "no version": (b"GET /\r\n\r\n", "such as GET /livez HTTP/1.1"),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03hunter2\n\x00\x00\r\n\r\n", "not TLS"),
    "no ASCII": (get(line="GET /v1/search?q=Größe HTTP/1.1".encode()), "percent-encode every character"),
    "no slash": (get(line=b"GET livez HTTP/1.1"), "Begin the address with a slash"),
}


@pytest.mark.parametrize(("sent", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_http_is_refused_with_fitting_words(exchange, sent, words):
    body = assert_is_problem(exchange(sent), 400, "malformed")

    assert words in body["detail"]
    assert "JSON" not in body["detail"]


@pytest.mark.parametrize(
    ("sent", "status", "slug"),
    [
        (get(line=b"GET /" + b"x" * 9_000 + b" HTTP/1.1"), 414, "uri-too-long"),
        (get(headers=HOST + b"X-A: " + b"x" * 9_000 + b"\r\n"), 431, "headers-too-large"),
        (get(headers=HOST + b"X-A: x\r\n" * 101), 431, "headers-too-large"),
    ],
)
def test_what_is_too_long_is_refused_with_its_own_status(exchange, sent, status, slug):
    assert_is_problem(exchange(sent), status, slug)


def test_a_refusal_has_the_common_headers_and_closes(exchange):
    answer = exchange(b"GET /\r\n\r\n")

    assert_has_common_headers(answer)
    assert answer.headers["Connection"] == "close"


@pytest.mark.parametrize(
    ("line", "headers", "status"),
    [
        (b"HEAD /livez HTTP/1.1", HOST + b"X-A: " + b"x" * 9_000 + b"\r\n", 431),
        (b"HEAD /livez HTTP/1.1", HOST + b"X-A: x\r\n" * 101, 431),
        (b"HEAD /livez HTTP/1.1", HOST + b"Host: another\r\n", 400),
        (b"HEAD /livez HTTP/1.1", HOST + b"Content-Length: -5\r\n", 400),
        (b"HEAD /livez HTTP/9.9", HOST, 400),
        (b"HEAD livez HTTP/1.1", HOST, 400),
        (b"HEAD /livez HTTP/1.1", b"", 400),
    ],
)
def test_a_refused_head_has_no_body(exchange, line, headers, status):
    head, other = (exchange(get(line=one, headers=headers)) for one in (line, line.replace(b"HEAD", b"GET")))

    assert (head.status, head.body) == (other.status, b"") == (status, b"")
    assert head.headers.keys() == other.headers.keys()
    assert int(head.headers["Content-Length"]) == len(other.body) > 0


@pytest.mark.parametrize("path", [b"/livez", b"/v1/search?q=x", b"/nowhere", b"http://api.example.org/livez"])
def test_http_1_1_wants_a_host(exchange, path):
    """RFC 9112, 3.2. It is asked for before a key is, and the name of the request is kept."""
    answer = exchange(get(line=b"GET " + path + b" HTTP/1.1", headers=b"X-Request-ID: my-request-1\r\n"))

    body = assert_is_problem(answer, 400, "malformed")
    assert "Host header" in body["detail"]
    assert body["request_id"] == "my-request-1"


@pytest.mark.parametrize(
    "sent",
    [get(), get(headers=b"Host:\r\n"), get(line=b"GET /livez HTTP/1.0", headers=b"")],
    ids=["with host", "empty host", "HTTP/1.0"],
)
def test_a_good_request_is_served(exchange, sent):
    """Else the tests above could not fail."""
    answer = exchange(sent)

    assert (answer.status, json.loads(answer.body)) == (200, {"status": "alive"})


@pytest.mark.parametrize("error", [RuntimeError("hunter2"), InvalidResponseHeader("hunter2")])
def test_a_failure_of_ours_is_not_put_down_to_the_caller(worker, exchange, error):
    def fail(_environ, _start_response):
        raise error

    worker.wsgi = fail

    assert_is_problem(exchange(get()), 500, "internal")
    assert exchange(get(line=b"HEAD /livez HTTP/1.1")).body == b""


def test_each_process_warms_up_when_it_has_started():
    """gunicorn calls the hook in the process, after the app is loaded and before requests are taken."""
    warmed = []
    search = SimpleNamespace(warm_up=lambda: warmed.append(threading.current_thread().name))
    app = create_app(FakeServices(search=search), FakeSettings())

    settings.post_worker_init(SimpleNamespace(app=SimpleNamespace(wsgi=lambda: app)))

    wait_until(lambda: warmed, "the warm-up")
    assert warmed == ["warm-up"]
    assert Config().settings["post_worker_init"].validator(settings.post_worker_init)
