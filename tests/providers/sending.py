"""Every `Send` that tests give to a source: replies at hand, a replay without a socket, a server on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs, urlencode, urlsplit

import requests

from research_api.domain.calls import CallBroken, CallTimedOut, Outgoing, Reply
from tests.replay.protocol import Asked, Replayed

BASE_URL = "https://replay.example.org/api"
_TIMEOUT_SECONDS = 5.0


class Given:
    """Gives the replies one after the other, the last of them to all that follow, and remembers what it was asked."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.asked: list[Outgoing] = []

    def __call__(self, outgoing: Outgoing, /) -> Reply:
        self.asked.append(outgoing)
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


class Replaying:
    """Asks a replay below BASE_URL, and remembers what was asked as the replay got it."""

    def __init__(self, replay: Replayed) -> None:
        self._replay = replay
        self.asked: list[Asked] = []

    def __call__(self, outgoing: Outgoing, /) -> Reply:
        path = urlsplit(outgoing.url).path.removeprefix(urlsplit(BASE_URL).path)
        params = parse_qs(urlencode(outgoing.params), keep_blank_values=True)
        asked = Asked(outgoing.method, path, params, _lowered(outgoing.headers), outgoing.body or b"")
        self.asked.append(asked)
        answer = self._replay.answer(asked)
        return Reply(answer.status, _lowered(answer.headers), answer.body)


class LoopbackSend:
    """Sends to a server on 127.0.0.1 and to nothing else; remembers what was sent; follows no redirects."""

    def __init__(self) -> None:
        self.sent: list[Outgoing] = []

    def __call__(self, outgoing: Outgoing, /) -> Reply:
        assert urlsplit(outgoing.url).hostname == "127.0.0.1"
        self.sent.append(outgoing)
        try:
            answer = _answer_to(outgoing)
        except requests.Timeout as error:
            raise CallTimedOut("The time was over.") from error
        except requests.RequestException as error:
            raise CallBroken("The server on this machine did not answer.") from error
        return Reply(answer.status_code, _lowered(answer.headers), answer.content)


def _answer_to(outgoing: Outgoing) -> requests.Response:
    """The guard that stands between sources and private addresses is not asked."""
    with requests.Session() as session:
        session.trust_env = False
        return session.request(
            outgoing.method,
            outgoing.url,
            params=list(outgoing.params),
            headers=dict(outgoing.headers),
            data=outgoing.body,
            timeout=_TIMEOUT_SECONDS,
            allow_redirects=False,
        )


def _lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
