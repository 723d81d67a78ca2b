"""TCP ports: which are free, and one for each server that stays the same from run to run."""

from __future__ import annotations

import errno
import random
import socket
from pathlib import Path

from research_api.local.data_folder import read_kept, write_private
from research_api.local.errors import StartupError

LOOPBACK = "127.0.0.1"
# Below 32768, where Linux takes the ports of outgoing connections from: a kept port is then seldom taken.
CANDIDATES = range(20_000, 32_000)
ATTEMPTS = 200


def refusal(host: str, port: int) -> OSError | None:
    """Why nobody can listen at this address now, or None where it is free."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            # As gunicorn and both servers do: a port in TIME_WAIT is free, one with a listener is not.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error
    return None


def check_free(setting: str, host: str, port: int) -> None:
    """Somebody can listen at this address now. Raises StartupError that names the setting."""
    error = refusal(host, port)
    if error is None:
        return
    if error.errno == errno.EADDRINUSE:
        raise StartupError(
            f"{setting}={port} is taken on {host}. Stop what listens there, or set another {setting}."
        )
    raise StartupError(f"Cannot listen on {host}, {setting}={port}: {error.strerror}. Set HOST or {setting}.")


def kept_port(path: Path) -> int:
    """The port kept in `path` where it is free again, else another, which is kept from now on."""
    known = read_kept(path)
    if known is not None and known.isdecimal() and refusal(LOOPBACK, int(known)) is None:
        return int(known)
    port = _any_free_port()
    write_private(path, str(port))
    return port


def _any_free_port() -> int:
    for port in random.sample(CANDIDATES, ATTEMPTS):
        if refusal(LOOPBACK, port) is None:
            return port
    raise StartupError(f"No free port on {LOOPBACK} between {CANDIDATES.start} and {CANDIDATES.stop}.")
