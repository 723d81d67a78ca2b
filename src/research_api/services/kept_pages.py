"""Finished pages of kept answers: who asks the same address again is spared everything but the check of the key."""

from __future__ import annotations

import json
from dataclasses import dataclass

import structlog

from research_api.domain.search import CacheState, SearchAnswer
from research_api.services.answer_ports import AnswerCache, CacheVisit
from research_api.services.behind import Behind
from research_api.services.cache_keys import FRESH_SECONDS
from research_api.services.cursors import Cursor, CursorSigner

log = structlog.get_logger(__name__)

# so long an answer that was asked anew stays behind the page of the former one
PAGE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class KeptPage:
    """body: the JSON of the answer but for its last members, which differ from caller to caller.

    age_seconds: since the sources were asked. next_cursor: signed for the caller.
    """

    body: bytes
    etag: str
    age_seconds: int
    next_cursor: str | None


class KeptPages:
    """One for a process; threads share it."""

    def __init__(self, cache: AnswerCache, signer: CursorSigner, behind: Behind) -> None:
        self._cache = cache
        self._signer = signer
        self._behind = behind

    def visit(self) -> CacheVisit:
        """The use of the cache by one request, for all that it asks of it."""
        return self._cache.visit()

    def find(self, key: str, tenant: str, visit: CacheVisit) -> KeptPage | None:
        """The page under that key, if it is still fresh."""
        found = visit.get([key]).get(key)
        if found is None:
            return None
        head, _, body = found.body.partition(b"\n")
        try:
            etag, age_seconds, place = json.loads(head)
            cursor = self._signer.sign(Cursor(*place), tenant) if place else None
        except (ValueError, TypeError) as error:
            log.warning("kept_page_unreadable", error=type(error).__name__)
            return None
        age = int(age_seconds + found.age_seconds)
        return KeptPage(body, etag, age, cursor) if age <= FRESH_SECONDS else None

    def keep(self, key: str, answer: SearchAnswer, tenant: str, *, etag: str, body: bytes) -> None:
        """The page is kept behind the answer, if that itself came whole and fresh from the cache."""
        if answer.cache is not CacheState.HIT or answer.degraded:
            return
        cursor = self._signer.read(answer.next_cursor, tenant) if answer.next_cursor else None
        place = [cursor.list_id, cursor.offset] if cursor else None
        head = json.dumps([etag, answer.age_seconds, place]).encode()
        self._behind.submit(lambda: self._cache.visit().put({key: head + b"\n" + body}, PAGE_SECONDS))
