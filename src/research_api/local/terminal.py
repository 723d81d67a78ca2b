"""A terminal that was closed, where nothing else tells us.

The kernel sends SIGHUP to the leader of the session. Where that is make, it waits for us and passes nothing
on (GNU make 4.3), so that everything would go on running without a terminal.
"""

from __future__ import annotations

import errno
import os
import signal
import threading
import time

POLL_SECONDS = 0.5


def watch_terminal() -> None:
    """SIGHUP comes to this process when its controlling terminal is gone.

    Nothing comes where there was none to begin with: setsid, systemd, containers. Under nohup it is ignored.
    """
    if _error_of_terminal() is not None:
        return
    threading.Thread(target=_hang_up_with_terminal, daemon=True).start()


def _hang_up_with_terminal() -> None:
    while _error_of_terminal() != errno.ENXIO:
        time.sleep(POLL_SECONDS)
    # To the main thread itself: it may be waiting for a command or a server.
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGHUP)


def _error_of_terminal() -> int | None:
    """Why the controlling terminal cannot be opened, ENXIO where there is none any more, or None."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError as error:
        return error.errno
    return None
