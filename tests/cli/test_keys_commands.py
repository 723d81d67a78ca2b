"""`flask keys`, over a keys service with a store in memory."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from flask import Flask

from research_api.cli import register
from research_api.config import SettingsInvalid
from research_api.domain.errors import DatabaseUnavailable
from research_api.services.keys import MAX_LISTED, KeyRequest, KeysService
from tests.keys.key_fakes import FakeClock, FakeKeyStore

CREATE = ["keys", "create", "--name", "notebook", "--scopes", "search, read"]


@pytest.fixture
def store() -> FakeKeyStore:
    return FakeKeyStore()


@pytest.fixture
def service(store: FakeKeyStore) -> KeysService:
    return KeysService(store, FakeClock(), b"p3pper-of-these-T3sts")


def runner_of(services):
    app = Flask("test")
    app.extensions["services"] = services
    register(app)
    return app.test_cli_runner()


@pytest.fixture
def run(service):
    runner = runner_of(lambda: SimpleNamespace(keys=service))
    return lambda *arguments: runner.invoke(args=arguments)


def failing_run(error):
    def services():
        raise error

    return runner_of(services).invoke(args=["keys", "list"])


def assert_one_line_error(result, exit_code, *parts):
    assert result.exit_code == exit_code
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert result.stderr.startswith("Error: ")
    assert len(result.stderr.splitlines()) == 1
    for part in parts:
        assert part in result.stderr


def test_create_gives_one_object_with_the_documented_names(run, service):
    result = run(*CREATE, "--organization", "Lab", "--json")

    made = json.loads(result.stdout)
    assert result.exit_code == 0
    assert list(made) == ["id", "key", "name", "scopes", "organization", "limits", "created_at"]
    assert (made["name"], made["scopes"], made["organization"]) == ("notebook", ["read", "search"], "Lab")
    assert made["created_at"] == "2026-11-01T12:00:00Z"
    assert service.authenticate(made["key"], "192.0.2.7").key_id == made["id"]


def test_limits_are_stored_and_money_is_a_decimal_string(run):
    result = run(
        *CREATE, "--rate-per-minute", "60", "--rate-per-day", "1000", "--daily-budget-usd", "2.5",
        "--max-running", "2", "--max-queued", "10", "--json",
    )  # fmt: skip

    assert json.loads(result.stdout)["limits"] == {
        "rate_per_minute": 60,
        "rate_per_day": 1000,
        "daily_budget_usd": "2.500000",
        "max_running": 2,
        "max_queued": 10,
    }


def test_limits_not_given_are_null(run):
    assert set(json.loads(run(*CREATE, "--json").stdout)["limits"].values()) == {None}


@pytest.mark.parametrize(
    ("given", "shown"), [("0", "0.000000"), ("0.000001", "0.000001"), ("1234567.1", "1234567.100000")]
)
def test_amounts_are_exact(run, given, shown):
    made = json.loads(run(*CREATE, "--daily-budget-usd", given, "--json").stdout)

    assert made["limits"]["daily_budget_usd"] == shown


@pytest.mark.parametrize("amount", ["-1", "1e9999999", "nan", "0.0000001", "two", "", "1,5", "٢"])
def test_an_amount_that_is_none_is_a_usage_error(run, store, amount):
    result = run(*CREATE, f"--daily-budget-usd={amount}")

    assert result.exit_code == 2
    assert store.keys == {}


def test_expiry_networks_and_test_mark_reach_the_key(run):
    made = json.loads(
        run(
            *CREATE, "--expires", "2030-01-31T01:00:00+01:00", "--allow-ip", "192.0.2.0/24",
            "--allow-ip", "2001:db8::/32", "--test", "--json",
        ).stdout
    )  # fmt: skip

    shown = json.loads(run("keys", "show", made["id"], "--json").stdout)

    assert made["key"].startswith("rk_test_")
    assert (shown["expires_at"], shown["is_test"]) == ("2030-01-31T00:00:00Z", True)
    assert shown["allow_ip"] == ["192.0.2.0/24", "2001:db8::/32"]


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--expires", "2030-01-31"], "time zone"),
        (["--expires", "2020-01-31T00:00:00Z"], "future"),
        (["--allow-ip", "192.0.2.1/24"], "192.0.2.0/24"),
        (["--rate-per-minute", "0"], "rate_per_minute"),
        (["--organization", ""], "Organization"),
    ],
)
def test_a_rule_broken_is_one_line_and_code_2(run, store, arguments, part):
    assert_one_line_error(run(*CREATE, *arguments), 2, part)
    assert store.keys == {}


@pytest.mark.parametrize(
    "arguments",
    [
        ["--expires", "soon"],
        ["--rate-per-day", "many"],
        ["--no-such-option"],
        ["--name", ""],
        ["--scopes", "root"],
    ],
)
def test_bad_usage_is_code_2(run, store, arguments):
    assert run(*CREATE, *arguments).exit_code == 2
    assert store.keys == {}


def test_for_people_the_key_stands_alone_on_a_line_and_once(run, service):
    lines = run(*CREATE).stdout.splitlines()

    keys = [line for line in lines if line.startswith("rk_live_")]
    assert len(keys) == 1
    service.authenticate(keys[0], "192.0.2.7")
    assert any("not shown again" in line for line in lines)


def test_list_and_show_never_have_the_secret(run):
    made = json.loads(run(*CREATE, "--json").stdout)
    secret = made["key"][17:]

    for arguments in (["list"], ["show", made["id"]], ["revoke", made["id"]]):
        for form in ([], ["--json"]):
            shown = run("keys", *arguments, *form).stdout
            assert made["id"] in shown
            assert secret not in shown


def test_list_shows_names_as_they_are(run, service):
    """A name is no markup, and a long one stays whole in a pipe."""
    service.create(KeyRequest(name="[red]" + "n" * 60, scopes=["search"]))

    assert "[red]" + "n" * 60 in run("keys", "list").stdout


def test_list_can_be_narrowed_to_an_organization(run, service):
    service.create(KeyRequest(name="one", scopes=["search"], organization="Lab"))
    service.create(KeyRequest(name="two", scopes=["search"]))

    listed = json.loads(run("keys", "list", "--organization", "Lab", "--json").stdout)

    assert [key["name"] for key in listed] == ["one"]


def test_a_list_that_was_cut_says_so(run, service):
    for number in range(MAX_LISTED + 1):
        service.create(KeyRequest(name=str(number), scopes=["search"]))

    result = run("keys", "list", "--json")

    assert len(json.loads(result.stdout)) == MAX_LISTED
    assert "Only the newest" in result.stderr


def test_an_empty_list_is_an_empty_list(run):
    assert json.loads(run("keys", "list", "--json").stdout) == []
    assert run("keys", "list").exit_code == 0


def test_revoke_tells_since_when(run):
    made = json.loads(run(*CREATE, "--json").stdout)

    revoked = json.loads(run("keys", "revoke", made["id"], "--json").stdout)

    assert revoked["revoked_at"] == "2026-11-01T12:00:00Z"


@pytest.mark.parametrize("verb", ["show", "revoke"])
def test_an_unknown_id_is_code_3(run, verb):
    assert_one_line_error(run("keys", verb, "nobody00"), 3, "No key has this id")


def test_a_taken_id_is_code_4(store):
    service = KeysService(store, FakeClock(), b"p" * 16, random_bytes=lambda length: b"\x01" * length)
    runner = runner_of(lambda: SimpleNamespace(keys=service))
    runner.invoke(args=CREATE)

    assert_one_line_error(runner.invoke(args=CREATE), 4, "taken")


def test_a_dependency_that_is_down_is_code_5():
    assert_one_line_error(failing_run(DatabaseUnavailable("The database does not answer.")), 5, "database")


def test_missing_settings_are_code_2_and_listed():
    error = SettingsInvalid(["DATABASE_URL is not set", "KEY_PEPPER is not set"])

    assert_one_line_error(failing_run(error), 2, "DATABASE_URL", "KEY_PEPPER")


def test_an_unexpected_error_is_one_line_without_its_text():
    error = RuntimeError("postgresql://app:hunter2@db/x\nrk_live_3fK9aQ2x_secret")

    result = failing_run(error)

    assert_one_line_error(result, 1, "RuntimeError")
    assert "hunter2" not in result.output
    assert "secret" not in result.output
