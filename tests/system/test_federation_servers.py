"""The servers behind the API die and come back while people search all sources."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from research_api.local.accounts import find_ground
from research_api.local.data_folder import make_data_folder
from research_api.local.local_server import LocalServer
from research_api.local.postgres import LocalPostgres
from research_api.local.servers import start
from research_api.local.valkey import LocalValkey
from tests.system.federating import Federation, failed, ids, running_federation
from tests.system.running import wait_until

pytestmark = [pytest.mark.services, pytest.mark.long]
# what a request may wait for a database that does not answer
GIVES_UP_SECONDS = 12


@dataclass
class Served:
    """A system whose servers are not its own: it lives on where they die."""

    federation: Federation
    postgres: LocalServer
    valkey: LocalServer


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    folder = Path(tempfile.mkdtemp(prefix="research-api-served-")).resolve()
    folder.chmod(0o755)
    make_data_folder(folder / "data")
    ground = find_ground(folder / "data")
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.callback(ground.remove)
        postgres, valkey = LocalPostgres(ground), LocalValkey(ground)
        start(postgres, stack)
        start(valkey, stack)
        settings = {"DATABASE_URL": postgres.url, "REDIS_URL": valkey.url}
        federation = stack.enter_context(running_federation(**settings))
        yield Served(federation, postgres, valkey)


def test_a_dead_valkey_costs_the_cache_and_nothing_else(served: Served) -> None:
    federation, text = served.federation, served.federation.text()
    known = federation.found(text, limit=10)
    wait_until(lambda: federation.found(text, limit=10)["cache"] == "hit", "the kept answer")

    served.valkey.stop()
    answers = [federation.ask(text, limit=10) for _ in range(4)]
    served.valkey.start()

    for answer in answers:
        assert (answer.status, answer.json["cache"], failed(answer.json)) == (200, "miss", {})
        assert answer.seconds < 4
        assert set(ids(answer.json)) & set(ids(known))
    wait_until(lambda: federation.found(text, limit=10)["cache"] == "hit", "the cache works again")


def test_without_postgres_every_search_is_a_503_that_does_not_hang(served: Served) -> None:
    """Nobody knows the caller then. It works again as soon as the database does."""
    federation, text = served.federation, served.federation.text()
    known = federation.found(text, limit=10)

    served.postgres.stop()
    answers = [federation.ask(text, limit=10) for _ in range(4)]
    served.postgres.start()

    for answer in answers:
        assert (answer.status, answer.headers["content-type"]) == (503, "application/problem+json")
        assert int(answer.headers["retry-after"]) > 0
        assert answer.seconds < GIVES_UP_SECONDS
    wait_until(lambda: federation.ask(text, limit=10).status == 200, "it works again")
    assert set(ids(federation.found(text, limit=10))) & set(ids(known))
