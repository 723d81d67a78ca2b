"""Making and checking keys."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from research_api.domain.errors import Conflict, Invalid, NotFound
from research_api.domain.keys import Caller, Limits
from research_api.services.keys import KeyRequest, KeysService
from tests.keys.key_fakes import START

HOME = "192.0.2.7"
PLAIN = KeyRequest(name="notebook", scopes=["search"])


def faults_of(service, request):
    with pytest.raises(Invalid) as caught:
        service.create(request)
    return [fault.pointer for fault in caught.value.faults]


def test_a_created_key_is_accepted(service):
    created = service.create(PLAIN)

    caller = service.authenticate(created.text, HOME)

    assert caller == Caller(created.key.id, created.key.organization, frozenset({"search"}))


def test_a_created_key_has_what_was_asked_in_normal_form(service):
    limits = Limits(rate_per_minute=5, daily_budget_micros=2_500_000)
    request = KeyRequest(
        name="  cafe\u0301 ",
        scopes=["search", "read", "search"],
        organization=" Lab ",
        limits=limits,
        expires_at=datetime(2027, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))),
        allow_ip=["192.0.2.0/24", "2001:DB8::/32", "198.51.100.4"],
        is_test=True,
    )

    key = service.create(request).key

    assert (key.name, key.scopes, key.organization) == ("café", ("read", "search"), "Lab")
    assert (key.limits, key.created_at, key.is_test) == (limits, START, True)
    assert key.expires_at == datetime(2027, 1, 1, tzinfo=UTC)
    assert key.expires_at.tzinfo is UTC
    assert key.allow_ip == ("192.0.2.0/24", "2001:db8::/32", "198.51.100.4/32")


def test_a_key_without_an_organization_gets_its_own(service):
    one, other = service.create(PLAIN).key, service.create(PLAIN).key

    assert (one.organization, other.organization) == (one.id, other.id)


def test_only_a_salted_and_peppered_digest_is_stored(service, store):
    created = service.create(PLAIN)
    secret = created.text[17:49]

    credential = store.credentials[created.key.id]

    expected = hmac.new(b"p3pper-of-these-T3sts", credential.salt + secret.encode(), hashlib.sha256).digest()
    assert credential.digest == expected
    assert len(credential.salt) == 16
    assert secret not in repr(store.keys) + repr(store.credentials) + repr(created)


def test_equal_secrets_get_different_digests(store, clock):
    salts = iter([b"1" * 16, b"2" * 16])
    ids = iter([b"\x01" * 8, b"\x02" * 8])

    def random_bytes(length):
        return {8: ids, 16: salts}[length].__next__() if length in (8, 16) else b"\x03" * length

    service = KeysService(store, clock, b"p" * 16, random_bytes=random_bytes)

    service.create(PLAIN)
    service.create(PLAIN)

    one, other = store.credentials.values()
    assert one.digest != other.digest


def test_an_id_that_is_taken_is_a_conflict(store, clock):
    service = KeysService(store, clock, b"p" * 16, random_bytes=lambda length: b"\x01" * length)
    service.create(PLAIN)

    with pytest.raises(Conflict):
        service.create(PLAIN)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": " \t "}, "/name"),
        ({"name": "n" * 201}, "/name"),
        ({"name": "a\x00b"}, "/name"),
        ({"name": "a\x1b[2Jb"}, "/name"),
        ({"name": "a\u2028b"}, "/name"),
        ({"name": "a\ud800b"}, "/name"),
        ({"organization": ""}, "/organization"),
        ({"organization": "a\nb"}, "/organization"),
        ({"scopes": []}, "/scopes"),
        ({"scopes": ["search", "root"]}, "/scopes"),
        ({"scopes": [""]}, "/scopes"),
        ({"limits": Limits(rate_per_minute=0)}, "/limits/rate_per_minute"),
        ({"limits": Limits(max_queued=-1)}, "/limits/max_queued"),
        ({"limits": Limits(rate_per_day=10**12)}, "/limits/rate_per_day"),
        ({"limits": Limits(daily_budget_micros=-1)}, "/limits/daily_budget_micros"),
        ({"expires_at": START}, "/expires_at"),
        ({"expires_at": datetime(2030, 1, 1)}, "/expires_at"),  # noqa: DTZ001 - without a zone on purpose
        ({"expires_at": datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-5)))}, "/expires_at"),
        ({"allow_ip": ["192.0.2.0/24", "192.0.2.1/24"]}, "/allow_ip/1"),
        ({"allow_ip": ["fe80::1%eth0"]}, "/allow_ip/0"),
        ({"allow_ip": ["home"]}, "/allow_ip/0"),
        ({"allow_ip": ["192.0.2.1"] * 101}, "/allow_ip"),
    ],
)
def test_a_request_that_breaks_a_rule_is_refused_and_nothing_stored(service, store, change, pointer):
    assert faults_of(service, replace(PLAIN, **change)) == [pointer]
    assert store.calls == []


def test_all_faults_are_told_at_once(service):
    request = KeyRequest(name="", scopes=[], expires_at=START, allow_ip=["x"])

    assert faults_of(service, request) == ["/name", "/scopes", "/expires_at", "/allow_ip/0"]


def test_a_budget_of_nothing_and_the_longest_name_are_allowed(service):
    request = replace(PLAIN, name="n" * 200, limits=Limits(daily_budget_micros=0, max_queued=1))

    assert service.create(request).key.limits.daily_budget_micros == 0


def test_keys_are_shown_and_listed_newest_first_without_secrets(service):
    first = service.create(replace(PLAIN, organization="Lab"))
    second = service.create(PLAIN)

    assert service.list() == [second.key, first.key]
    assert service.list(" Lab ") == [first.key]
    assert service.list("a\x00b") == []
    assert service.show(first.key.id) == first.key


@pytest.mark.parametrize("key_id", ["", "nobody00", "3fK9aQ2\x00", "x" * 1_000_000])
def test_an_unknown_id_is_not_found(service, key_id):
    with pytest.raises(NotFound):
        service.show(key_id)
    with pytest.raises(NotFound):
        service.revoke(key_id)
