"""Every error, whoever raises it, has one body shape and the headers of every answer."""

from __future__ import annotations

import json
from http import HTTPStatus

import pytest
from flask import abort

from research_api.domain import errors
from research_api.domain.errors import Fault, ResearchApiError
from research_api.web.problem_types import PROBLEM_TYPES, problem_type_named
from tests.web.conftest import make_app
from tests.web.fakes import PUBLIC_URL, FakeServices, FakeSettings

MEMBERS = ["type", "title", "status", "detail", "instance", "request_id", "errors", "retry_after_seconds"]
SECRET = "postgresql://user:hunter2@database/research"


def all_errors(root=ResearchApiError):
    return [root, *(below for one in root.__subclasses__() for below in all_errors(one))]


def assert_is_problem(response, status):
    body = json.loads(response.data)
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    assert list(body) == [name for name in MEMBERS if name in body]
    assert set(MEMBERS[:6]) <= set(body)
    assert body["status"] == status
    assert problem_type_named(body["type"].removeprefix(f"{PUBLIC_URL}/problems/")).status == status
    assert body["request_id"] == response.headers["X-Request-ID"]
    assert body["instance"] == f"/v1/requests/{body['request_id']}"
    assert ("retry_after_seconds" in body) == ("Retry-After" in response.headers) == (status == 503)
    assert ("WWW-Authenticate" in response.headers) == (status == 401)
    assert_has_common_headers(response)
    assert response.headers["Cache-Control"] == "private, no-store"


def assert_has_common_headers(response):
    headers = response.headers
    assert headers["X-Request-ID"]
    assert headers["Cache-Control"]
    assert headers["Content-Security-Policy"].startswith("default-src 'none';")
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Permissions-Policy"]
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Strict-Transport-Security"]
    assert headers["Vary"] == "Accept, Authorization, X-API-Key"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert "Server" not in headers


@pytest.mark.parametrize("kind", all_errors(), ids=lambda kind: kind.__name__)
def test_every_domain_error_becomes_the_problem_of_its_slug(client, services, kind):
    services.search.failure = kind("Do something else.", faults=(Fault("/q", "Here."),))

    response = client.call("GET", "/v1/search?q=x")

    assert_is_problem(response, PROBLEM_TYPES[kind.slug].status)
    assert response.json["type"] == f"{PUBLIC_URL}/problems/{kind.slug}"
    if response.status_code != 500:
        assert response.json["detail"] == "Do something else."
        assert response.json["errors"] == [{"pointer": "/q", "detail": "Here."}]


def test_every_error_of_the_domain_has_a_problem_type():
    modules = {kind.__module__ for kind in all_errors()}

    assert modules == {errors.__name__}
    assert {kind.slug for kind in all_errors()} <= set(PROBLEM_TYPES)


CALLS = {
    400: ("GET", "/v1/search?q=%FF", {}),
    401: ("GET", "/v1/search?q=x", {"key": None}),
    403: ("GET", "/v1/search?q=x", {"key": "rk_test_weak"}),
    404: ("GET", "/no/such/route", {}),
    405: ("DELETE", "/v1/search", {}),
    406: ("GET", "/v1/search?q=x", {"headers": {"Accept": "text/html"}}),
    410: ("GET", "/v1/search?cursor=expired", {}),
    412: ("GET", "/v1/search?q=x", {"headers": {"If-Match": '"x"'}}),
    413: ("POST", "/v1/search", {"data": b" " * 2_000_001, "content_type": "application/json"}),
    415: ("POST", "/v1/search", {"data": "q=x"}),
    422: ("GET", "/v1/search", {}),
}


@pytest.mark.parametrize("status", CALLS)
@pytest.mark.parametrize("config", [{}, {"TESTING": True}, {"DEBUG": True}], ids=str)
def test_no_mode_of_flask_changes_a_problem(services, config, status):
    """Debug and testing modes let errors through to Werkzeug's HTML where nobody forbids it."""
    app = make_app(services)
    app.config.update(config)
    method, path, options = CALLS[status]

    assert_is_problem(app.test_client().call(method, path, **options), status)


@pytest.mark.parametrize("config", [{}, {"TESTING": True}, {"DEBUG": True}], ids=str)
def test_an_unexpected_error_shows_its_request_id_and_nothing_else(services, config):
    app = make_app(services)
    app.config.update(config)
    services.search.failure = RuntimeError(SECRET)

    response = app.test_client().call("GET", "/v1/search?q=x")

    assert_is_problem(response, 500)
    assert "hunter2" not in response.text


def test_an_unexpected_error_is_logged_with_its_cause_and_the_request_id(client, services, logs):
    services.search.failure = RuntimeError("the cause")

    response = client.call("GET", "/v1/search?q=x")

    assert [(entry["event"], entry["log_level"]) for entry in logs] == [("request_failed", "error")]
    assert logs[0]["request_id"] == response.headers["X-Request-ID"]
    assert logs[0]["exc_info"] is services.search.failure


def test_a_dependency_that_is_down_is_logged_too(client, services, logs):
    services.search.failure = errors.IndexUnavailable("Try again.")

    client.call("GET", "/v1/search?q=x")

    assert [(entry["event"], entry["problem"]) for entry in logs] == [("unavailable", "index-unavailable")]


def answer_of_abort(status):
    app = make_app(FakeServices())
    app.add_url_rule("/abort", endpoint="pages.abort", view_func=lambda: abort(status))
    client = app.test_client()
    response = client.call("GET", "/abort")
    address = response.json["type"].removeprefix(PUBLIC_URL)
    return response, client.get(address, headers={"Accept": "application/json"}).json


@pytest.mark.parametrize("status", [408, 411, 416, 417, 418, 423, 424, 428, 429, 451])
def test_a_status_without_a_type_of_its_own_stays_and_has_a_page(status):
    response, page = answer_of_abort(status)

    assert_is_problem(response, status)
    assert response.json["type"] == f"{PUBLIC_URL}/problems/http-{status}"
    assert response.json["title"] == HTTPStatus(status).phrase
    assert {name: page[name] for name in ("type", "title", "status")} == {
        name: response.json[name] for name in ("type", "title", "status")
    }
    assert page["meaning"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 406, 409, 410, 412, 413, 414, 415, 422, 431])
def test_a_bare_status_has_the_type_that_stands_for_it(status):
    response, page = answer_of_abort(status)

    assert_is_problem(response, status)
    assert (page["type"], page["status"]) == (response.json["type"], status)
    assert "/problems/http-" not in page["type"]


@pytest.mark.parametrize("status", [501, 502])
def test_a_bare_failure_is_one_of_ours(status):
    assert_is_problem(answer_of_abort(status)[0], 500)


@pytest.mark.parametrize("slug", ["http-404", "http-200", "http-500", "http-499", "http-", "http-0418"])
def test_a_status_that_never_stands_in_a_problem_has_no_page(client, slug):
    assert client.get(f"/problems/{slug}").status_code == 404


def test_a_broken_host_header_changes_no_address(client):
    response = client.call("GET", "/no/such/route", headers={"Host": "evil.example"})

    assert response.json["type"].startswith(PUBLIC_URL)
    assert "evil" not in response.text + str(response.headers)


@pytest.mark.parametrize("host", ["a b", "[", "x" * 300, "\x7f"])
def test_an_impossible_host_is_no_failure(client, host):
    response = client.call("GET", "/livez", environ_overrides={"HTTP_HOST": host})

    assert response.status_code in {200, 400}
    assert_has_common_headers(response)


@pytest.mark.parametrize(
    ("method", "path", "options"),
    [
        ("GET", "/v1/search?q=x", {}),
        ("POST", "/v1/search", {"json": {"q": "x"}}),
        ("GET", "/v1/works/w_aaaaaaaaaaaa", {}),
        ("GET", "/v1/works/w_aaaaaaaaaaaa/references", {}),
        ("GET", "/v1/works/w_aaaaaaaaaaaa/citations", {}),
        ("POST", "/v1/works/batch", {"json": {"ids": ["pmid:1"]}}),
        ("OPTIONS", "/v1/search", {}),
        ("HEAD", "/v1/search?q=x", {}),
        ("GET", "/livez", {}),
        ("GET", "/readyz", {}),
        ("GET", "/openapi.json", {}),
        ("GET", "/docs", {}),
        ("GET", "/docs/assets/docs.js", {}),
        ("GET", "/problems/invalid", {}),
        ("GET", "/", {}),
    ],
)
def test_every_success_has_the_common_headers(client, method, path, options):
    response = client.call(method, path, **options)

    assert response.status_code < 400
    assert_has_common_headers(response)


def test_transport_security_is_only_said_where_there_is_any(services):
    client = make_app(services, FakeSettings(public_url="http://127.0.0.1:8000")).test_client()

    response = client.call("GET", "/livez")

    assert "Strict-Transport-Security" not in response.headers


@pytest.mark.parametrize("given", ["abcdefgh", "A.b_c-1234", "x" * 64])
def test_a_well_formed_request_id_is_kept(client, given):
    response = client.call("GET", "/no/such/route", headers={"X-Request-ID": given})

    assert (response.headers["X-Request-ID"], response.json["request_id"]) == (given, given)


@pytest.mark.parametrize("given", ["", "short", "x" * 65, "with space", "ünïcödé-id", "a,b,c,d,e,f"])
def test_any_other_request_id_is_replaced(client, given):
    first, second = (
        client.call("GET", "/livez", headers={"X-Request-ID": given}).headers["X-Request-ID"] for _ in "12"
    )

    assert len(first) == 32
    assert first != second
