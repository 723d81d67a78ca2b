"""Ranked lists that can be paged through: kept in the cache, each under a name that follows from what it holds."""

from __future__ import annotations

import hashlib

from research_api.domain.errors import Expired, Unavailable
from research_api.domain.index import KeptList
from research_api.domain.kept_lists import decode_kept
from research_api.services.answer_ports import CacheVisit
from research_api.services.cache_keys import FRESH_SECONDS

# a change of how lists are written makes older ones unreadable
LIST_VERSION = 7
# a cursor lives for 15 minutes at least, also one of a page that is as old as kept answers may be
KEEP_LIST_SECONDS = 15 * 60 + FRESH_SECONDS


def list_id(encoded: bytes) -> str:
    """Equal lists share one id, so that the same question asked all day takes the place of one."""
    return hashlib.blake2b(encoded, digest_size=12).hexdigest()


def list_key(id_: str) -> str:
    """Its name among all that the cache keeps."""
    return f"list-{LIST_VERSION}-{id_}"


def keep_list(encoded: bytes, visit: CacheVisit) -> str | None:
    """The id of the list that `encode_kept` wrote, or None where it could not be kept."""
    id_ = list_id(encoded)
    return id_ if visit.put({list_key(id_): encoded}, KEEP_LIST_SECONDS) else None


def kept_list(id_: str, visit: CacheVisit) -> KeptList:
    """Raises Expired where it is no longer kept, Unavailable where the cache does not answer."""
    key = list_key(id_)
    found = visit.get([key]).get(key)
    if found is not None:
        return decode_kept(found.body)
    if visit.is_broken:
        raise Unavailable("The kept list cannot be read. Try again in a moment.")
    raise Expired("This list is no longer kept. Search again without the cursor.")
