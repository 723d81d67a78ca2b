"""A name server on this machine that answers as a test wants, or not at all."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

# texts of records, such as ["CNAME other.example.org.", "A 10.0.0.1"]; None for silence, a code for a refusal
Rows = list[str] | None | dns.rcode.Rcode
Zone = Callable[[str, str], Rows]


class NameServer:
    """asked: names and types, in order. Rows of a name follow each other: a CNAME is the owner of what follows it."""

    def __init__(self, port: int, zone: Zone) -> None:
        self.port = port
        self.zone = zone
        self.asked: list[tuple[str, str]] = []


@contextmanager
def name_server(zone: Zone) -> Iterator[NameServer]:
    """The server, until the end of the block: datagrams of 512 bytes, and TCP for what is longer."""
    by_tcp = socket.create_server(("127.0.0.1", 0))
    by_udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    by_udp.bind(by_tcp.getsockname())
    server = NameServer(by_udp.getsockname()[1], zone)
    is_over = threading.Event()
    threads = [
        threading.Thread(target=serve, args=(server, listener, is_over), daemon=True)
        for serve, listener in ((_serve_udp, by_udp), (_serve_tcp, by_tcp))
    ]
    for listener in (by_udp, by_tcp):
        listener.settimeout(0.05)
    for thread in threads:
        thread.start()
    try:
        yield server
    finally:
        is_over.set()
        for thread in threads:
            thread.join(10)
        by_udp.close()
        by_tcp.close()


def _serve_udp(server: NameServer, listener: socket.socket, is_over: threading.Event) -> None:
    while not is_over.is_set():
        try:
            data, peer = listener.recvfrom(4096)
        except TimeoutError:
            continue
        if (reply := _reply(server, data, 512)) is not None:
            listener.sendto(reply, peer)


def _serve_tcp(server: NameServer, listener: socket.socket, is_over: threading.Event) -> None:
    while not is_over.is_set():
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            continue
        with connection:
            length = int.from_bytes(connection.recv(2, socket.MSG_WAITALL))
            reply = _reply(server, connection.recv(length, socket.MSG_WAITALL), 65_535)
            if reply is not None:
                connection.sendall(len(reply).to_bytes(2) + reply)


def _reply(server: NameServer, data: bytes, max_bytes: int) -> bytes | None:
    query = dns.message.from_wire(data)
    [question] = query.question
    name, kind = question.name.to_text(), dns.rdatatype.to_text(question.rdtype)
    server.asked.append((name.rstrip("."), kind))
    rows = server.zone(name.rstrip("."), kind)
    if rows is None:
        return None
    response = dns.message.make_response(query)
    if isinstance(rows, dns.rcode.Rcode):
        response.set_rcode(rows)
        return bytes(response.to_wire())
    owner = name
    for row in rows:
        record_kind, _, value = row.partition(" ")
        if record_kind in (kind, "CNAME"):
            response.answer.append(dns.rrset.from_text(owner, 60, "IN", record_kind, value))
        owner = value if record_kind == "CNAME" else owner
    try:
        return bytes(response.to_wire(max_size=max_bytes))
    except dns.exception.TooBig:
        response.answer.clear()
        response.flags |= dns.flags.TC
        return bytes(response.to_wire())
