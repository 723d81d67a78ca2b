"""A server on this machine that answers with whatever bytes a test wants, at whatever speed."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

CERTIFICATES = Path(__file__).parent / "certificates"


class Wire:
    """One connection, as the one who answers sees it. is_over: set when the test ends, so that nobody sleeps longer."""

    def __init__(self, connection: socket.socket, is_over: threading.Event) -> None:
        self._connection = connection
        self.is_over = is_over

    def send(self, data: bytes) -> None:
        self._connection.sendall(data)

    def drip(self, data: bytes, every_seconds: float = 0.05) -> None:
        """A byte at a time, over and over, until the other side goes."""
        while True:
            for number in range(len(data)):
                if self.is_over.wait(every_seconds):
                    return
                self.send(data[number : number + 1])

    def close(self) -> None:
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()


Respond = Callable[[Wire, bytes], None]


class Server:
    """requests: heads with bodies as they came. connections: how many there were so far."""

    def __init__(self, port: int, respond: Respond) -> None:
        self.port = port
        self.respond = respond
        self.requests: list[bytes] = []
        self.connections = 0
        self.open_connections = 0
        self._lock = threading.Lock()
        self.is_over = threading.Event()

    def count(self, opened: int) -> None:
        """One more connection is open, or with -1 one fewer."""
        with self._lock:
            self.connections += max(opened, 0)
            self.open_connections += opened

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def answer(body: bytes = b"{}", *headers: str, status: str = "200 OK") -> bytes:
    """A whole answer with Content-Length, and more headers."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*head, "", ""]).encode() + body


def always(data: bytes) -> Respond:
    return lambda wire, _: wire.send(data)


def tls_context() -> ssl.SSLContext:
    """That of a server whose certificate is self-signed, and for api.example.org."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / "certificate.pem", CERTIFICATES / "key.pem")
    return context


@contextmanager
def serving(
    respond: Respond,
    *,
    tls: ssl.SSLContext | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    greeting: bytes = b"",
) -> Iterator[Server]:
    """The server, until the end of the block. greeting: sent before it reads anything."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family)
    server = Server(listener.getsockname()[1], respond)
    threads: list[threading.Thread] = []
    opened: list[socket.socket] = []

    def accept() -> None:
        while not server.is_over.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            opened.append(connection)
            connection.sendall(greeting)
            thread = threading.Thread(target=_serve, args=(server, connection, tls, opened), daemon=True)
            threads.append(thread)
            thread.start()

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield server
    finally:
        server.is_over.set()
        for one in (listener, *opened):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in (acceptor, *threads):
            thread.join(10)


def _serve(
    server: Server, connection: socket.socket, tls: ssl.SSLContext | None, opened: list[socket.socket]
) -> None:
    server.count(1)
    with suppress(OSError):
        if tls is not None:
            connection = tls.wrap_socket(connection, server_side=True)
            opened.append(connection)
        with connection:
            while request := _read_request(connection):
                server.requests.append(request)
                server.respond(Wire(connection, server.is_over), request)
    server.count(-1)


def _read_request(connection: socket.socket) -> bytes:
    """A head with its body, empty where the other side has gone."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65_536)
        if not part:
            return b""
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    while lengths and len(body) < lengths[0]:
        body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body
