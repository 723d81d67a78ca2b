"""One running system for all tests of this folder; those that break a part of it leave it healed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.system.federating import Federation, running_federation
from tests.system.running import System


@pytest.fixture(scope="session")
def system() -> Iterator[System]:
    """With the demo records. At the end it stops, and nothing of it is left running."""
    system = System(DEMO="1", SOURCES="catalog")
    try:
        system.start()
        yield system
        code = system.stop()
        left = [" ".join(process.cmdline()) for process in system.processes()]
        assert (code, left) == (0, [])
    finally:
        # pytest shows it where the system did not start or did not stop as it should
        print("".join(system.printed))  # noqa: T201 - shown by pytest where a test failed
        system.remove()


@pytest.fixture(scope="session")
def one_federation() -> Iterator[Federation]:
    """All sources are asked, and replayed in this process."""
    with running_federation() as federation:
        yield federation


@pytest.fixture
def federation(one_federation: Federation) -> Iterator[Federation]:
    """The same; whatever a test does to the sources ends with it."""
    one_federation.calm()
    yield one_federation
    one_federation.calm()
