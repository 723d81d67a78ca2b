"""Files are opened plain or gzip, whole or damaged."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from pathlib import Path

import pytest

from research_api.catalog.importers import UnreadableInput, open_source, recognise
from research_api.catalog.importers.contract import DamagedSource, Row
from research_api.catalog.importers.sources import HEAD_BYTES, Source

LINES = b"".join(
    b'{"_id": "%d", "title": "Title %d", "text": "%d"}\n' % (n, n, n * 7919**40) for n in range(5_000)
)


def content_of(source: Source) -> bytes:
    return b"".join(iter(lambda: source.read(10_000), b""))


def rows_of(path: Path) -> list[Row]:
    with open_source(str(path)) as source:
        found = recognise(source.head)
        assert found is not None
        return list(found.read(source, "test"))


@pytest.mark.parametrize(
    "stored",
    [
        LINES,
        gzip.compress(LINES),
        gzip.compress(LINES[:70_000]) + gzip.compress(LINES[70_000:]),
        gzip.compress(LINES) + bytes(512),
        gzip.compress(b"") + gzip.compress(LINES),
    ],
    ids=["plain", "gzip", "two members", "zero padding", "empty member first"],
)
def test_the_content_is_the_same_however_it_is_stored(tmp_path: Path, stored: bytes) -> None:
    path = tmp_path / "named.anything"
    path.write_bytes(stored)

    with open_source(str(path)) as source:
        assert source.head == LINES[:HEAD_BYTES]
        assert content_of(source) == LINES
        assert source.bytes_read == source.total_bytes == len(stored)


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(LINES))))

    with open_source("-") as source:
        assert content_of(source) == LINES
        assert source.total_bytes is None


def test_a_truncated_file_gives_the_rows_before_the_damage_and_one_reason(tmp_path: Path) -> None:
    path = tmp_path / "cut.gz"
    path.write_bytes(gzip.compress(LINES)[:-60_000])

    rows = rows_of(path)

    assert len(rows) > 1_000
    assert all(row.record for row in rows[:-1])
    assert rows[-1].reason is not None
    assert "ends inside a compressed block" in rows[-1].reason
    assert rows[-1].line == len(rows)


@pytest.mark.parametrize("kept", [5, 12, 30])
def test_a_file_cut_near_its_start_is_no_crash(kept: int) -> None:
    source = Source(io.BytesIO(gzip.compress(LINES)[:kept]), kept)

    with pytest.raises(DamagedSource, match="compressed block"):
        content_of(source)


def test_damaged_compression_ends_with_one_reason(tmp_path: Path) -> None:
    stored = bytearray(gzip.compress(LINES))
    stored[-5_000:-4_000] = bytes(1_000)
    path = tmp_path / "damaged.gz"
    path.write_bytes(stored)

    rows = rows_of(path)

    assert len(rows) > 1_000
    assert [row.reason for row in rows if row.reason] == [rows[-1].reason]
    assert "damaged" in str(rows[-1].reason)


def test_a_bomb_is_delivered_in_small_pieces() -> None:
    bomb = zlib.compressobj(wbits=31)
    stored = bomb.compress(bytes(200_000_000)) + bomb.flush()
    source = Source(io.BytesIO(stored), len(stored))

    assert len(source.head) == HEAD_BYTES
    assert max(len(source.read(10**9)) for _ in range(20)) <= 1024 * 1024 + HEAD_BYTES


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        (b"BZh91AY", "bzip2"),
        (b"PK\x03\x04zip", "zip"),
        (b"\xfd7zXZ\x00..", "xz"),
        (bytes(257) + b"ustar" + bytes(300), "tar archive"),
        (gzip.compress(bytes(257) + b"ustar" + bytes(300)), "tar archive"),
    ],
)
def test_other_archives_are_refused_by_name(tmp_path: Path, stored: bytes, message: str) -> None:
    path = tmp_path / "archive"
    path.write_bytes(stored)

    with pytest.raises(UnreadableInput, match=message), open_source(str(path)):
        pass


def test_a_path_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match=r"absent.jsonl cannot be opened: No such file"):
        open_source(str(tmp_path / "absent.jsonl")).__enter__()
    with pytest.raises(UnreadableInput, match="Is a directory"):
        open_source(str(tmp_path)).__enter__()


def test_an_error_inside_the_block_is_not_taken_for_an_unreadable_file(tmp_path: Path) -> None:
    path = tmp_path / "plain"
    path.write_bytes(b"{}")

    with pytest.raises(PermissionError), open_source(str(path)):
        raise PermissionError("elsewhere")
