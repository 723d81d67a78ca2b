"""A system with one collection in it: started, filled, its vectors waited for, and gone afterwards."""

from __future__ import annotations

import secrets
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ops.bench.system import System, running_system
from ops.eval.collections import NAMESPACE, Collection
from ops.eval.errors import EvalFailed
from ops.eval.waiting import Patience, Stats, wait_until_ready
from research_api.local.errors import StartupError
from research_api.local.servers import throwaway_servers

# more than one client can ask in that time, so that no limit is in the way of the measurement
REQUESTS_PER_MINUTE, REQUESTS_PER_DAY = 60_000, 50_000_000
PAUSES_SECONDS = (5.0, 15.0)


@dataclass(frozen=True, slots=True)
class Filled:
    """A system that holds a collection and has a vector for every work that can have one.

    key: a key for searches. stats: what `flask catalog stats` says. remarks: what the import left out.
    """

    port: int
    key: str
    stats: Stats
    import_seconds: float
    vectors_seconds: float
    remarks: tuple[str, ...]


@contextmanager
def filled_system(collection: Collection, patience: Patience) -> Iterator[Filled]:
    """A fresh system with the collection. Raises EvalFailed."""
    try:
        with throwaway_servers() as servers:
            settings = {
                "DATABASE_URL": servers.database_url,
                "REDIS_URL": servers.redis_url,
                "CELERY_BROKER_URL": servers.redis_url,
                "KEY_PEPPER": secrets.token_hex(32),
                "EMBEDDING_CPU_PERCENT": "100",
            }
            with running_system(settings) as system:
                yield _filled(system, collection, patience)
    except StartupError as error:
        raise EvalFailed(str(error)) from error
    except SystemExit as error:
        raise EvalFailed(str(error.code)) from error
    except subprocess.CalledProcessError as error:
        command = " ".join(error.cmd[3:6])
        raise EvalFailed(f"flask {command} ended with {error.returncode}; see above.") from error


def _filled(system: System, collection: Collection, patience: Patience) -> Filled:
    key = _key(system)
    begin = time.monotonic()
    corpus = str(collection.parts.corpus.resolve())
    # fmt: off
    system.flask(
        "catalog", "import", corpus, "--format", "collection", "--namespace", NAMESPACE, "--no-wait"
    )
    # fmt: on
    imported = time.monotonic()
    stats = wait_until_ready(lambda: stats_of(system.flask, patience.sleep), collection.name, patience)
    return Filled(
        port=system.port,
        key=key,
        stats=stats,
        import_seconds=imported - begin,
        vectors_seconds=time.monotonic() - imported,
        remarks=tuple(_remarks(collection, stats)),
    )


def stats_of(flask: Callable[..., Stats], sleep: Callable[[float], None]) -> Stats:
    """What `flask catalog stats` says. An hour of waiting is not lost for one command that failed on a busy machine.

    Raises CalledProcessError where it fails a third time.
    """
    for pause in PAUSES_SECONDS:
        try:
            return flask("catalog", "stats")
        except subprocess.CalledProcessError:
            sleep(pause)
    return flask("catalog", "stats")


def _key(system: System) -> str:
    limits = ("--rate-per-minute", str(REQUESTS_PER_MINUTE), "--rate-per-day", str(REQUESTS_PER_DAY))
    return str(system.flask("keys", "create", "--name", "eval", "--scopes", "search", *limits)["key"])


def _remarks(collection: Collection, stats: Stats) -> Iterator[str]:
    if joined := len(collection.works) - stats["works"]:
        yield f"{joined:,} works became one with another that has the same identifier: one of their ids is found"
    if stats["vectors_failed"]:
        yield f"{stats['vectors_failed']:,} works have no vector: the model could make none of them"
