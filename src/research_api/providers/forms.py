"""Requests whose parameters may be too long for an address."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from research_api.domain.calls import Outgoing

FORM = "application/x-www-form-urlencoded"
# Servers take some 8 KB of headers: Tomcat's `maxHttpHeaderSize` is that, and NCBI answered 414 to more (recordings).
MAX_QUERY_BYTES = 4_000


def get_or_post(
    url: str, params: Sequence[tuple[str, str]], *, post_url: str = "", longest: int = MAX_QUERY_BYTES
) -> Outgoing:
    """A GET, or a POST of the same parameters as a form where they are longer than so many bytes.

    post_url: where it goes then, if not to the same address.
    """
    body = urlencode(params)
    if len(body) <= longest:
        return Outgoing(url, tuple(params))
    return Outgoing(post_url or url, headers={"Content-Type": FORM}, method="POST", body=body.encode())
