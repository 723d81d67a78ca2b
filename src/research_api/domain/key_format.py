"""The text of a key: `rk_live_<8-character id>_<32-character secret><6-character checksum>`, in base62.

The checksum is the CRC-32 of everything before it, so that a typing error or a cut shows without a look-up;
it proves nothing about who made the key. 32 characters of base62 hold 190 bits.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass, field
from zlib import crc32

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
ID_CHARACTERS = 8
SECRET_CHARACTERS = 32
CHECKSUM_CHARACTERS = 6
LIVE_PREFIX = "rk_live_"
TEST_PREFIX = "rk_test_"
KEY_CHARACTERS = len(LIVE_PREFIX) + ID_CHARACTERS + 1 + SECRET_CHARACTERS + CHECKSUM_CHARACTERS
_CHARACTERS = frozenset(ALPHABET)
# bytes from here up are drawn again: 256 is no multiple of 62, and taking them would favour eight characters
_EVEN_BYTES = 256 - 256 % len(ALPHABET)

RandomBytes = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made; its text is told once and kept nowhere."""

    text: str = field(repr=False)
    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ParsedKey:
    """What a well-formed key says; whether it exists is another question."""

    id: str
    secret: str = field(repr=False)
    is_test: bool


def new_key(is_test: bool = False, random_bytes: RandomBytes = secrets.token_bytes) -> NewKey:
    """A key that no one can guess. random_bytes(n) must give n independent, evenly spread bytes."""
    key_id = _random_text(ID_CHARACTERS, random_bytes)
    secret = _random_text(SECRET_CHARACTERS, random_bytes)
    body = f"{TEST_PREFIX if is_test else LIVE_PREFIX}{key_id}_{secret}"
    return NewKey(text=body + _checksum(body), id=key_id, secret=secret)


def parse(text: str) -> ParsedKey | None:
    """What the key says, or None where its form or its checksum is wrong.

    Any text may be given; the length is looked at first, so a long one costs nothing.
    """
    if len(text) != KEY_CHARACTERS or not text.startswith((LIVE_PREFIX, TEST_PREFIX)):
        return None
    key_id, separator, tail = text[len(LIVE_PREFIX) :].partition("_")
    if not is_id(key_id) or not separator or not _CHARACTERS.issuperset(tail):
        return None
    if _checksum(text[:-CHECKSUM_CHARACTERS]) != text[-CHECKSUM_CHARACTERS:]:
        return None
    return ParsedKey(id=key_id, secret=tail[:SECRET_CHARACTERS], is_test=text.startswith(TEST_PREFIX))


def is_id(text: str) -> bool:
    """True where the text has the form of a key's id."""
    return len(text) == ID_CHARACTERS and _CHARACTERS.issuperset(text)


def _checksum(body: str) -> str:
    number = crc32(body.encode("ascii"))
    characters = []
    for _ in range(CHECKSUM_CHARACTERS):
        number, place = divmod(number, len(ALPHABET))
        characters.append(ALPHABET[place])
    return "".join(reversed(characters))


def _random_text(length: int, random_bytes: RandomBytes) -> str:
    characters = ""
    while len(characters) < length:
        drawn = random_bytes(length - len(characters))
        characters += "".join(ALPHABET[byte % len(ALPHABET)] for byte in drawn if byte < _EVEN_BYTES)
    return characters
