"""Questions to sources, and a `Send` for servers on this machine."""

from __future__ import annotations

import requests

from research_api.domain.calls import CallTimedOut, Outgoing, Reply
from research_api.domain.query import parse_lenient, parse_strict
from research_api.domain.search import Filters, Sort
from research_api.domain.sources import SourceQuestion

_SECONDS = 5.0


def question(
    text: str,
    *,
    is_strict: bool = False,
    filters: Filters = Filters(),  # noqa: B008 - frozen
    sort: Sort = Sort.RELEVANCE,
    limit: int = 25,
) -> SourceQuestion:
    """A search as a source gets it; the years in its query stand in its filters."""
    query = parse_strict(text) if is_strict else parse_lenient(text).query
    assert query is not None
    return SourceQuestion(text, query, is_strict, filters, sort, limit)


class LoopbackSend:
    """Sends to a server on this machine and remembers what was sent; follows no redirects."""

    def __init__(self, *, seconds: float = _SECONDS) -> None:
        self._seconds = seconds
        self.sent: list[Outgoing] = []

    def __call__(self, outgoing: Outgoing, /) -> Reply:
        self.sent.append(outgoing)
        with requests.Session() as session:
            session.trust_env = False
            try:
                answer = session.request(
                    outgoing.method,
                    outgoing.url,
                    params=list(outgoing.params),
                    headers=dict(outgoing.headers),
                    data=outgoing.body,
                    timeout=self._seconds,
                    allow_redirects=False,
                )
            except requests.Timeout as error:
                raise CallTimedOut("The time was over.") from error
            headers = {name.lower(): value for name, value in answer.headers.items()}
            return Reply(answer.status_code, headers, answer.content)
