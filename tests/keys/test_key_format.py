"""The text of keys: unguessable, even, and any slip in copying shows."""

from __future__ import annotations

import re
from collections import Counter
from zlib import crc32

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from research_api.domain.key_format import ALPHABET, SECRET_CHARACTERS, is_id, new_key, parse
from tests.timing import cpu_seconds

FORM = re.compile(r"rk_(live|test)_[0-9A-Za-z]{8}_[0-9A-Za-z]{38}")


def counting_bytes(start: int = 0):
    """A source that gives 0, 1, 2 ... 255, 0 ..."""
    state = {"next": start}

    def random_bytes(length: int) -> bytes:
        drawn = bytes((state["next"] + offset) % 256 for offset in range(length))
        state["next"] += length
        return drawn

    return random_bytes


@pytest.mark.parametrize("is_test", [False, True])
def test_a_new_key_has_the_documented_form_and_reads_back(is_test):
    key = new_key(is_test)

    assert FORM.fullmatch(key.text)
    assert key.text.startswith("rk_test_" if is_test else "rk_live_")
    parsed = parse(key.text)
    assert (parsed.id, parsed.secret, parsed.is_test) == (key.id, key.secret, is_test)


def test_the_checksum_is_the_crc32_of_everything_before_it_in_base62():
    text = new_key().text
    number = 0
    for character in text[-6:]:
        number = number * 62 + ALPHABET.index(character)

    assert number == crc32(text[:-6].encode())


def test_neither_a_new_nor_a_parsed_key_shows_its_secret():
    key = new_key()

    assert key.secret not in repr(key)
    assert key.secret not in repr(parse(key.text))


def test_twenty_thousand_keys_have_ids_and_secrets_of_their_own():
    keys = [new_key() for _ in range(20_000)]

    assert len({key.id for key in keys}) == len({key.secret for key in keys}) == len(keys)


def test_every_character_is_equally_likely():
    """Bytes from 248 up are drawn again; folding them in would favour eight characters by a quarter."""
    random_bytes = counting_bytes()

    drawn = Counter("".join(new_key(random_bytes=random_bytes).secret for _ in range(62 * 31)))

    assert set(drawn) == set(ALPHABET)
    assert max(drawn.values()) - min(drawn.values()) <= 0.05 * SECRET_CHARACTERS * 31


def test_a_secret_holds_190_bits():
    assert len(ALPHABET) ** SECRET_CHARACTERS >= 2**190


@pytest.mark.parametrize("is_test", [False, True])
def test_every_edit_of_one_character_is_told(is_test):
    text = new_key(is_test).text

    edits = {
        text[:place] + part + text[rest:]
        for place in range(len(text) + 1)
        for rest in (place, place + 1)
        for part in ("", *ALPHABET, "_", "-", " ", "é", "\x00")
    } - {text}

    assert len(edits) > 6_000
    assert [edit for edit in edits if parse(edit)] == []


def test_swapped_neighbours_are_told():
    text = new_key(random_bytes=counting_bytes(7)).text

    swaps = {text[:i] + text[i + 1] + text[i] + text[i + 2 :] for i in range(len(text) - 1)} - {text}

    assert [swap for swap in swaps if parse(swap)] == []


@given(st.text())
@example("")
@example("rk_live_")
@example("rk_live_" + "é" * 47)
@example("rk_live_" + "\ud800" * 47)
@example("rk_live_" + "١" * 8 + "_" + "١" * 38)
@example("rk_live_" + "_" * 47)
def test_no_other_text_is_a_key(text):
    assert parse(text) is None


@pytest.mark.parametrize("text", ["rk_live_" + "a" * 10_000_000, "é" * 10_000_000])
def test_a_huge_text_costs_no_more_than_a_short_one(text):
    """Its length alone refuses it; to look at each character would take thousands of times as long."""

    def parse_often(one):
        for _ in range(1_000):
            assert parse(one) is None

    assert cpu_seconds(parse_often, text) < 50 * cpu_seconds(parse_often, "rk_live_")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("3fK9aQ2x", True), ("3fK9aQ2", False), ("3fK9aQ2\x00", False), ("3fK9aQ2é", False)],
)
def test_an_id_has_eight_characters_of_base62(text, expected):
    assert is_id(text) is expected
