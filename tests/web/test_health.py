"""What probes are told, and what only the internal port tells."""

from __future__ import annotations

import pytest

from research_api.services.health import State


def test_liveness_asks_nothing_of_any_service(client, services):
    services.health = None

    response = client.call("GET", "/livez", key=None)

    assert (response.status_code, response.json) == (200, {"status": "alive"})


@pytest.mark.parametrize("state", [State.READY, State.DEGRADED])
def test_an_instance_that_serves_says_how_well_and_no_more(client, services, state):
    services.health.state = state

    response = client.call("GET", "/readyz", key=None)

    assert (response.status_code, response.json) == (200, {"status": state.value})


def test_an_instance_that_cannot_serve_is_a_problem_without_details(client, services):
    services.health.state = State.UNREADY

    response = client.call("GET", "/readyz", key=None)

    assert response.status_code == 503
    assert response.json["type"].endswith("/problems/not-ready")
    assert response.headers["Retry-After"]
    assert "checks" not in response.json


@pytest.mark.parametrize(
    ("state", "status"), [(State.READY, 200), (State.DEGRADED, 200), (State.UNREADY, 503)]
)
def test_the_internal_port_names_each_check(internal_client, services, state, status):
    services.health.state = state

    response = internal_client.call("GET", "/readyz", key=None)

    assert response.status_code == status
    assert response.json["checks"] == [{"name": "database", "state": state.value, "latency_ms": 2}]


@pytest.mark.parametrize("path", ["/v1/search", "/openapi.json", "/docs", "/"])
def test_the_internal_port_has_nothing_else(internal_client, path):
    assert internal_client.call("GET", path).status_code == 404
    assert internal_client.call("GET", "/livez").status_code == 200
