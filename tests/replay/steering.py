"""Tells a running server what to do, a line each: for a caller in another process, such as the bench.

`delay NAME SECONDS`, `fault NAME FAULT` (a name of `Fault`), `clear NAME`, `count NAME`, `forget`. Each is answered by
a line: the number that was asked for, else `ok`, or `no: ` and what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tests.replay.faults import Fault
from tests.replay.server import ReplayServer


def steer(server: ReplayServer, lines: Iterable[str], answer: Callable[[str], None]) -> None:
    """Every line is obeyed and answered; it ends with the lines."""
    for line in lines:
        try:
            answer(_obeyed(server, line.split()))
        except (ValueError, KeyError) as error:
            answer(f"no: {type(error).__name__} in {line.strip()!r}")


def _obeyed(server: ReplayServer, words: list[str]) -> str:
    match words:
        case ["delay", name, seconds]:
            server.delay(_known(server, name), float(seconds))
        case ["fault", name, fault]:
            server.fault(_known(server, name), Fault[fault])
        case ["clear", name]:
            server.clear(_known(server, name))
        case ["count", name]:
            return str(server.count(_known(server, name)))
        case ["forget"]:
            server.forget()
        case _:
            raise ValueError("unknown")
    return "ok"


def _known(server: ReplayServer, name: str) -> str:
    if name not in server.replays:
        raise KeyError(name)
    return name
