"""Work that no answer waits for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import Empty, Full, Queue

import structlog

log = structlog.get_logger(__name__)

MAX_WAITING = 256
IDLE_SECONDS = 5.0
# what has come in while an answer is being made begins when that is out; else both would take turns computing
PAUSE_SECONDS = 0.015

Task = Callable[[], object]


class Behind:
    """Does one task after the other in a thread that starts with the first and ends when there is none for a while.

    An object made before a fork is safe after it. A task that fails is logged; what finds no room is left out.
    """

    def __init__(
        self,
        name: str,
        *,
        max_waiting: int = MAX_WAITING,
        idle_seconds: float = IDLE_SECONDS,
        pause_seconds: float = PAUSE_SECONDS,
    ) -> None:
        self._name = name
        self._idle_seconds = idle_seconds
        self._pause_seconds = pause_seconds
        self._tasks: Queue[Task] = Queue(max_waiting)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self.left_out = 0

    def submit(self, task: Task) -> bool:
        """True: the task is done soon. False: there are too many, and it is not."""
        with self._lock:
            try:
                self._tasks.put_nowait(task)
            except Full:
                self.left_out += 1
                log.warning("left_out", queue=self._name, left_out=self.left_out)
                return False
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
                self._thread.start()
        return True

    def settle(self) -> None:
        """Everything that was submitted so far is done."""
        self._tasks.join()

    def _work(self) -> None:
        time.sleep(self._pause_seconds)
        while (task := self._next()) is not None:
            try:
                task()
            except Exception as error:
                log.error("task_failed", queue=self._name, error=type(error).__name__, exc_info=True)
            finally:
                self._tasks.task_done()

    def _next(self) -> Task | None:
        """The next task, the first of several after a pause; None where this thread is to end."""
        try:
            return self._tasks.get_nowait()
        except Empty:
            pass
        try:
            task = self._tasks.get(timeout=self._idle_seconds)
            time.sleep(self._pause_seconds)
            return task
        except Empty:
            with self._lock:
                if not self._tasks.empty():
                    return self._tasks.get_nowait()
                self._thread = None
                return None
