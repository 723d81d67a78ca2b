"""A name server on this machine that answers as a test wants, or not at all."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

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
    """The server, until the end of the block."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind(("127.0.0.1", 0))
    listener.settimeout(0.05)
    server = NameServer(listener.getsockname()[1], zone)
    is_over = threading.Event()

    def serve() -> None:
        while not is_over.is_set():
            try:
                data, peer = listener.recvfrom(4096)
            except TimeoutError:
                continue
            if (reply := _reply(server, data)) is not None:
                listener.sendto(reply, peer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        is_over.set()
        thread.join(10)
        listener.close()


def _reply(server: NameServer, data: bytes) -> bytes | None:
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
    return bytes(response.to_wire())
