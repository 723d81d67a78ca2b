"""What a run reads from its surroundings, without starting anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from research_api.config import SettingsInvalid, load
from research_api.local.errors import StartupError
from research_api.local.processes import read_procfile
from research_api.local.run_settings import read_run_settings

GIVEN = {
    "DATABASE_URL": "postgresql://u@h/d",
    "REDIS_URL": "redis://h",
    "KEY_PEPPER": "p3pper-of-these-T3sts",
}


@pytest.fixture(autouse=True)
def project_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run belongs to the folder it starts in."""
    monkeypatch.chdir(tmp_path)


def test_an_empty_surrounding_gives_the_documented_defaults(tmp_path: Path) -> None:
    settings = read_run_settings({})

    assert settings.data_dir == tmp_path / ".data"
    assert settings.host == "127.0.0.1"
    assert (settings.port, settings.internal_port, settings.flower_port) == (8000, 8001, 8002)
    assert settings.with_demo
    assert settings.database_url is settings.redis_url is settings.key_pepper is settings.public_url is None


def test_the_other_ports_follow_the_first() -> None:
    settings = read_run_settings({"PORT": "9000", "FLOWER_PORT": "7000"})

    assert settings.internal_url == "http://127.0.0.1:9001"
    assert settings.flower_url == "http://127.0.0.1:7000"


def test_the_environment_wins_over_the_projects_file(tmp_path: Path) -> None:
    """An empty variable is an unset one there and here, so a copied example changes nothing."""
    (tmp_path / ".env").write_text("PORT=9000\nHOST=0.0.0.0\nDATABASE_URL=\nSOURCES=catalog # all\n")

    settings = read_run_settings({"PORT": "9100", "HOST": ""})

    assert settings.port == 9100
    assert settings.host == "0.0.0.0"  # noqa: S104 - nothing listens here
    assert settings.url == "http://127.0.0.1:9100"
    assert settings.database_url is None
    assert settings.environment["SOURCES"] == "catalog"


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("redis://elsewhere\n")

    settings = read_run_settings({"REDIS_URL_FILE": "secret"})

    assert settings.redis_url == "redis://elsewhere"


def test_what_is_given_is_kept_as_it_is_and_shown_to_nobody() -> None:
    given = {
        "DATABASE_URL": "postgres://u:hunter22@h/d?sslmode=require",
        "REDIS_URL": "rediss://:hunter22@h/1",
        "KEY_PEPPER": "hunter22 of sixteen",
        "PUBLIC_URL": "https://example.org/api",
    }

    settings = read_run_settings(given)

    assert given == {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "KEY_PEPPER": settings.key_pepper,
        "PUBLIC_URL": settings.public_url,
    }
    assert "hunter" not in repr(settings)


# values that every process of the run would refuse, so that the run has to
BAD = {
    "PORT": "８０００",
    "INTERNAL_PORT": "65536",
    "FLOWER_PORT": "-1",
    "DEMO": "maybe",
    "LOG_LEVEL": "loud",
    "SOURCES": "catalog,nowhere",
    "PUBLIC_URL": "ftp://hunter22.example.org",
    "DATABASE_URL": "mysql://u:hunter22@h/d",
    "CELERY_BROKER_URL": "sqs://hunter22",
    "KEY_PEPPER": "hunter22",
    "WEB_WORKERS": "none",
}


def test_all_that_is_bad_is_told_at_once_and_nothing_shown(tmp_path: Path) -> None:
    with pytest.raises(StartupError) as caught:
        read_run_settings({**BAD, "REDIS_URL_FILE": "nowhere"})

    told = str(caught.value).splitlines()
    assert sorted(line.split()[0] for line in told[1:]) == sorted([*BAD, "REDIS_URL"])
    assert "hunter" not in str(caught.value)


@pytest.mark.parametrize("name", BAD)
def test_each_bad_value_alone_is_refused_as_the_processes_refuse_it(name: str) -> None:
    with pytest.raises(StartupError) as ours:
        read_run_settings({name: BAD[name]})
    with pytest.raises(SettingsInvalid) as theirs:
        load({**GIVEN, name: BAD[name]})

    assert str(ours.value).splitlines()[1:] == [f"  {problem}" for problem in theirs.value.problems]


def test_production_accepts_what_a_run_provides_itself() -> None:
    assert read_run_settings({"PRODUCTION": "1"}).database_url is None


def test_a_kept_pepper_that_no_process_would_accept_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".data").mkdir()
    (tmp_path / ".data" / "key-pepper").write_text("short\n")

    with pytest.raises(StartupError, match="KEY_PEPPER must have"):
        read_run_settings({})


def test_two_settings_with_one_port_are_refused() -> None:
    with pytest.raises(StartupError, match="differ"):
        read_run_settings({"PORT": "9000", "FLOWER_PORT": "9001"})


@pytest.mark.parametrize("content", [None, "", "# nothing\n"])
def test_a_folder_without_processes_is_refused(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "Procfile").write_text(content)

    with pytest.raises(StartupError, match="Procfile"):
        read_procfile(tmp_path / "Procfile")


def test_the_procfile_has_no_shell_syntax_but_variables() -> None:
    """Each line replaces the shell that starts it, so that signals reach the program itself."""
    processes = read_procfile(Path(__file__).parents[2] / "Procfile")

    assert list(processes) == ["web", "internal", "index", "maintenance", "beat", "flower"]
    assert not [line for line in processes.values() if set(line) & set(";&|<>()`'\"")]
