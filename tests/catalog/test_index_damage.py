"""An index that was damaged on the disk: noticed, told, mended."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from research_api.catalog.checksums import READ_AGAIN_SECONDS
from research_api.catalog.searcher import LOOK_AGAIN_SECONDS, TantivySearcher
from research_api.domain.works import Work
from tests.catalog.host import Host, work


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """With 50 works, one of them deleted again, all in one segment."""
    host = Host(tmp_path)
    host.feed.put(*(work(str(number), f"Deep learning {number}") for number in range(50)))
    host.indexer.apply()
    host.feed.drop(work("7", "").id)
    host.indexer.apply()
    return host


def flip_a_bit(host: Host, suffix: str) -> Path:
    """In the one file of that kind, in its place; its time stays as it was.

    The file is never shorter meanwhile: whoever has it mapped would be killed.
    """
    build = host.layout.current()
    assert build is not None
    [path] = build.glob(f"*{suffix}")
    status = path.stat()
    with path.open("r+b") as handle:
        handle.seek(status.st_size // 3)
        [byte] = handle.read(1)
        handle.seek(status.st_size // 3)
        handle.write(bytes([byte ^ 1]))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    return path


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["gone", "meta", "segment", "pointer", "state"])
def test_a_broken_index_is_mended_by_the_next_passes(host: Host, damage: str) -> None:
    """Whatever is broken, a search answers without an error and the worker builds anew."""
    build = host.layout.current()
    assert build is not None
    if damage == "gone":
        shutil.rmtree(build)
    elif damage == "pointer":
        host.layout.pointer.write_bytes(b"\xff\x00nowhere")
    elif damage == "segment":
        for path in build.glob("*.*"):
            if path.suffix in {".idx", ".term", ".fast", ".pos"}:
                path.write_bytes(b"\x00" * 16)
    else:
        (build / f"{damage}.json").write_text("{")
    fresh_reader = TantivySearcher(host.layout)
    host.searcher = fresh_reader

    host.ask("deep")
    host.indexer.apply()
    time.sleep(2 * LOOK_AGAIN_SECONDS)

    found = host.ask("deep")
    assert found.total == 49
    assert found.state == "fresh"


@pytest.mark.parametrize("suffix", [".fast", ".fieldnorm", ".idx", ".pos", ".store", ".term", ".del"])
def test_one_flipped_bit_in_any_file_is_noticed_and_mended(host: Host, suffix: str) -> None:
    """A reader would go on with the wrong bytes and call the answer whole."""
    build = host.layout.current()
    flip_a_bit(host, suffix).touch()

    host.indexer.apply()

    assert host.layout.current() != build
    assert host.indexer.stats().indexed == 49


def test_a_bit_that_the_disk_lost_is_noticed_within_minutes(host: Host) -> None:
    """No time of the file tells of it."""
    build = host.layout.current()
    flip_a_bit(host, ".idx")
    host.indexer.apply()
    assert host.layout.current() == build

    host.clock.seconds += READ_AGAIN_SECONDS
    host.indexer.apply()

    assert host.layout.current() != build


def test_until_it_is_mended_a_damaged_index_says_so(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    states = []

    def all_works(page: int) -> Iterator[list[Work]]:
        states.append((host.ask("deep").state, host.searcher.state()))
        yield list(host.feed.known.values())[:page]

    monkeypatch.setattr(host.feed, "all_works", all_works)
    assert host.ask("deep").state == "fresh"
    flip_a_bit(host, ".fieldnorm").touch()

    host.indexer.apply()

    assert states == [("damaged", "damaged")]
    assert host.ask("deep").state == "fresh"
