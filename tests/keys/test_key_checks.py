"""Checking keys: who gets in, and what the others learn."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from research_api.domain.errors import Forbidden, Unauthenticated
from research_api.domain.key_format import ALPHABET, new_key
from research_api.services.keys import KeyRequest, KeysService
from tests.keys.key_fakes import START

HOME = "192.0.2.7"
PLAIN = KeyRequest(name="notebook", scopes=["search"])


def refusal_of(service, text, address=HOME):
    with pytest.raises(Unauthenticated) as caught:
        service.authenticate(text, address)
    return caught.value.detail


def hashes_during(call):
    """How often each function of hmac was entered while `call` ran."""
    seen = Counter()

    def watch(frame, event, argument):
        name = (
            getattr(argument if event == "c_call" else frame.f_code, "__name__", None) or frame.f_code.co_name
        )
        if event in ("call", "c_call") and name in (
            "digest",
            "hmac_digest",
            "compare_digest",
            "_compare_digest",
        ):
            seen[name] += 1

    sys.setprofile(watch)
    try:
        call()
    finally:
        sys.setprofile(None)
    return seen


@pytest.mark.parametrize("presented", [None, ""])
def test_a_call_without_a_key_is_told_how_to_send_one(service, store, presented):
    assert "Authorization: Bearer" in refusal_of(service, presented)
    assert store.calls == []


@pytest.mark.parametrize("is_test", [False, True])
def test_no_key_with_one_wrong_character_reaches_the_store(service, store, is_test):
    text = service.create(replace(PLAIN, is_test=is_test)).text
    store.calls.clear()
    edits = {text[:i] + other + text[i + 1 :] for i in range(len(text)) for other in ALPHABET + "_"} - {text}

    for edit in edits:
        refusal_of(service, edit)

    assert len(edits) > 3_000
    assert store.calls == []


@pytest.mark.parametrize("presented", ["é" * 55, "x" * 1_000_000, "rk_live_\x00", " ", "Bearer"])
def test_what_is_no_key_never_reaches_the_store(service, store, presented):
    refusal_of(service, presented)

    assert store.calls == []


def test_an_unknown_key_and_a_wrong_secret_get_the_same_answer(service):
    """Else anyone could find out which ids exist."""
    known = service.create(PLAIN)
    stranger = new_key()
    fixed_id = iter([known.key.id.encode()])
    forged = new_key(
        random_bytes=lambda n: (
            bytes(ALPHABET.index(chr(b)) for b in next(fixed_id)) if n == 8 else b"\x05" * n
        )
    )
    assert forged.id == known.key.id

    assert refusal_of(service, stranger.text) == refusal_of(service, forged.text)


def test_an_unknown_id_costs_the_same_hashing_as_a_known_one(service):
    known, stranger = service.create(PLAIN).text, new_key().text

    for_known = hashes_during(lambda: service.authenticate(known, HOME))
    for_stranger = hashes_during(lambda: refusal_of(service, stranger))

    assert for_known == for_stranger
    assert sum(for_known.values()) >= 2


def test_the_digest_of_nobody_is_no_way_in(service, store):
    """The stand-in for an unknown id must not be a credential."""
    refusal_of(service, new_key(random_bytes=bytes).text)

    assert store.calls == ["find"]


def test_a_test_key_is_not_accepted_as_a_live_one(service, store):
    """The same id and secret behind the other prefix, with a checksum made anew."""
    created = service.create(replace(PLAIN, is_test=True))
    drawn = iter([created.key.id, created.text[17:49]])
    live = new_key(random_bytes=lambda _: bytes(map(ALPHABET.index, next(drawn))))
    assert live.text[8:49] == created.text[8:49]

    assert "not known" in refusal_of(service, live.text)


def test_a_key_of_another_pepper_is_not_known(service, store, clock):
    text = service.create(PLAIN).text

    assert "not known" in refusal_of(KeysService(store, clock, b"another pepper, longer"), text)


def test_a_key_expires_at_its_moment(service, clock):
    text = service.create(replace(PLAIN, expires_at=START + timedelta(hours=1))).text
    clock.advance(minutes=59, seconds=59)
    service.authenticate(text, HOME)

    clock.advance(seconds=1)

    assert "expired" in refusal_of(service, text)


def test_a_credential_may_expire_or_be_revoked_on_its_own(service, store, clock):
    """As one of two does while a key rotates."""
    created = service.create(PLAIN)
    credential = store.credentials[created.key.id]

    store.credentials[created.key.id] = replace(credential, expires_at=START)
    assert "expired" in refusal_of(service, created.text)

    store.credentials[created.key.id] = replace(credential, revoked_at=START)
    assert "revoked" in refusal_of(service, created.text)


def test_a_revoked_key_is_refused_and_stays_revoked_since_the_first_time(service, clock):
    created = service.create(PLAIN)

    service.revoke(created.key.id)
    clock.advance(hours=1)
    again = service.revoke(created.key.id)

    assert again.revoked_at == START
    assert "revoked" in refusal_of(service, created.text)


@pytest.mark.parametrize(
    ("networks", "address", "is_allowed"),
    [
        (["192.0.2.0/24"], "192.0.2.255", True),
        (["192.0.2.0/24"], "::ffff:192.0.2.9", True),
        (["192.0.2.0/24"], "192.0.3.0", False),
        (["192.0.2.0/24"], "2001:db8::1", False),
        (["192.0.2.0/24", "2001:db8::/32"], "2001:db8::1", True),
        (["192.0.2.0/24"], "", False),
        (["192.0.2.0/24"], "192.0.2.1, 10.0.0.1", False),
        (["0.0.0.0/0"], "::1", False),
        ([], "", True),
    ],
)
def test_a_key_works_only_from_the_networks_it_allows(service, networks, address, is_allowed):
    text = service.create(replace(PLAIN, allow_ip=networks)).text

    if is_allowed:
        service.authenticate(text, address)
        return
    with pytest.raises(Forbidden):
        service.authenticate(text, address)
