"""A `Send` for tests: straight to a server on this machine, without the guard that stands in the way of others."""

from __future__ import annotations

from urllib.parse import urlsplit

import requests

from research_api.domain.calls import CallBroken, Outgoing, Reply

TIMEOUT_SECONDS = 5.0


def send(outgoing: Outgoing, /) -> Reply:
    """The answer of a server on 127.0.0.1, whatever its status; nothing else is asked. Raises CallBroken."""
    assert urlsplit(outgoing.url).hostname == "127.0.0.1"
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.request(
                outgoing.method,
                outgoing.url,
                params=list(outgoing.params),
                headers=dict(outgoing.headers),
                data=outgoing.body,
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise CallBroken("the server on this machine did not answer") from error
        return Reply(
            answer.status_code, {name.lower(): text for name, text in answer.headers.items()}, answer.content
        )
