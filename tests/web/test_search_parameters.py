"""Parameters of a search: taken alike by GET and POST, and pointed to where they are wrong."""

from __future__ import annotations

import pytest

from research_api.domain.record_bodies import RECORD_FIELDS
from research_api.domain.search import Filters, Mode, SearchRequest, Sort, Versions
from tests.web.fakes import as_parameter, pointers

EVERY_PARAMETER = {
    "q": "a b",
    "mode": "lexical",
    "sources": ["catalog", "crossref"],
    "year_from": 1990,
    "year_to": 2000,
    "type": ["book", "dataset"],
    "open_access": False,
    "min_citations": 3,
    "exclude_retracted": True,
    "sort": "newest",
    "facets": ["year", "venue"],
    "limit": 7,
    "fields": ["title", "year"],
    "format": "json",
}
EVERY_REQUEST = SearchRequest(
    text="a b",
    mode=Mode.LEXICAL,
    sort=Sort.NEWEST,
    filters=Filters(1990, 2000, ("book", "dataset"), False, 3, True),
    sources=("catalog", "crossref"),
    facets=("year", "venue"),
)


def test_a_bare_query_has_the_defaults(client, services):
    response = client.call("GET", "/v1/search?q=tree")

    assert response.status_code == 200
    assert services.search.asked == [{"request": SearchRequest("tree"), "limit": 10, "tenant": "lab"}]


def test_get_and_post_ask_the_same(client, services):
    got = client.call(
        "GET", "/v1/search", query_string={n: as_parameter(v) for n, v in EVERY_PARAMETER.items()}
    )
    posted = client.call("POST", "/v1/search", json=EVERY_PARAMETER)

    assert (got.status_code, posted.status_code) == (200, 200)
    assert services.search.asked == [{"request": EVERY_REQUEST, "limit": 7, "tenant": "lab"}] * 2


def test_the_query_is_composed_and_counted_afterwards(client, services):
    decomposed = "e\u0301" * 4_000

    response = client.call("POST", "/v1/search", json={"q": decomposed})

    assert response.status_code == 200
    assert services.search.asked[0]["request"].text == "é" * 4_000


def test_a_list_may_be_spaced_repeated_and_doubled(client, services):
    client.call("GET", "/v1/search?q=x&sources=catalog,+crossref&sources=catalog,arxiv")

    assert services.search.asked[0]["request"].sources == ("catalog", "crossref", "arxiv")


def test_raw_utf8_in_an_address_is_understood(client, services):
    client.call("GET", "/v1/search", environ_overrides={"QUERY_STRING": "q=caf\xc3\xa9"})

    assert services.search.asked[0]["request"].text == "café"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["/q"]),
        ("q=", ["/q"]),
        ("q=" + "x" * 4_001, ["/q"]),
        ("q=%00", ["/q"]),
        ("q=a&q=b", ["/q"]),
        ("q=a&mode=vectors", ["/mode"]),
        ("q=a&mode=HYBRID", ["/mode"]),
        ("q=a&sources=catalog,scopus", ["/sources"]),
        ("q=a&sources=", ["/sources"]),
        ("q=a&year_from=2001&year_to=2000", ["/year_from"]),
        ("q=a&year_from=1e2", ["/year_from"]),
        ("q=a&year_from=%D9%A1%D9%A2", ["/year_from"]),
        ("q=a&year_from=10000", ["/year_from"]),
        ("q=a&type=novel", ["/type"]),
        ("q=a&open_access=1", ["/open_access"]),
        ("q=a&open_access=True", ["/open_access"]),
        ("q=a&min_citations=-1", ["/min_citations"]),
        ("q=a&exclude_retracted=yes", ["/exclude_retracted"]),
        ("q=a&sort=oldest", ["/sort"]),
        ("q=a&limit=0", ["/limit"]),
        ("q=a&limit=101", ["/limit"]),
        ("q=a&limit=" + "9" * 5_000, ["/limit"]),
        ("q=a&limit=1&limit=1", ["/limit"]),
        ("q=a&fields=title,secret", ["/fields"]),
        ("q=a&facets=author", ["/facets"]),
        ("q=a&colour=red&limit=x", ["/colour", "/limit"]),
        ("q=a&cursor=", ["/cursor"]),
        ("q=a&%2F~=1", ["/~1~0"]),
        ("cursor=cursor-1&mode=strict&sort=newest", ["/mode", "/sort"]),
    ],
)
def test_a_bad_parameter_is_pointed_to(client, services, query, expected):
    response = client.call("GET", f"/v1/search?{query}")

    assert response.status_code == 422
    assert pointers(response) == expected
    assert services.search.asked == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, ["/q"]),
        ({"q": 5}, ["/q"]),
        ({"q": None}, ["/q"]),
        ({"q": ["a"]}, ["/q"]),
        ({"q": "a\x00b"}, ["/q"]),
        ({"q": "e" + "\u0301" * 31}, ["/q"]),
        ({"q": "a" * 16_001}, ["/q"]),
        ({"q": "a", "limit": "10"}, ["/limit"]),
        ({"q": "a", "limit": True}, ["/limit"]),
        ({"q": "a", "limit": 10.0}, ["/limit"]),
        ({"q": "a", "limit": 10**30}, ["/limit"]),
        ({"q": "a", "open_access": "true"}, ["/open_access"]),
        ({"q": "a", "open_access": 1}, ["/open_access"]),
        ({"q": "a", "sources": "catalog"}, ["/sources"]),
        ({"q": "a", "sources": {"catalog": 1}}, ["/sources"]),
        ({"q": "a", "sources": ["catalog", "x", 3]}, ["/sources/1", "/sources/2"]),
        ({"q": "a", "sources": ["catalog"] * 101}, ["/sources"]),
        ({"q": "a", "colour": "red"}, ["/colour"]),
        ({"q": "a", "record_fields": ["title"]}, ["/record_fields"]),
        ({"q": "a", "format": 1}, ["/format"]),
    ],
)
def test_a_bad_member_is_pointed_to(client, services, body, expected):
    response = client.call("POST", "/v1/search", json=body)

    assert response.status_code == 422
    assert pointers(response) == expected
    assert services.search.asked == []


def test_a_post_takes_nothing_from_the_address(client):
    response = client.call("POST", "/v1/search?limit=5", json={"q": "a"})

    assert response.status_code == 422
    assert pointers(response) == ["/limit"]


def test_empty_arrays_ask_for_nothing_special(client, services):
    response = client.call("POST", "/v1/search", json={"q": "a", "sources": [], "fields": [], "facets": []})

    assert response.status_code == 200
    assert services.search.asked[0]["request"] == SearchRequest("a")
    assert list(response.json["results"][0]) == list(RECORD_FIELDS)


def test_many_faults_are_told_in_a_short_answer(client):
    response = client.call("POST", "/v1/search", json={"q": "a", **{f"x{n}": 1 for n in range(90)}})

    assert response.status_code == 422
    assert len(response.json["errors"]) == 50


def test_a_broken_query_is_told_with_its_place_and_a_hint(client):
    response = client.call("POST", "/v1/search", json={"q": "(a", "mode": "strict"})

    assert response.status_code == 422
    assert response.json["type"].endswith("/problems/query-invalid")
    assert response.json["errors"] == [
        {
            "pointer": "/q",
            "detail": "This parenthesis is never closed.",
            "start": 0,
            "end": 1,
            "hint": "Close it.",
        }
    ]


@pytest.mark.parametrize("versions", ["collapse", "keep"])
def test_versions_are_collapsed_unless_they_are_kept(client, services, versions):
    client.call("GET", f"/v1/search?q=a&versions={versions}")
    client.call("POST", "/v1/search", json={"q": "a", "versions": versions})
    client.call("GET", "/v1/search?q=a")

    asked = [one["request"].versions for one in services.search.asked]
    assert asked == [Versions(versions), Versions(versions), Versions.COLLAPSE]


def test_an_unknown_way_with_versions_is_pointed_to(client):
    response = client.call("GET", "/v1/search?q=a&versions=hide")

    assert (response.status_code, pointers(response)) == (422, ["/versions"])
