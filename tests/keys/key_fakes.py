"""A key store in memory, and a clock that is told the time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from research_api.domain.errors import Conflict
from research_api.domain.keys import Credential, Key

START = datetime(2026, 11, 1, 12, tzinfo=UTC)


class FakeClock:
    """Stands still until it is moved."""

    def __init__(self, now: datetime = START) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def advance(self, **amount: float) -> None:
        self._now += timedelta(**amount)


class FakeKeyStore:
    """Satisfies KeyStore; `calls` has the name of every method that was called."""

    def __init__(self) -> None:
        self.keys: dict[str, Key] = {}
        self.credentials: dict[str, Credential] = {}
        self.calls: list[str] = []

    def add(self, key: Key, credential: Credential) -> Key:
        self.calls.append("add")
        if key.id in self.keys:
            raise Conflict("The id of the new key is taken. Try again.")
        self.keys[key.id] = key
        self.credentials[credential.id] = credential
        return key

    def find(self, credential_id: str) -> tuple[Key, Credential] | None:
        self.calls.append("find")
        key = self.keys.get(credential_id)
        return (key, self.credentials[credential_id]) if key else None

    def get(self, key_id: str) -> Key | None:
        self.calls.append("get")
        return self.keys.get(key_id)

    def list(self, *, organization: str | None, limit: int) -> list[Key]:
        self.calls.append("list")
        newest_first = reversed(self.keys.values())
        return [key for key in newest_first if organization in (None, key.organization)][:limit]

    def revoke(self, key_id: str, at: datetime) -> Key | None:
        self.calls.append("revoke")
        if key := self.keys.get(key_id):
            self.keys[key_id] = replace(key, revoked_at=key.revoked_at or at)
        return self.keys.get(key_id)
