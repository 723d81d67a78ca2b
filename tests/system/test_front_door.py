"""What `make run` tells a person is true, and every door answers as the design says."""

from __future__ import annotations

import psutil
import pytest

from tests.system.running import System, ask, wait_until

pytestmark = pytest.mark.services


def test_the_printed_line_finds_papers_at_once(system: System) -> None:
    """A person pastes it the moment it appears."""
    key, url = system.tried()

    assert system.line("Ready: ") == system.url
    assert system.line("Key: ") == system.demo_key
    assert key == f"Bearer {system.demo_key}"
    assert url.startswith(f"{system.url}/v1/search?q=")
    assert system.first_try is not None
    assert system.first_try.status == 200
    assert system.first_try.json["results"], system.first_try.json["warnings"]
    assert not system.first_try.json["degraded"]


def test_run_json_leads_other_programs_to_every_part(system: System) -> None:
    facts = system.facts

    assert (system.data_dir / "run.json").stat().st_mode & 0o777 == 0o600
    assert set(facts) == {"pid", "url", "internal_url", "flower_url", "database_url", "redis_url"}
    assert facts["pid"] == system.pid
    assert (facts["url"], facts["internal_url"], facts["flower_url"]) == (
        system.url,
        system.internal_url,
        system.flower_url,
    )
    assert system.query("SELECT 1") == [(1,)]


def test_health_is_told_to_all_and_its_details_to_the_inside(system: System) -> None:
    wait_until(lambda: ask(f"{system.url}/readyz").json["status"] == "ready", "all parts are ready")

    public, internal = ask(f"{system.url}/readyz"), ask(f"{system.internal_url}/readyz")

    assert ask(f"{system.url}/livez").json == ask(f"{system.internal_url}/livez").json == {"status": "alive"}
    assert (public.status, public.json) == (200, {"status": "ready"})
    assert (internal.status, internal.json["status"]) == (200, "ready")
    assert [(one["name"], one["state"]) for one in internal.json["checks"]] == [
        ("database", "ready"),
        ("redis", "ready"),
        ("index", "ready"),
    ]


def test_the_internal_port_serves_no_catalog(system: System) -> None:
    answer = ask(
        f"{system.internal_url}/v1/search?q=dna", headers={"Authorization": f"Bearer {system.demo_key}"}
    )

    assert (answer.status, answer.headers["content-type"]) == (404, "application/problem+json")


def test_everything_listens_on_loopback_alone(system: System) -> None:
    listening = {
        (found.laddr.port, found.laddr.ip)
        for process in system.processes()
        for found in process.net_connections("tcp")
        if found.status == psutil.CONN_LISTEN
    }

    assert {address for _, address in listening} == {"127.0.0.1"}
    assert {port for port, _ in listening} >= {system.port, system.internal_port, system.flower_port}
    assert len(listening) == 5, listening


def test_flower_shows_the_workers(system: System) -> None:
    page = ask(f"{system.flower_url}/")

    assert page.status == 200
    assert b"index@" in page.body
    assert b"maintenance@" in page.body


def test_documents_for_people_and_programs_need_no_key(system: System) -> None:
    document, page = ask(f"{system.url}/openapi.json"), ask(f"{system.url}/docs")

    assert document.json["openapi"].startswith("3.1")
    assert document.json["servers"] == [{"url": system.url}]
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")


def test_a_problem_leads_to_a_page_about_it(system: System) -> None:
    problem = ask(f"{system.url}/v1/search?q=dna", headers={"X-Request-ID": "my-request-1"})

    assert (problem.status, problem.headers["content-type"]) == (401, "application/problem+json")
    assert problem.headers["x-request-id"] == problem.json["request_id"] == "my-request-1"
    assert problem.headers["www-authenticate"]
    assert problem.json["type"].startswith(f"{system.url}/problems/")
    assert ask(problem.json["type"], headers={"Accept": "application/json"}).json["status"] == 401
    assert ask(problem.json["type"], headers={"Accept": "text/html"}).body.startswith(b"<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/nowhere", 404),
        ("/v1/search", 422),
        ("/v1/search?q=%FF", 400),
        ("/v1/search?q=%28&mode=strict", 422),
        ("/v1/works/nonsense", 422),
        ("/v1/works/local:nowhere:1", 404),
        ("/v1/search?q=x&cursor=made-up", 400),
        ("/v1/search?q=" + "x" * 9000, 414),
    ],
)
def test_every_refusal_is_a_problem(system: System, target: str, status: int) -> None:
    answer = system.get(target)

    assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json["status"] == status


def test_a_second_run_on_the_same_folder_is_refused(system: System) -> None:
    """It must not disturb the first."""
    second = System()
    try:
        second.data_dir = system.data_dir
        with pytest.raises(AssertionError, match=f"process {system.pid}"):
            second.start()
    finally:
        second.data_dir = second.folder / "data"
        second.remove()

    assert ask(f"{system.url}/readyz").status == 200
    assert system.facts["pid"] == system.pid
