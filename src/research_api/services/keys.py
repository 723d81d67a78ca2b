"""Keys: made once, checked at every call."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import MAXYEAR, UTC, datetime

import structlog

from research_api.domain import key_format
from research_api.domain.errors import Fault, Forbidden, Invalid, NotFound, Unauthenticated
from research_api.domain.key_format import ParsedKey, RandomBytes
from research_api.domain.keys import SCOPES, Caller, Credential, Key, Limits
from research_api.services.ports import Clock, KeyStore

log = structlog.get_logger(__name__)

SALT_BYTES = 16
MAX_LISTED = 1_000
MAX_NAME_CHARACTERS = 200
MAX_NETWORKS = 100
MAX_LIMIT = 1_000_000_000
MAX_BUDGET_MICROS = 1_000_000_000 * 1_000_000
# controls, lone surrogates, line and paragraph separators: they break terminals, Postgres or UTF-8
_FORBIDDEN_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """A key as it is wished. organization None gives the key its own; allow_ip empty allows every address."""

    name: str
    scopes: Sequence[str]
    organization: str | None = None
    limits: Limits = field(default_factory=Limits)
    expires_at: datetime | None = None
    allow_ip: Sequence[str] = ()
    is_test: bool = False


@dataclass(frozen=True, slots=True)
class CreatedKey:
    """The key and its text, which is known here and nowhere afterwards."""

    key: Key
    text: str = field(repr=False)


class KeysService:
    """Makes, shows, revokes and checks keys."""

    def __init__(
        self,
        store: KeyStore,
        clock: Clock,
        pepper: bytes,
        pepper_version: int = 1,
        *,
        random_bytes: RandomBytes = secrets.token_bytes,
    ) -> None:
        self._store = store
        self._clock = clock
        self._pepper = pepper
        self._pepper_version = pepper_version
        self._random_bytes = random_bytes
        self._no_salt = bytes(SALT_BYTES)
        self._no_digest = self._digest(self._no_salt, "")

    def create(self, request: KeyRequest) -> CreatedKey:
        """The key is stored, with a digest of its secret; names and organization are trimmed and in NFC.

        Raises Invalid with a fault for each part that breaks a rule, Conflict in the rare case of a taken id.
        """
        now = self._clock.now()
        wished = _checked(request, now)
        new = key_format.new_key(request.is_test, self._random_bytes)
        key = Key(
            id=new.id,
            name=wished.name,
            scopes=tuple(wished.scopes),
            organization=wished.organization or new.id,
            created_at=now,
            limits=wished.limits,
            expires_at=wished.expires_at,
            allow_ip=tuple(wished.allow_ip),
            is_test=wished.is_test,
        )
        salt = self._random_bytes(SALT_BYTES)
        credential = Credential(new.id, salt, self._digest(salt, new.secret), self._pepper_version, now)
        return CreatedKey(self._store.add(key, credential), new.text)

    def authenticate(self, presented: str | None, address: str) -> Caller:
        """Who presents the key, from that address.

        What is no key or has a wrong checksum never reaches the store; an unknown id costs the same
        hashing as a known one. Only a holder of the secret learns that a key was revoked or has expired.
        Raises Unauthenticated, Forbidden for an address that the key does not allow, DatabaseUnavailable.
        """
        if not presented:
            raise Unauthenticated("Send a key, as `Authorization: Bearer KEY` or `X-API-Key: KEY`.")
        parsed = key_format.parse(presented)
        if parsed is None:
            raise Unauthenticated(
                "This is no key of this service: copy the whole key, it starts with rk_live_ or rk_test_."
            )
        key, credential = self._proven(parsed)
        _require_living(key, credential, self._clock.now())
        if key.allow_ip and not _is_allowed(address, key.allow_ip):
            raise Forbidden("This key may not be used from your address. Call from an address it allows.")
        return Caller(key_id=key.id, organization=key.organization, scopes=frozenset(key.scopes))

    def list(self, organization: str | None = None) -> list[Key]:
        """At most MAX_LISTED keys, newest first, of one organization or of all."""
        if organization is None:
            return self._store.list(organization=None, limit=MAX_LISTED)
        name = _normalized(organization)
        return self._store.list(organization=name, limit=MAX_LISTED) if _is_storable(name) else []

    def show(self, key_id: str) -> Key:
        """The key. Raises NotFound."""
        return self._found(key_id, self._store.get)

    def revoke(self, key_id: str) -> Key:
        """The key works no longer, from this moment or from when it was revoked first. Raises NotFound."""
        now = self._clock.now()
        return self._found(key_id, lambda known: self._store.revoke(known, now))

    def _proven(self, parsed: ParsedKey) -> tuple[Key, Credential]:
        found = self._store.find(parsed.id)
        salt, expected = (found[1].salt, found[1].digest) if found else (self._no_salt, self._no_digest)
        is_proven = hmac.compare_digest(self._digest(salt, parsed.secret), expected)
        if found and found[1].pepper_version != self._pepper_version:
            log.warning("key_of_another_pepper", key_id=found[0].id, version=found[1].pepper_version)
        if not found or not is_proven or found[0].is_test != parsed.is_test:
            raise Unauthenticated(
                "This key is not known here. Check that it belongs to this service, or ask for a new one."
            )
        return found

    def _digest(self, salt: bytes, secret: str) -> bytes:
        return hmac.digest(self._pepper, salt + secret.encode("ascii"), "sha256")

    @staticmethod
    def _found(key_id: str, look_up: Callable[[str], Key | None]) -> Key:
        key = look_up(key_id) if key_format.is_id(key_id) else None
        if key is None:
            raise NotFound("No key has this id. `flask keys list` shows the ids.")
        return key


def _require_living(key: Key, credential: Credential, now: datetime) -> None:
    if key.revoked_at or credential.revoked_at:
        raise Unauthenticated("This key was revoked. Ask the operator for a new one.")
    ends = [end for end in (key.expires_at, credential.expires_at) if end]
    if ends and min(ends) <= now:
        raise Unauthenticated("This key has expired. Ask the operator for a new one.")


def _is_allowed(address: str, networks: Sequence[str]) -> bool:
    """An IPv4 address inside an IPv6 one counts as itself; what is no address is not allowed."""
    try:
        given = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = given.ipv4_mapped if isinstance(given, ipaddress.IPv6Address) else None
    return any((mapped or given) in ipaddress.ip_network(network) for network in networks)


def _checked(request: KeyRequest, now: datetime) -> KeyRequest:
    """The request in normal form. Raises Invalid with every fault."""
    faults = [
        *_name_faults("/name", request.name),
        *_name_faults("/organization", request.organization),
        *_scope_faults(request.scopes),
        *_limit_faults(request.limits),
        *_expiry_faults(request.expires_at, now),
        *_network_faults(request.allow_ip),
    ]
    if faults:
        raise Invalid(
            "The key was not made: " + " ".join(fault.detail for fault in faults), faults=tuple(faults)
        )
    return replace(
        request,
        name=_normalized(request.name),
        scopes=sorted(set(request.scopes)),
        organization=_normalized(request.organization) if request.organization is not None else None,
        expires_at=request.expires_at.astimezone(UTC) if request.expires_at else None,
        allow_ip=[str(ipaddress.ip_network(network)) for network in request.allow_ip],
    )


def _normalized(name: str) -> str:
    return unicodedata.normalize("NFC", name.strip())


def _is_storable(name: str) -> bool:
    return _FORBIDDEN_CATEGORIES.isdisjoint(map(unicodedata.category, name))


def _name_faults(pointer: str, name: str | None) -> list[Fault]:
    if name is None or (
        0 < len(_normalized(name)) <= MAX_NAME_CHARACTERS and _is_storable(_normalized(name))
    ):
        return []
    what = pointer[1:].capitalize()
    return [
        Fault(pointer, f"{what} must have 1 to {MAX_NAME_CHARACTERS} characters and no control characters.")
    ]


def _scope_faults(scopes: Sequence[str]) -> list[Fault]:
    if scopes and SCOPES.issuperset(scopes):
        return []
    return [Fault("/scopes", f"Scopes must be one or more of {', '.join(sorted(SCOPES))}.")]


def _limit_faults(limits: Limits) -> list[Fault]:
    faults = []
    for name in (known.name for known in fields(limits)):
        value = getattr(limits, name)
        is_budget = name == "daily_budget_micros"
        low, high = (0, MAX_BUDGET_MICROS) if is_budget else (1, MAX_LIMIT)
        if value is not None and not low <= value <= high:
            what = "The daily budget" if is_budget else name
            most = "1,000,000,000 dollars" if is_budget else f"{MAX_LIMIT:,}"
            faults.append(Fault(f"/limits/{name}", f"{what} must be from {low} to {most}."))
    return faults


def _expiry_faults(expires_at: datetime | None, now: datetime) -> list[Fault]:
    if expires_at is None:
        return []
    if expires_at.utcoffset() is None:
        return [Fault("/expires_at", "The expiry needs a time zone, as in 2030-01-31T00:00:00Z.")]
    # at the last year a change of time zone may pass the end of the calendar
    if expires_at <= now or expires_at.year >= MAXYEAR:
        return [Fault("/expires_at", "The expiry must be in the future, before the year 9999.")]
    return []


def _network_faults(networks: Sequence[str]) -> list[Fault]:
    if len(networks) > MAX_NETWORKS:
        return [Fault("/allow_ip", f"At most {MAX_NETWORKS} networks can be allowed.")]
    return [
        Fault(
            f"/allow_ip/{place}", f"Allowed network {place + 1} must read like 192.0.2.0/24 or 2001:db8::/32."
        )
        for place, network in enumerate(networks)
        if not _is_network(network)
    ]


def _is_network(text: str) -> bool:
    """Host bits must be clear, so that nobody allows more than they meant; a zone is local to one host."""
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return "%" not in text
