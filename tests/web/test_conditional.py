"""ETags, 304, HEAD and OPTIONS."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.web.fakes import ANSWER, WORK
from tests.web.test_problems import assert_is_problem

PATHS = ["/v1/search?q=x", f"/v1/works/{WORK.id}"]
TAGGED = [*PATHS, "/docs/assets/docs.js", "/docs/assets/favicon-32x32.png"]
UNTAGGED = ["/openapi.json", "/docs", "/problems/invalid", "/livez"]
LONG_AGO = "Mon, 01 Jan 2001 00:00:00 GMT"


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


@pytest.mark.parametrize("path", [*TAGGED, *UNTAGGED])
@pytest.mark.parametrize("value", ["bytes=0-1", "bytes=-1", "bytes=99999999-", "bytes=5-1", "nonsense"])
def test_a_range_is_not_served_in_part(client, path, value):
    """RFC 9110, 14.2, lets a server ignore it, so that there is no 206 and no 416."""
    request_id = {"X-Request-ID": "the-same-for-both"}

    response = client.call("GET", path, headers={**request_id, "Range": value})

    assert response.status_code == 200
    assert {"Accept-Ranges", "Content-Range"} & set(response.headers.keys()) == set()
    if not path.startswith("/v1/search"):  # its sources report how long they took
        assert response.data == client.call("GET", path, headers=request_id).data


@pytest.mark.parametrize("path", TAGGED)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("form", ['"other"', "W/{}", '"other", "another"', "nonsense"])
def test_another_version_than_the_one_named_is_a_problem(client, path, method, form):
    """A weak ETag never names a version. Else the caller would take the body of a 200 for that of a 412."""
    headers = {"If-Match": form.format(etag_of(client, path)), "If-None-Match": "*"}

    response = client.call(method, path, headers=headers)

    assert response.status_code == 412
    assert response.headers["Content-Type"] == "application/problem+json"
    if method == "GET":
        assert_is_problem(response, 412)
        assert response.json["type"].endswith("/problems/precondition-failed")


@pytest.mark.parametrize("path", TAGGED)
@pytest.mark.parametrize("form", ["{}", '"other", {}', "*", ""])
def test_the_version_named_is_served(client, path, form):
    etag = etag_of(client, path)
    if_match = {"If-Match": form.format(etag)}

    assert client.call("GET", path, headers=if_match).status_code == 200
    assert client.call("GET", path, headers={**if_match, "If-None-Match": etag}).status_code == 304


@pytest.mark.parametrize("path", [*TAGGED, *UNTAGGED])
@pytest.mark.parametrize("name", ["If-Unmodified-Since", "If-Modified-Since"])
def test_a_date_is_not_looked_at(client, path, name):
    """RFC 9110, 13.1.3 and 13.1.4: it must not be where nothing has a date of its own."""
    response = client.call("GET", path, headers={name: LONG_AGO})

    assert response.status_code == 200
    assert "Last-Modified" not in response.headers


@pytest.mark.parametrize("path", UNTAGGED)
def test_what_has_no_etag_has_no_versions(client, path):
    response = client.call("GET", path, headers={"If-Match": '"x"', "If-None-Match": '"x"'})

    assert response.status_code == 200
    assert "ETag" not in response.headers


def test_a_request_that_fails_anyway_is_not_measured_by_its_version(client):
    """RFC 9110, 13.2.1."""
    response = client.call("GET", "/v1/works/10.1002/none", headers={"If-Match": '"x"'})

    assert_is_problem(response, 404)
