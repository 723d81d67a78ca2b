"""Callers and what they may do; the format of keys is in `key_format`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

SCOPES = frozenset({"search", "read", "jobs", "org_admin", "admin"})
# a scope on the left includes those on the right
INCLUDED_SCOPES = {"jobs": frozenset({"read"})}


@dataclass(frozen=True, slots=True)
class Limits:
    """What a key may use; None means the server's default. Money in integer micro-dollars."""

    rate_per_minute: int | None = None
    rate_per_day: int | None = None
    daily_budget_micros: int | None = None
    max_running: int | None = None
    max_queued: int | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """A key without its secret. expires_at and revoked_at are UTC; allow_ip are CIDR networks, empty allows all."""

    id: str
    name: str
    scopes: tuple[str, ...]
    organization: str
    created_at: datetime
    limits: Limits = field(default_factory=Limits)
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    allow_ip: tuple[str, ...] = ()
    is_test: bool = False


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling, once the key has been checked."""

    key_id: str
    organization: str
    scopes: frozenset[str]

    def may(self, scope: str) -> bool:
        """True where one of the caller's scopes is the scope or includes it."""
        return scope in self.scopes or any(
            scope in INCLUDED_SCOPES.get(own, frozenset()) for own in self.scopes
        )


@dataclass(frozen=True, slots=True)
class Credential:
    """One secret of a key, as stored. digest = HMAC-SHA256(pepper of that version, salt + secret)."""

    id: str
    salt: bytes
    digest: bytes
    pepper_version: int
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
