"""Who gets in: by the table, with a key, before anything is read."""

from __future__ import annotations

import pytest
from flask import Blueprint

from research_api.domain.errors import DatabaseUnavailable, Forbidden
from research_api.web.access import ACCESS, PUBLIC, scope_of
from tests.web.conftest import make_app
from tests.web.fakes import GOOD_KEY, WEAK_KEY, FakeServices

PRIVATE_CALLS = [
    ("GET", "/v1/search?q=x", {}),
    ("POST", "/v1/search", {"json": {"q": "x"}}),
    ("GET", "/v1/works/w_aaaaaaaaaaaa", {}),
    ("GET", "/v1/works/w_aaaaaaaaaaaa/references", {}),
    ("GET", "/v1/works/w_aaaaaaaaaaaa/citations", {}),
    ("POST", "/v1/works/batch", {"json": {"ids": ["pmid:1"]}}),
    ("HEAD", "/v1/search?q=x", {}),
    ("OPTIONS", "/v1/search", {}),
]


@pytest.mark.parametrize("internal", [False, True])
def test_every_route_stands_in_the_table(services, internal):
    app = make_app(services, internal=internal)

    assert [rule.endpoint for rule in app.url_map.iter_rules() if scope_of(rule.endpoint) is None] == []


def test_every_version_one_route_wants_a_scope(app):
    private = [rule.endpoint for rule in app.url_map.iter_rules() if rule.rule.startswith("/v1")]

    assert len(private) >= 4
    assert {scope_of(endpoint) for endpoint in private} == {"search"}


def test_no_entry_of_the_table_is_left_over(app):
    blueprints = {rule.endpoint.rpartition(".")[0] for rule in app.url_map.iter_rules()}

    assert set(ACCESS) == blueprints


@pytest.mark.parametrize(("key", "status"), [(None, 401), (WEAK_KEY, 403), (GOOD_KEY, 403)])
def test_a_blueprint_nobody_listed_is_closed_to_all(key, status):
    app = make_app(FakeServices())
    stray = Blueprint("stray", __name__)
    stray.add_url_rule("/v1/stray", "show", lambda: "secret")
    app.register_blueprint(stray)

    response = app.test_client().call("GET", "/v1/stray", key=key)

    assert response.status_code == status
    assert "secret" not in response.text


@pytest.mark.parametrize(("method", "path", "options"), PRIVATE_CALLS)
def test_no_key_is_not_enough(client, services, method, path, options):
    response = client.call(method, path, key=None, **options)

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="research-api"'
    assert services.keys.asked == [(None, "127.0.0.1")]
    assert services.search.asked == services.works.asked == services.edges.asked == []


@pytest.mark.parametrize(("method", "path", "options"), PRIVATE_CALLS)
def test_a_key_without_the_scope_is_not_enough(client, services, method, path, options):
    response = client.call(method, path, key=WEAK_KEY, **options)

    assert response.status_code == 403
    assert services.search.asked == services.works.asked == services.edges.asked == []


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/openapi.json", "/docs", "/problems/invalid", "/"])
def test_public_routes_ask_for_no_key(client, services, path):
    assert client.call("GET", path, key=None).status_code < 400
    assert services.keys.asked == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {GOOD_KEY}"},
        {"Authorization": f"BEARER   {GOOD_KEY} "},
        {"X-API-Key": f" {GOOD_KEY}"},
        {"Authorization": f"bearer {GOOD_KEY}", "X-API-Key": GOOD_KEY},
        {"Authorization": "Basic dXNlcjpwYXNz", "X-API-Key": GOOD_KEY},
    ],
)
def test_a_key_is_found_where_it_may_stand(client, services, headers):
    assert client.call("GET", "/v1/search?q=x", key=None, headers=headers).status_code == 200
    assert services.keys.asked == [(GOOD_KEY, "127.0.0.1")]


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {GOOD_KEY}", "X-API-Key": WEAK_KEY},
        {"Authorization": "Bearer ", "X-API-Key": GOOD_KEY},
        {"Authorization": "Bearer"},
        {"Authorization": GOOD_KEY},
        {"Authorization": f"Basic {GOOD_KEY}"},
        {"Authorization": f"Bearer{GOOD_KEY}"},
        {"Authorization": "Bearer schlüssel"},
        {"X-API-Key": ""},
        {"X-API-Key": "\u00ff" * 40},
    ],
)
def test_anything_else_is_no_key(client, headers):
    assert client.call("GET", "/v1/search?q=x", key=None, headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("failure", "status"), [(DatabaseUnavailable("Try again."), 503), (Forbidden("Not from there."), 403)]
)
def test_what_the_keys_service_says_is_passed_on(client, services, failure, status):
    services.keys.failure = failure

    assert client.call("GET", "/v1/search?q=x").status_code == status


def test_a_stranger_is_not_told_what_is_wrong_with_the_request(client):
    response = client.call("POST", "/v1/search", key=None, data=b"{", headers={"Accept": "text/html"})

    assert response.status_code == 401


def test_public_is_said_in_so_many_words():
    """A typo in the table must close a route, never open it."""
    assert {value for value in ACCESS.values() if value != PUBLIC} == {"search"}
