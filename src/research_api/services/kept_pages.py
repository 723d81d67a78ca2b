"""Finished pages of kept answers: who asks the same address again is spared everything but the check of the key."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from research_api.domain.search import CacheState, SearchAnswer
from research_api.services.answer_ports import AnswerCache, CacheVisit
from research_api.services.behind import Behind
from research_api.services.cache_keys import FRESH_SECONDS
from research_api.services.recent import Recent

log = structlog.get_logger(__name__)

# so long an answer that was asked anew stays behind the page of the former one
PAGE_SECONDS = 60
# what many ask at once is fetched and unpacked twice a second in each process, and takes 8 MB of it at most
REMEMBERED_SECONDS = 0.5
MAX_REMEMBERED = 128
MAX_REMEMBERED_BYTES = 64_000


@dataclass(frozen=True, slots=True)
class KeptPage:
    """A page as one tenant gets it.

    body: the JSON of the answer but for its last member, which differs from request to request. age_seconds: since the
    sources were asked. links: the Link header, empty for none.
    """

    body: bytes
    etag: str
    age_seconds: int
    links: str


class KeptPages:
    """One for a process; threads share it."""

    def __init__(
        self, cache: AnswerCache, behind: Behind, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._cache = cache
        self._behind = behind
        self._recent = Recent[KeptPage](
            REMEMBERED_SECONDS, MAX_REMEMBERED, takes=_is_small, monotonic=monotonic
        )

    def visit(self) -> CacheVisit:
        """The use of the cache by one request, for all that it asks of it."""
        return self._cache.visit()

    def find(self, key: str, visit: CacheVisit) -> KeptPage | None:
        """The page under that key, if it is still fresh, as it was at most half a second ago."""
        return self._recent.get(key, lambda: _kept(key, visit))

    def keep(self, key: str, page: KeptPage) -> None:
        """The page is kept behind the answer. key: of nobody but the tenant that it was made for."""
        head = json.dumps([page.etag, page.age_seconds, page.links]).encode()
        self._behind.submit(lambda: self._cache.visit().put({key: head + b"\n" + page.body}, PAGE_SECONDS))


def is_page_worth(answer: SearchAnswer) -> bool:
    """True where the answer came whole and fresh from the cache: it will be the same for a while."""
    return answer.cache is CacheState.HIT and not answer.degraded


def _is_small(page: KeptPage) -> bool:
    return len(page.body) <= MAX_REMEMBERED_BYTES


def _kept(key: str, visit: CacheVisit) -> KeptPage | None:
    found = visit.get([key]).get(key)
    if found is None:
        return None
    head, _, body = found.body.partition(b"\n")
    try:
        etag, age_seconds, links = json.loads(head)
        age = int(age_seconds + found.age_seconds)
    except (ValueError, TypeError) as error:
        log.warning("kept_page_unreadable", error=type(error).__name__)
        return None
    return KeptPage(body, etag, age, links) if age <= FRESH_SECONDS else None
