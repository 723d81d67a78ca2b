"""Bodies that were made to hurt."""

from __future__ import annotations

import io

import pytest

from tests.timing import LINEAR_AT_MOST, growth

LIMIT = 2_000_000
DEEP = 100_000


def post(client, body, path="/v1/search", **headers):
    return client.call("POST", path, data=body, headers={"Content-Type": "application/json", **headers})


class NeverRead(io.RawIOBase):
    """A body whose first byte must not be asked for."""

    def readable(self):
        return True

    def readinto(self, _buffer):
        raise AssertionError("the body was read")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"nonsense",
        b'{"q": "a"} x',
        b"[" * DEEP,
        b'{"q":' * DEEP,
        b'{"q": ' + b"[" * DEEP + b"]" * DEEP + b"}",
        b'{"q": "a", "limit": NaN}',
        b'{"q": "a", "limit": Infinity}',
        b'{"q": "a", "limit": -Infinity}',
        b'{"q": "a", "limit": 1e999}',
        b'{"q": "a", "limit": -1e999}',
        b'{"q": "a", "limit": ' + b"9" * 5_000 + b"}",
        b'{"q": "a", "q": "b"}',
        b'{"q": "a", "x": {"y": 1, "y": 1}}',
        b'\xef\xbb\xbf{"q": "a"}',
        b'{"q": "\xff"}',
        b'{"q": "\xed\xa0\x80"}',
        '{"q": "a"}'.encode("utf-16"),
        b'{"q": "\\ud800"}',
        b'{"q": "a", "\\udfff": 1}',
        b'{"q": "a", "x": ["\\ud800 \\ud800"]}',
        b'{"q": "a\nb"}',
    ],
)
@pytest.mark.parametrize("path", ["/v1/search", "/v1/works/batch"])
def test_what_cannot_be_read_is_malformed(client, body, path):
    response = post(client, body, path)

    assert response.status_code == 400
    assert response.json["type"].endswith("/problems/malformed")


@pytest.mark.parametrize("body", [b"[]", b"null", b"1", b'"q"', b"true", b'[{"q": "a"}]'])
def test_json_that_is_no_object_is_invalid(client, body):
    response = post(client, body)

    assert response.status_code == 422
    assert response.json["errors"] == [{"pointer": "", "detail": "Send a JSON object."}]


@pytest.mark.parametrize("text", ["\\u0000", "a\\u0000b"])
def test_a_zero_character_is_invalid(client, text):
    assert post(client, b'{"q": "%s"}' % text.encode()).status_code == 422
    assert post(client, b'{"ids": ["%s"]}' % text.encode(), "/v1/works/batch").status_code == 422
    assert post(client, b'{"q": "a", "%s": 1}' % text.encode()).status_code == 422


def test_an_escaped_pair_of_surrogates_is_one_character(client, services):
    post(client, b'{"q": "\\ud83d\\ude00"}')

    assert services.search.asked[0]["request"].text == "\U0001f600"


def test_a_long_unknown_name_is_not_echoed_in_full(client):
    response = post(client, b'{"q": "a", "' + b"x" * 1_000_000 + b'": 1}')

    assert response.status_code == 422
    assert len(response.data) < 2_000


@pytest.mark.slow
@pytest.mark.parametrize(
    ("size", "make"),
    [
        (400_000, lambda size: b'{"q": "a", "sources": [' + b",".join([b'"x"'] * size) + b"]}"),
        (900_000, lambda size: b'{"ids": [' + b",".join([b"1"] * size) + b"]}"),
        (300_000, lambda size: b'{"q": "' + b"\\u0301" * size + b'"}'),
        (30_000, lambda size: b'{"q": "a' + b"\\u0f73" * size + b'"}'),
        (150_000, lambda size: b"{" + b",".join(b'"%d":1' % number for number in range(size)) + b"}"),
    ],
)
def test_a_large_bad_body_costs_no_more_than_reading_it(client, size, make):
    """Normalising the marks of the longest body, or comparing each name with each, would take minutes."""
    assert post(client, make(size)).status_code == 422

    assert growth(lambda body: post(client, body), make, size) < LINEAR_AT_MOST


def test_a_body_at_the_limit_is_read(client):
    body = b'{"q": "a"}'

    assert post(client, body + b" " * (LIMIT - len(body))).status_code == 200


def test_a_body_that_says_it_is_larger_is_refused_unread(client):
    response = client.call(
        "POST",
        "/v1/search",
        environ_overrides={"wsgi.input": NeverRead(), "CONTENT_LENGTH": str(LIMIT + 1)},
        headers={"Content-Type": "application/json"},
    )

    assert response.status_code == 413
    assert response.json["type"].endswith("/problems/body-too-large")


@pytest.mark.parametrize(("extra", "status"), [(0, 200), (1, 413), (5_000_000, 413)])
def test_a_chunked_body_is_refused_at_the_same_size(client, extra, status):
    """It does not say how long it is; Werkzeug alone would cut it at the limit and answer 200."""
    body = b'{"q": "a"}'
    stream = io.BytesIO(body + b" " * (LIMIT - len(body) + extra))

    response = client.call(
        "POST",
        "/v1/search",
        headers={"Content-Type": "application/json", "Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input": stream, "wsgi.input_terminated": True},
    )

    assert response.status_code == status
    assert stream.tell() <= LIMIT + 1


def test_a_stranger_has_no_body_read(client):
    response = client.call(
        "POST",
        "/v1/search",
        key=None,
        environ_overrides={"wsgi.input": NeverRead(), "CONTENT_LENGTH": "100"},
        headers={"Content-Type": "application/json"},
    )

    assert response.status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": ""},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Encoding": "gzip"},
        {"Content-Encoding": "identity, br"},
    ],
)
def test_anything_but_plain_json_is_unsupported(client, headers):
    response = post(client, b'{"q": "a"}', **headers)

    assert response.status_code == 415
    assert response.json["type"].endswith("/problems/unsupported-media-type")


@pytest.mark.parametrize("content_type", ["application/json", "Application/JSON; charset=UTF-8"])
def test_json_may_say_that_it_is_utf8(client, content_type):
    assert post(client, b'{"q": "a"}', **{"Content-Type": content_type}).status_code == 200


@pytest.mark.parametrize("query", ["q=%FF", "q=%ED%A0%80", "%FF=1&q=a", "q=\xff", "&".join(["a=1"] * 101)])
def test_an_address_that_is_no_utf8_is_malformed(client, query):
    response = client.call("GET", "/v1/search", environ_overrides={"QUERY_STRING": query})

    assert response.status_code == 400


@pytest.mark.parametrize("path", ["/v1/works/\xff", "/v1/works/10.1/\xed\xa0\x80", "/\xff"])
def test_a_path_that_is_no_utf8_is_malformed(client, path):
    assert client.call("GET", "/", environ_overrides={"PATH_INFO": path}).status_code == 400


@pytest.mark.parametrize("query", ["q=100%25", "q=50%", "q=%zz", "q=a;b", "q=a&", "&q=a&&"])
def test_odd_but_readable_addresses_are_served(client, query):
    assert client.call("GET", f"/v1/search?{query}").status_code == 200
