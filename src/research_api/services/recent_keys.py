"""Keys that were looked up a moment ago, so that a busy caller costs no statement of SQL for each request."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime

from research_api.domain.keys import Credential, Key
from research_api.services.ports import KeyStore

# a revocation has to hold everywhere within a second
BELIEVED_SECONDS = 0.5
MAX_REMEMBERED = 1_000


class RecentKeys:
    """A key store that remembers what it found, in this process alone; what is unknown is asked for every time."""

    def __init__(self, store: KeyStore, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._found: dict[str, tuple[float, Key, Credential]] = {}

    def add(self, key: Key, credential: Credential) -> Key:
        """The key and its first credential are stored. Raises Conflict if an id is taken."""
        return self._store.add(key, credential)

    def find(self, credential_id: str) -> tuple[Key, Credential] | None:
        """The key a credential belongs to, as it was at most half a second ago, or None."""
        now = self._monotonic()
        remembered = self._found.get(credential_id)
        if remembered is not None and now < remembered[0]:
            return remembered[1:]
        found = self._store.find(credential_id)
        with self._lock:
            self._found.pop(credential_id, None)
            if len(self._found) >= MAX_REMEMBERED:
                self._found.clear()
            if found is not None:
                self._found[credential_id] = (now + BELIEVED_SECONDS, *found)
        return found

    def get(self, key_id: str) -> Key | None:
        """The key, or None."""
        return self._store.get(key_id)

    def list(self, *, organization: str | None, limit: int) -> list[Key]:
        """Keys, newest first."""
        return self._store.list(organization=organization, limit=limit)

    def revoke(self, key_id: str, at: datetime) -> Key | None:
        """The key is revoked from that time; None where there is none. A look just before is believed a moment more."""
        revoked = self._store.revoke(key_id, at)
        with self._lock:
            self._found.clear()
        return revoked
