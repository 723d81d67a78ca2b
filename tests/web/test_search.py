"""`/v1/search`: what is asked of the service, and what is told of its answer."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from research_api.domain.record_bodies import RECORD_FIELDS
from research_api.domain.search import SearchRequest, Sort
from tests.web.fakes import ANSWER, PUBLIC_URL, WORK, pointers

ANSWER_MEMBERS = [
    "query", "results", "sources", "total", "facets", "warnings", "retry_token", "complete", "degraded",
    "cache", "next_cursor", "request_id",
]  # fmt: skip


def test_the_answer_has_every_member_in_the_documented_order(client):
    response = client.call("GET", "/v1/search?q=x")

    body = json.loads(response.data)
    assert list(body) == ANSWER_MEMBERS
    assert list(body["results"][0]) == list(RECORD_FIELDS)
    assert body["query"] == {"text": "x", "mode": "hybrid", "canonical": "relativitat"}
    assert body["results"][0]["sources"] == [{"name": "catalog", "rank": 1, "id": WORK.id}]
    assert body["results"][0]["matches"] == [{"field": "title", "start": 9, "end": 20}]
    assert body["results"][0]["open_access"] == {
        "is_oa": True,
        "url": "https://example.org/free.pdf",
        "license": "cc-by",
    }
    assert body["sources"][1] == {
        "name": "crossref", "outcome": "skipped", "count": 0, "latency_ms": 1, "sent": None, "fidelity": [],
    }  # fmt: skip
    assert body["total"] == {"value": 12, "relation": "gte"}
    assert body["facets"] == {"type": [{"value": "journal-article", "count": 12}]}
    assert body["warnings"] == [
        {"code": "hybrid_is_lexical", "detail": "Ranked by words alone.", "start": None, "end": None}
    ]
    assert (body["retry_token"], body["cache"], body["next_cursor"]) == (None, "bypass", "cursor-1")
    assert body["request_id"] == response.headers["X-Request-ID"]


def test_text_beyond_ascii_is_sent_as_utf8(client):
    response = client.call("GET", "/v1/search?q=x")

    assert "Über die Relativität".encode() in response.data
    assert response.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("chosen", "wanted"),
    [
        ("", True),
        ("&fields=year,matches", True),
        ("&fields=year", False),
        ("&format=ndjson", True),
        ("&format=bibtex", False),
    ],
)
@pytest.mark.parametrize("page", ["q=x", "cursor=cursor-1"])
def test_where_the_words_stand_is_asked_only_if_it_is_shown(client, services, page, chosen, wanted):
    assert client.call("GET", f"/v1/search?{page}{chosen}").status_code == 200
    assert services.search.with_matches is wanted


def test_chosen_fields_come_alone_and_with_the_id(client):
    response = client.call("GET", "/v1/search?q=x&fields=year,title")

    assert [list(result) for result in response.json["results"]] == [["id", "title", "year"]] * 2


def test_a_cursor_alone_gives_its_page(client, services):
    response = client.call("GET", "/v1/search?cursor=cursor-1&limit=5")

    assert response.status_code == 200
    assert services.search.asked == [{"cursor": "cursor-1", "request": None, "limit": 5, "tenant": "lab"}]


def test_a_cursor_beside_its_search_is_checked_by_the_service(client, services):
    response = client.call(
        "POST", "/v1/search", json={"q": "another", "sort": "newest", "cursor": "cursor-1"}
    )

    assert response.status_code == 422
    assert pointers(response) == ["/cursor"]
    assert services.search.asked[0]["request"] == SearchRequest("another", sort=Sort.NEWEST)


@pytest.mark.parametrize(
    ("cursor", "status", "slug"), [("forged", 400, "cursor-invalid"), ("expired", 410, "expired")]
)
def test_a_bad_cursor_and_an_old_one_differ(client, cursor, status, slug):
    response = client.call("GET", f"/v1/search?cursor={cursor}")

    assert (response.status_code, response.json["type"].rpartition("/")[2]) == (status, slug)


def test_links_lead_to_the_next_page_and_to_the_first(client, services):
    query = "q=b%C3%A4r+%26&limit=5&fields=title%2Cyear&sort=newest"

    response = client.call("GET", f"/v1/search?{query}")

    address = f"{PUBLIC_URL}/v1/search?"
    following, first = response.headers["Link"].split(", ")
    assert following == f'<{address}limit=5&fields=title%2Cyear&cursor=cursor-1>; rel="next"'
    assert first == f'<{address}{query}>; rel="first"'


def test_following_the_next_link_works(client, services):
    link = client.call("GET", "/v1/search?q=x&limit=5&sort=newest").headers["Link"]

    response = client.call("GET", link[1:].partition(">")[0].removeprefix(PUBLIC_URL))

    assert response.status_code == 200
    assert services.search.asked[1] == {"cursor": "cursor-1", "request": None, "limit": 5, "tenant": "lab"}


def test_the_last_page_has_no_next_link(client, services):
    services.search.answer = replace(ANSWER, next_cursor=None)

    assert client.call("GET", "/v1/search?q=x").headers["Link"].endswith('rel="first"')
    assert "Link" not in client.call("GET", "/v1/search?cursor=cursor-1").headers


def test_no_link_is_too_long_to_follow(client, services):
    services.search.answer = replace(ANSWER, next_cursor="c" * 9_000)

    response = client.call("GET", "/v1/search?q=" + "x" * 3_000)

    assert response.json["next_cursor"] == "c" * 9_000
    assert "Link" not in response.headers


def test_a_post_is_walked_by_the_cursor_in_its_body(client):
    response = client.call("POST", "/v1/search", json={"q": "a"})

    assert response.json["next_cursor"] == "cursor-1"
    assert "Link" not in response.headers
    assert "ETag" not in response.headers


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        (None, 200),
        ("*/*", 200),
        ("application/*", 200),
        ("application/json", 200),
        ("text/html, application/json;q=0.1", 200),
        ("text/html", 406),
        ("application/json;q=0", 406),
        ("application/pdf, text/html", 406),
    ],
)
def test_an_accept_header_without_a_known_format_cannot_be_met(client, accept, status):
    headers = {} if accept is None else {"Accept": accept}

    assert client.call("GET", "/v1/search?q=x", headers=headers).status_code == status


def test_format_goes_before_accept_by_get_and_by_post(client):
    html = {"Accept": "text/html"}
    got = client.call("GET", "/v1/search?q=x&format=json", headers=html)
    posted = client.call("POST", "/v1/search", json={"q": "x", "format": "json"}, headers=html)

    assert (got.status_code, posted.status_code) == (200, 200)
    assert client.call("POST", "/v1/search", json={"q": "x"}, headers=html).status_code == 406


def test_an_unknown_format_is_not_made(client):
    other = client.call("GET", "/v1/search?q=x&format=endnote", headers={"Accept": "application/json"})
    posted = client.call("POST", "/v1/search", json={"q": "x", "format": "xml"})

    assert (other.status_code, posted.status_code) == (406, 406)


def test_a_number_that_json_lacks_is_never_sent(client, services):
    """A ranking that went wrong must not make a body that no JSON parser reads."""
    bad = replace(ANSWER.hits[0], score=float("nan"))
    services.search.answer = replace(ANSWER, hits=(bad,))

    response = client.call("GET", "/v1/search?q=x")

    assert json.loads(response.data, parse_constant=pytest.fail)["results"][0]["score"] is None
