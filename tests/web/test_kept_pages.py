"""Pages of kept answers, given again without reading the request once more."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from research_api.domain.search import CacheState
from research_api.services.cursors import Cursor, CursorSigner
from tests.web.fakes import ANSWER, FakeServices, KeyedClient

SIGNER = CursorSigner(b"secret")
HIT = replace(
    ANSWER, cache=CacheState.HIT, age_seconds=100, next_cursor=SIGNER.sign(Cursor("list-1", 10), "lab")
)
SEARCH = "/v1/search?q=deep+water&limit=2"


@pytest.fixture
def kept(client: KeyedClient, services: FakeServices) -> dict[str, object]:
    """The answer that was given first; its page is kept."""
    services.search.answer = HIT
    body: dict[str, object] = json.loads(client.call("GET", SEARCH).data)
    services.pages._behind.settle()
    return body


def test_the_same_address_gets_the_same_answer_without_a_search(
    client: KeyedClient, services: FakeServices, kept: dict[str, object]
) -> None:
    again = client.call("GET", SEARCH)

    assert len(services.search.asked) == 1
    body = json.loads(again.data)
    assert list(body) == list(kept)
    assert {**body, "request_id": None, "next_cursor": None} == {
        **kept,
        "request_id": None,
        "next_cursor": None,
    }
    assert body["request_id"] == again.headers["X-Request-ID"] != kept["request_id"]
    assert body["cache"] == "hit"
    assert 100 <= int(again.headers["Age"]) < 160
    assert SIGNER.read(body["next_cursor"], "lab") == Cursor("list-1", 10)
    assert f"cursor={body['next_cursor']}" in again.headers["Link"]


def test_a_page_has_the_etag_of_its_answer(
    client: KeyedClient, services: FakeServices, kept: dict[str, object]
) -> None:
    etag = client.call("GET", SEARCH).headers["ETag"]

    services.pages._cache.lose()  # type: ignore[attr-defined] # the fake's
    services.pages._cache.pass_time(1)  # type: ignore[attr-defined] # the fake's
    made_anew = client.call("GET", SEARCH)
    assert len(services.search.asked) == 2
    unchanged = client.call("GET", SEARCH, headers={"If-None-Match": etag})

    assert made_anew.headers["ETag"] == etag
    assert (unchanged.status_code, unchanged.data) == (304, b"")


@pytest.mark.parametrize(
    "other", ["/v1/search?q=deep+water&limit=3", f"{SEARCH}&fields=title", f"{SEARCH}&fresh=true"]
)
def test_another_address_is_another_page(
    client: KeyedClient, services: FakeServices, kept: dict[str, object], other: str
) -> None:
    client.call("GET", other)

    assert len(services.search.asked) == 2


@pytest.mark.parametrize(
    "answer",
    [
        replace(HIT, cache=CacheState.MISS, age_seconds=None),
        replace(HIT, cache=CacheState.STALE, age_seconds=1000),
        replace(HIT, cache=CacheState.BYPASS, age_seconds=None),
    ],
)
def test_only_what_came_fresh_from_the_cache_is_kept_as_a_page(
    client: KeyedClient, services: FakeServices, answer: object
) -> None:
    services.search.answer = answer  # type: ignore[assignment] # one of the answers above

    client.call("GET", SEARCH)
    services.pages._behind.settle()
    client.call("GET", SEARCH)

    assert len(services.search.asked) == 2


def test_a_page_ends_with_the_freshness_of_its_answer(client: KeyedClient, services: FakeServices) -> None:
    services.search.answer = replace(HIT, age_seconds=880)
    client.call("GET", SEARCH)
    services.pages._behind.settle()

    services.pages._cache.pass_time(30)  # type: ignore[attr-defined] # the fake's
    client.call("GET", SEARCH)

    assert len(services.search.asked) == 2


def test_a_page_that_many_ask_for_is_fetched_once(
    client: KeyedClient, services: FakeServices, kept: dict[str, object]
) -> None:
    asked = services.pages._cache.asked  # type: ignore[attr-defined] # the fake's
    before = len(asked)

    answers = [client.call("GET", SEARCH) for _ in range(5)]

    assert len(asked) == before + 1
    assert len({one.headers["X-Request-ID"] for one in answers}) == 5
    assert len({one.headers["ETag"] for one in answers}) == 1


def test_a_page_needs_a_key(client: KeyedClient, kept: dict[str, object]) -> None:
    assert client.call("GET", SEARCH, headers={"Authorization": "Bearer nothing"}).status_code == 401


def test_no_tenant_gets_the_page_of_another(
    client: KeyedClient, services: FakeServices, kept: dict[str, object]
) -> None:
    services.keys.organization = "other"

    client.call("GET", SEARCH)

    assert len(services.search.asked) == 2
