"""ETags, 304, HEAD and OPTIONS."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.web.fakes import ANSWER, WORK

PATHS = ["/v1/search?q=x", f"/v1/works/{WORK.id}"]


def etag_of(client, path):
    return client.call("GET", path).headers["ETag"]


@pytest.mark.parametrize("path", PATHS)
def test_an_etag_is_strong_and_the_same_for_the_same_results(client, path):
    """The request id and the time a source took differ between the two."""
    first, second = etag_of(client, path), etag_of(client, path)

    assert first == second
    assert first.startswith('"')


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
def test_what_the_caller_has_is_not_sent_again(client, path, form):
    etag = etag_of(client, path)

    response = client.call("GET", path, headers={"If-None-Match": form.format(etag)})

    assert (response.status_code, response.data) == (304, b"")
    assert response.headers["ETag"] == etag
    assert response.headers["Cache-Control"] == "private, max-age=0, must-revalidate"
    assert response.headers["Vary"] == "Accept, Authorization, X-API-Key"
    assert response.headers["X-Request-ID"]
    assert "Content-Length" not in response.headers


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("value", ['"other"', "", "nonsense", '"' + "x" * 5_000, "W/", '"a" "b"'])
def test_another_etag_is_answered_in_full(client, path, value):
    assert client.call("GET", path, headers={"If-None-Match": value}).status_code == 200


def test_other_results_have_another_etag(client, services):
    before = etag_of(client, "/v1/search?q=x")
    services.search.answer = replace(ANSWER, total=13)
    after = etag_of(client, "/v1/search?q=x")

    assert before != after
    assert etag_of(client, "/v1/search?q=x&fields=title") != after


def test_a_new_cursor_for_the_same_list_is_no_other_result(client, services):
    """A 304 would else never come for a list of more than one page; it brings the new cursor as a link."""
    etag = etag_of(client, "/v1/search?q=x")
    services.search.answer = replace(ANSWER, next_cursor="cursor-2")

    response = client.call("GET", "/v1/search?q=x", headers={"If-None-Match": etag})

    assert response.status_code == 304
    assert "cursor=cursor-2" in response.headers["Link"]


def test_the_last_page_differs_from_one_that_goes_on(client, services):
    before = etag_of(client, "/v1/search?q=x")
    services.search.answer = replace(ANSWER, next_cursor=None)

    assert etag_of(client, "/v1/search?q=x") != before


@pytest.mark.parametrize(
    "path", [*PATHS, "/openapi.json", "/docs", "/docs/assets/docs.js", "/livez", "/problems/invalid"]
)
def test_head_has_the_headers_of_get_and_no_body(client, path):
    request_id = {"X-Request-ID": "the-same-for-both"}
    got = client.call("GET", path, headers=request_id)

    head = client.call("HEAD", path, headers=request_id)

    assert (head.status_code, head.data) == (200, b"")
    assert dict(head.headers) | {"Date": ""} == dict(got.headers) | {"Date": ""}


def test_head_of_an_error_has_no_body(client):
    response = client.call("HEAD", "/v1/search")

    assert (response.status_code, response.data) == (422, b"")
    assert response.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/v1/search", {"GET", "HEAD", "POST", "OPTIONS"}),
        (f"/v1/works/{WORK.id}", {"GET", "HEAD", "OPTIONS"}),
        ("/v1/works/batch", {"POST", "OPTIONS"}),
        ("/livez", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_options_tells_the_methods(client, path, allowed):
    response = client.call("OPTIONS", path)

    assert response.status_code == 200
    assert set(response.headers["Allow"].split(", ")) == allowed


@pytest.mark.parametrize("path", [*PATHS, "/livez", "/docs/assets/docs.js"])
def test_a_range_is_not_served_in_part(client, path):
    response = client.call("GET", path, headers={"Range": "bytes=0-1"})

    assert response.status_code == 200
