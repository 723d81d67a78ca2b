"""What the settings let out, and the command that tells it."""

from __future__ import annotations

import json

import pytest
from click.testing import Result
from flask.testing import FlaskCliRunner

from research_api.app import create_app
from research_api.bootstrap import egress_policy, model_loader
from research_api.config import Settings, load
from research_api.config.endpoints import Endpoint, read_url
from research_api.providers.registry import public_urls

GIVEN = {
    "DATABASE_URL": "postgresql://unused",
    "REDIS_URL": "redis://unused",
    "KEY_PEPPER": "used-for-nothing-at-all",
}


def settings_of(**values: str) -> Settings:
    return load({**GIVEN, **values})


def checked(url: str, *options: str, **values: str) -> Result:
    app = create_app(settings=settings_of(**values))
    return FlaskCliRunner(app).invoke(args=["egress", "check", url, *options])


def test_by_default_only_sources_and_the_servers_of_models_are_let_out() -> None:
    policy = egress_policy(settings_of())

    sources = {url.endpoint for text in public_urls() if (url := read_url(text)) is not None}
    assert len(sources) >= 10
    assert policy.listed == {*sources, Endpoint("api.openai.com", 443), Endpoint("huggingface.co", 443)}
    assert policy.private == frozenset()


def test_an_address_of_the_operators_is_let_out_by_https_or_where_it_is_allowed() -> None:
    policy = egress_policy(
        settings_of(
            OPENALEX_BASE_URL="http://127.0.0.1:9401/",
            CROSSREF_BASE_URL="https://mirror.example.org:8443/crossref",
            EGRESS_ALLOW="ollama:11434, 127.0.0.1:9402",
        )
    )

    assert Endpoint("mirror.example.org", 8443) in policy.listed
    assert Endpoint("127.0.0.1", 9401) not in policy.listed | policy.private
    assert policy.private == {Endpoint("ollama", 11434), Endpoint("127.0.0.1", 9402)}


@pytest.mark.parametrize(("hub", "count"), [("https://huggingface.co", 5), ("https://hub.example.org", 1)])
def test_only_the_public_hub_sends_people_elsewhere(hub: str, count: int) -> None:
    remotes = model_loader(settings_of(HF_ENDPOINT=hub)).remotes

    assert len(remotes.hub_guard.policy.listed) == count
    assert remotes.openai_guard.policy.listed == {Endpoint("api.openai.com", 443)}


def test_the_command_says_yes_with_the_addresses() -> None:
    result = checked("http://127.0.0.1:9401/works?q=x", "--json", EGRESS_ALLOW="127.0.0.1:9401")

    assert json.loads(result.stdout) == {"allowed": True, "reason": "allowed", "addresses": ["127.0.0.1"]}
    assert result.exit_code == 0


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9401/", "https://127.0.0.1", "x", "http://2130706433:9402"]
)
def test_the_command_says_no_with_the_reason(url: str) -> None:
    result = checked(url, "--json", EGRESS_ALLOW="127.0.0.1:9402")

    told = json.loads(result.stdout)
    assert (told["allowed"], told["addresses"]) == (False, [])
    assert len(told["reason"]) > 10
    assert result.exit_code == 1


def test_the_command_speaks_to_people_too() -> None:
    result = checked("http://169.254.169.254:80/", EGRESS_ALLOW="169.254.169.254:80")

    assert result.stdout.splitlines() == [
        "allowed:   no",
        "reason:    it resolves to an address that is never allowed",
        "addresses: 169.254.169.254",
    ]
    assert result.exit_code == 1
