"""A `Send` that asks the replay of a source without a socket."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode, urlsplit

from research_api.domain.calls import Outgoing, Reply
from research_api.domain.query import parse_strict
from research_api.domain.search import Filters, Sort
from research_api.domain.sources import SourceQuestion
from tests.replay.protocol import Asked, Replayed

BASE_URL = "https://replay.example.org/api"


class Replaying:
    """Remembers what was asked, as the replay got it."""

    def __init__(self, replay: Replayed) -> None:
        self._replay = replay
        self.asked: list[Asked] = []

    def __call__(self, outgoing: Outgoing, /) -> Reply:
        path = urlsplit(outgoing.url).path.removeprefix(urlsplit(BASE_URL).path)
        params = parse_qs(urlencode(outgoing.params), keep_blank_values=True)
        headers = {name.lower(): value for name, value in outgoing.headers.items()}
        self.asked.append(Asked(outgoing.method, path, params, headers, outgoing.body or b""))
        answer = self._replay.answer(self.asked[-1])
        return Reply(
            answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.body
        )


def question(
    text: str,
    *,
    is_strict: bool = False,
    filters: Filters | None = None,
    sort: Sort = Sort.RELEVANCE,
    limit: int = 25,
) -> SourceQuestion:
    """A search for that text as a source gets it."""
    return SourceQuestion(text, parse_strict(text), is_strict, filters or Filters(), sort, limit)
