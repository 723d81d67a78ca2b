"""A power cut in the middle of an import loses nothing that was told to be stored."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.records import plain, write_gzip
from tests.system.running import System, wait_until

pytestmark = [pytest.mark.services, pytest.mark.long]
DOCUMENTS = 12_000


@pytest.fixture
def empty_system() -> Iterator[System]:
    """Without the demo records, in a folder of its own."""
    system = System(DEMO="0", SOURCES="catalog")
    try:
        system.start()
        yield system
    finally:
        system.remove()


def works_in(system: System) -> int:
    """How many works the database has."""
    [(count,)] = system.query("SELECT count(*) FROM works")
    return int(count)


def test_a_power_cut_during_an_import_costs_only_what_was_not_stored(
    empty_system: System, tmp_path: Path
) -> None:
    """Supervisor, servers, workers and the import are all killed at once; then it is started again."""
    system, key = empty_system, empty_system.demo_key
    path = write_gzip(tmp_path / "bilby.gz", plain("bilby", DOCUMENTS))
    arguments = ("catalog", "import", path, "--namespace", "bilbies", "--json")
    assert works_in(system) == 0
    assert system.first_try is not None
    assert (system.first_try.status, system.first_try.json["results"]) == (200, [])

    with system.command(*arguments) as importing:
        wait_until(lambda: works_in(system) >= DOCUMENTS // 6, "a part is stored")
        stored = works_in(system)
        system.cut_power()
        printed = importing.communicate()[0]
    assert (importing.returncode, printed) == (-9, "")

    system.start()
    kept = works_in(system)
    again = system.flask(*arguments)

    assert stored <= kept < DOCUMENTS
    assert again.code == 0, again.err
    assert (again.json["read"], again.json["unchanged"]) == (DOCUMENTS, kept)
    assert again.json["new"] == DOCUMENTS - kept
    wait_until(lambda: system.flask("catalog", "stats", "--json").json["pending"] == 0, "nothing pending")
    assert system.flask("catalog", "stats", "--json").json["indexed"] == DOCUMENTS
    assert system.search("bilby", mode="strict", limit=1)["total"] == {"value": DOCUMENTS, "relation": "eq"}
    assert system.demo_key == key
    assert (system.stop(), system.processes()) == (0, [])
