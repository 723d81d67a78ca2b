"""The server: one base URL per source, delays and faults on demand, and everything it was asked."""

from __future__ import annotations

import gzip
import socket
import socketserver
import sys
import threading
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self, cast
from urllib.parse import parse_qs

from tests.replay.faults import Fault, head_of, write_fault
from tests.replay.protocol import Answered, Asked, Replayed

_MAX_KEPT_REQUESTS = 10_000
_MAX_REMEMBERED_ANSWERS = 10_000
_MAX_LINE_BYTES = 1_000_000
_PACKED_FROM_BYTES = 256


@dataclass(slots=True)
class _Trouble:
    """A fault that is on. left: how often it still strikes, None for ever. is_over: set when it is cleared."""

    fault: Fault
    left: int | None
    is_over: threading.Event = field(default_factory=threading.Event)


class ReplayServer:
    """Listens on a free port of 127.0.0.1 inside its `with` block; no thread of it outlives the block.

    address: `127.0.0.1:PORT`. remembers: the same request gets the same bytes again without asking the replay.
    """

    def __init__(self, replays: Mapping[str, Replayed], *, port: int = 0, remembers: bool = False) -> None:
        self.replays = dict(replays)
        self._port = port
        self._memory: dict[tuple[str, bytes], bytes] | None = {} if remembers else None
        self._lock = threading.Lock()
        self._requests: dict[str, deque[Asked]] = {}
        self._counts: Counter[str] = Counter()
        self._delays: dict[str, float] = {}
        self._troubles: dict[str, _Trouble] = {}
        self._past: list[_Trouble] = []
        self.is_closed = threading.Event()

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", self._port), self)
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.is_closed.set()
        for name in [*self.replays]:
            self.clear(name)
        self._server.shutdown()
        self._server.cut_connections()
        self._server.server_close()
        self._thread.join()

    def base_url(self, name: str) -> str:
        """Where that source is, without a slash at the end."""
        return f"http://{self.address}/{name}"

    def asked(self, name: str) -> list[Asked]:
        """What that source was asked so far, the last 10,000 requests."""
        with self._lock:
            return list(self._requests.get(name, ()))

    def count(self, name: str) -> int:
        """How often that source was asked."""
        with self._lock:
            return self._counts[name]

    def forget(self) -> None:
        """Nobody has asked anything."""
        with self._lock:
            self._requests.clear()
            self._counts.clear()

    def delay(self, name: str, seconds: float) -> None:
        """Each answer of that source comes so much later."""
        self._delays[name] = seconds

    def fault(self, name: str, fault: Fault, *, times: int | None = None) -> None:
        """The next `times` requests meet the fault, all of them until `clear` where None is given."""
        self.clear(name)
        with self._lock:
            self._troubles[name] = _Trouble(fault, times)

    def clear(self, name: str) -> None:
        """That source is well again, and what hung or dripped is cut off."""
        with self._lock:
            ended = [self._troubles.pop(name)] if name in self._troubles else []
            ended += self._past
            self._past = []
        for trouble in ended:
            trouble.is_over.set()

    def environment(self) -> list[str]:
        """The lines that point the service at this server."""
        lines = [f"{name.upper()}_BASE_URL={self.base_url(name)}" for name in sorted(self.replays)]
        return [*lines, f"EGRESS_ALLOW={self.address}"]

    def handle(self, name: str, asked: Asked, wire: _Wire) -> None:
        """The request is recorded and answered. Raises OSError where the client went away."""
        with self._lock:
            self._requests.setdefault(name, deque(maxlen=_MAX_KEPT_REQUESTS)).append(asked)
            self._counts[name] += 1
            trouble = self._struck(name)
        if (seconds := self._delays.get(name, 0)) and self.is_closed.wait(seconds):
            wire.close()
            return
        if trouble is not None:
            wire.is_over = trouble.is_over
            write_fault(trouble.fault, wire, asked, self.replays[name].answer(asked))
            return
        wire.send(self._bytes(name, asked, wire.target))

    def _struck(self, name: str) -> _Trouble | None:
        trouble = self._troubles.get(name)
        if trouble is not None and trouble.left is not None:
            trouble.left -= 1
            if trouble.left <= 0:
                self._past.append(self._troubles.pop(name))
        return trouble

    def _bytes(self, name: str, asked: Asked, target: bytes) -> bytes:
        """The whole answer, packed where the client takes that."""
        is_packed = "gzip" in asked.headers.get("accept-encoding", "")
        key = (name, b"\0".join([target, repr(sorted(asked.headers.items())).encode(), asked.body]))
        if self._memory is not None and key in self._memory:
            return self._memory[key]
        answer = self.replays[name].answer(asked)
        if is_packed and len(answer.body) >= _PACKED_FROM_BYTES and "Content-Encoding" not in answer.headers:
            headers = {**answer.headers, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
            answer = replace(answer, headers=headers, body=gzip.compress(answer.body, 5, mtime=0))
        whole = head_of(answer, len(answer.body)) + (b"" if asked.method == "HEAD" else answer.body)
        if self._memory is not None and len(self._memory) < _MAX_REMEMBERED_ANSWERS:
            self._memory[key] = whole
        return whole


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = False
    block_on_close = True
    allow_reuse_address = True
    request_queue_size = 512

    def __init__(self, address: tuple[str, int], replay_server: ReplayServer) -> None:
        self.replay_server = replay_server
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__(address, _Wire)

    def is_open(self, connection: socket.socket) -> None:
        with self._open_lock:
            self._open.add(connection)

    def is_done(self, connection: socket.socket) -> None:
        with self._open_lock:
            self._open.discard(connection)

    def cut_connections(self) -> None:
        """Who waits for a request on a connection that is kept alive reads its end."""
        with self._open_lock:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    # the other side was faster
                    continue

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news; anything else is a fault of a replay and is shown."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(cast(socket.socket, request), client_address)


class _Wire(socketserver.StreamRequestHandler):
    """One connection, kept alive until either side closes it."""

    disable_nagle_algorithm = True
    rbufsize = 65_536

    def handle(self) -> None:
        server = cast(_Server, self.server)
        self.address = server.replay_server.address
        self.is_over = server.replay_server.is_closed
        self._is_kept = True
        server.is_open(self.connection)
        try:
            while self._is_kept and not server.replay_server.is_closed.is_set():
                if not self._answer_one(server.replay_server):
                    break
        finally:
            server.is_done(self.connection)

    def send(self, data: bytes) -> None:
        """The bytes are on their way."""
        self.connection.sendall(data)

    def close(self) -> None:
        """The connection ends after this request."""
        self._is_kept = False

    def _answer_one(self, server: ReplayServer) -> bool:
        line = self.rfile.readline(_MAX_LINE_BYTES)
        if not line.strip():
            return False
        method, target, _ = line.split(b" ", 2)
        headers: dict[str, str] = {}
        while (header := self.rfile.readline(_MAX_LINE_BYTES).strip()) != b"":
            name, _, value = header.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        body = self.rfile.read(int(headers.get("content-length", "0")))
        path, _, query = target.decode("latin-1").partition("?")
        source, slash, rest = path.removeprefix("/").partition("/")
        self.prefix, self.target = f"/{source}", target
        if headers.get("connection", "").lower() == "close":
            self.close()
        if source not in server.replays:
            nothing = b'{"error": "no source of that name is replayed"}'
            self.send(
                head_of(Answered(404, {"Content-Type": "application/json"}, nothing), len(nothing)) + nothing
            )
            return True
        params = parse_qs(query, keep_blank_values=True)
        server.handle(source, Asked(method.decode(), slash + rest, params, headers, body), self)
        return True
