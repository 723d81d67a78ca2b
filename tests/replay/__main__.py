"""`python -m tests.replay [--port N] [--works N]`: all sources on this machine, until Ctrl-C or SIGTERM.

Prints the lines that `make run` needs to ask this server in place of the real sources. With `--steered` it prints them,
then an empty line, and obeys what comes on its standard input until that ends; see `steering`.
"""

from __future__ import annotations

import argparse
import signal
import sys

from tests.replay.found import replays_over
from tests.replay.server import ReplayServer
from tests.replay.steering import steer
from tests.replay.works import sample_works


def main() -> None:
    """Serves until it is told to stop."""
    options = _options()
    signals = {signal.SIGINT, signal.SIGTERM}
    if not options.steered:
        signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    replays = replays_over(sample_works(options.works))
    with ReplayServer(replays, port=options.port, remembers=options.remember) as server:
        for name in replays:
            server.delay(name, options.delay)
        _say("\n".join([*server.environment(), *([""] if options.steered else [])]))
        if options.steered:
            steer(server, sys.stdin, _say)
        else:
            signal.sigwait(signals)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.replay", description="Replays scholarly sources.")
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    parser.add_argument("--works", type=int, default=500, help="how many works there are (500)")
    parser.add_argument("--remember", action="store_true", help="give equal requests the same bytes at once")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer (0)")
    parser.add_argument("--steered", action="store_true", help="obey standard input, and end with it")
    return parser.parse_args()


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
