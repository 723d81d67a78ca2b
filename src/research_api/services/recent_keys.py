"""Keys that were looked up a moment ago, so that a busy caller costs no statement of SQL for each request."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from research_api.domain.keys import Credential, Key
from research_api.services.ports import KeyStore
from research_api.services.recent import Recent

# a revocation has to hold everywhere within a second
BELIEVED_SECONDS = 0.5
MAX_REMEMBERED = 1_000


class RecentKeys:
    """A key store that remembers what it found, in this process alone; what is unknown is asked for every time."""

    def __init__(self, store: KeyStore, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._recent = Recent[tuple[Key, Credential]](BELIEVED_SECONDS, MAX_REMEMBERED, monotonic=monotonic)

    def add(self, key: Key, credential: Credential) -> Key:
        """The key and its first credential are stored. Raises Conflict if an id is taken."""
        return self._store.add(key, credential)

    def find(self, credential_id: str) -> tuple[Key, Credential] | None:
        """The key a credential belongs to, as it was at most half a second ago, or None."""
        return self._recent.get(credential_id, lambda: self._store.find(credential_id))

    def get(self, key_id: str) -> Key | None:
        """The key, or None."""
        return self._store.get(key_id)

    def list(self, *, organization: str | None, limit: int) -> list[Key]:
        """Keys, newest first."""
        return self._store.list(organization=organization, limit=limit)

    def revoke(self, key_id: str, at: datetime) -> Key | None:
        """The key is revoked from that time; None where there is none. A look just before is believed a moment more."""
        revoked = self._store.revoke(key_id, at)
        self._recent.forget()
        return revoked
