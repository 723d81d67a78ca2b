"""What is kept comes back as it was, or is known not to be what was put."""

from __future__ import annotations

import os
import struct
import sys
import tracemalloc
import zlib

import pytest

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from research_api.cache import bodies
from research_api.cache.bodies import CorruptAnswer, pack, unpack

NOW = 1_795_000_000.0
BODY = b'{"results": [' + b'{"title": "Glyptodon armour"}, ' * 40 + b"]}"


def packed(body: bytes, put_at: float = NOW) -> bytes:
    data = pack(body, put_at)
    assert data is not None
    return data


def forged(frame: bytes, length: int) -> bytes:
    """A head that fits the frame, checksum and all, as somebody who writes into Redis could make it."""
    rest = struct.pack(">QQ", int(NOW * 1000), length) + frame
    return struct.pack(">BI", bodies.FORMAT, zlib.crc32(rest)) + rest


@pytest.mark.parametrize(
    "body",
    [b"", b"a", BODY, os.urandom(900_000), bytes(16_000_000)],
    ids=["empty", "one byte", "text", "noise", "long"],
)
def test_a_body_comes_back_as_it_was(body: bytes) -> None:
    assert unpack(packed(body), NOW).body == body


def test_text_takes_less_room_than_it_had() -> None:
    assert len(packed(BODY)) < len(BODY) / 5


@pytest.mark.parametrize(("later_seconds", "age_seconds"), [(0, 0.0), (12.5, 12.5), (-3_600, 0.0)])
def test_an_answer_is_as_old_as_the_clock_says_and_never_younger_than_new(
    later_seconds: float, age_seconds: float
) -> None:
    assert unpack(packed(BODY), NOW + later_seconds).age_seconds == pytest.approx(age_seconds)


def test_a_change_of_any_byte_is_noticed() -> None:
    data = packed(BODY)

    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1
        with pytest.raises(CorruptAnswer):
            unpack(bytes(changed), NOW)


def test_a_missing_end_is_noticed_wherever_it_begins() -> None:
    data = packed(BODY)

    for length in range(len(data)):
        with pytest.raises(CorruptAnswer):
            unpack(data[:length], NOW)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"junk" * 100,
        forged(zstd.compress(b"two"), 1),
        forged(zstd.compress(b"two"), 9),
        forged(zstd.compress(b"two") + b"more", 3),
        forged(zstd.compress(b"two")[:-1], 3),
        forged(b"no frame", 3),
        forged(zstd.compress(b"two"), 2**63),
        forged(os.urandom(1_100_000), 3),
    ],
    ids=["empty", "junk", "longer", "shorter", "more", "cut", "no frame", "size", "packed size"],
)
def test_what_pack_would_never_write_is_corrupt(data: bytes) -> None:
    with pytest.raises(CorruptAnswer):
        unpack(data, NOW)


@pytest.mark.parametrize("length", [0, 10, 16_000_000])
def test_a_bomb_takes_no_more_memory_than_a_body_may(length: int) -> None:
    """A gigabyte packs to 100 kB."""
    bomb = forged(zstd.compress(bytes(300_000_000)), length)
    assert len(bomb) < bodies.MAX_PACKED_BYTES

    tracemalloc.start()
    with pytest.raises(CorruptAnswer):
        unpack(bomb, NOW)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 40_000_000


def test_a_frame_may_not_ask_for_more_memory_than_ours_do() -> None:
    """A frame of a few bytes can make its reader reserve a window of 128 MB."""
    writer = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: 27})
    frame = writer.compress(b"two") + writer.flush()
    assert zstd.ZstdDecompressor().decompress(frame) == b"two"

    with pytest.raises(CorruptAnswer):
        unpack(forged(frame, 3), NOW)


@pytest.mark.parametrize("body", [os.urandom(1_000_001), bytes(16_000_001)], ids=["packed", "as it was"])
def test_what_is_too_large_is_not_packed(body: bytes) -> None:
    """A megabyte as it is stored, and sixteen as it was."""
    assert pack(body, NOW) is None
