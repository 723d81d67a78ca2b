"""Redis as the tests of the cache need it: the real one frozen, and one that answers as it is told."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO, TypeVar

from redis import Redis

Result = TypeVar("Result")


@contextlib.contextmanager
def frozen(redis_url: str) -> Iterator[None]:
    """The real one takes connections and answers nothing."""
    with Redis.from_url(redis_url) as client:
        process = int(client.info("server")["process_id"])
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


class ScriptedRedis:
    """Answers every command with `reply`, `reply_seconds` after it came; counts what comes.

    reply: None keeps silent. replies: those of commands that are answered otherwise. drip_seconds: a wait before each
    single byte of a reply.
    """

    def __init__(self) -> None:
        self.reply: bytes | None = b"+OK\r\n"
        self.replies: dict[str, bytes] = {}
        self.reply_seconds = 0.0
        self.drip_seconds = 0.0
        self.commands: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ends: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"

    def close(self) -> None:
        """Nobody is served any more, and no thread is left."""
        for one in (self._listener, *self._ends):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                end, _ = self._listener.accept()
            except OSError:
                return
            self._ends.append(end)
            self._threads.append(threading.Thread(target=self._serve, args=(end,)))
            self._threads[-1].start()

    def _serve(self, end: socket.socket) -> None:
        with contextlib.suppress(OSError), end.makefile("rb") as lines:
            while head := lines.readline():
                words = [self._word(lines.readline(), lines) for _ in range(int(head[1:]))]
                self.commands.append(words[0].decode())
                self._answer(end, self.replies.get(self.commands[-1], self.reply))

    @staticmethod
    def _word(head: bytes, lines: BinaryIO) -> bytes:
        return lines.read(int(head[1:]) + 2)[:-2]

    def _answer(self, end: socket.socket, reply: bytes | None) -> None:
        if reply is None:
            return
        time.sleep(self.reply_seconds)
        if not self.drip_seconds:
            end.sendall(reply)
            return
        for number in range(len(reply)):
            time.sleep(self.drip_seconds)
            end.sendall(reply[number : number + 1])


@contextlib.contextmanager
def scripted_redis() -> Iterator[ScriptedRedis]:
    """One that is gone afterwards."""
    server = ScriptedRedis()
    try:
        yield server
    finally:
        server.close()


def closed_port() -> int:
    """A port of this machine where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def in_threads(acts: Sequence[Callable[[], Result]]) -> list[Result]:
    """What each gives, in order; all have begun before one ends."""
    everybody = threading.Barrier(len(acts))

    def begin(act: Callable[[], Result]) -> Result:
        everybody.wait(60)
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(begin, acts))
