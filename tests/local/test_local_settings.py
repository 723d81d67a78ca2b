"""What a run reads from its surroundings, without starting anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from research_api.local.errors import StartupError
from research_api.local.processes import read_procfile
from research_api.local.run_settings import read_run_settings


def test_an_empty_surrounding_gives_the_documented_defaults(tmp_path: Path) -> None:
    settings = read_run_settings(tmp_path, {})

    assert settings.data_dir == tmp_path / ".data"
    assert settings.host == "127.0.0.1"
    assert (settings.port, settings.internal_port, settings.flower_port) == (8000, 8001, 8002)
    assert settings.with_demo
    assert settings.given("DATABASE_URL") is None


def test_the_other_ports_follow_the_first(tmp_path: Path) -> None:
    settings = read_run_settings(tmp_path, {"PORT": "9000", "FLOWER_PORT": "7000"})

    assert settings.internal_url == "http://127.0.0.1:9001"
    assert settings.flower_url == "http://127.0.0.1:7000"


def test_the_environment_wins_over_the_projects_file(tmp_path: Path) -> None:
    """An empty variable is an unset one there and here, so a copied example changes nothing."""
    (tmp_path / ".env").write_text("PORT=9000\nHOST=0.0.0.0\nDATABASE_URL=\nSOURCES=catalog # all\n")

    settings = read_run_settings(tmp_path, {"PORT": "9100", "HOST": ""})

    assert settings.port == 9100
    assert settings.host == "0.0.0.0"  # noqa: S104 - nothing listens here
    assert settings.url == "http://127.0.0.1:9100"
    assert settings.given("DATABASE_URL") is None
    assert settings.environment["SOURCES"] == "catalog"


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("redis://elsewhere\n")

    settings = read_run_settings(tmp_path, {"REDIS_URL_FILE": "secret"})

    assert settings.given("REDIS_URL") == "redis://elsewhere"


def test_a_secret_file_that_is_missing_is_named(tmp_path: Path) -> None:
    settings = read_run_settings(tmp_path, {"REDIS_URL_FILE": "nowhere"})

    with pytest.raises(StartupError, match="REDIS_URL_FILE=nowhere"):
        settings.given("REDIS_URL")


@pytest.mark.parametrize("text", ["0", "65536", "-1", "http", "8000.0", "８０００"])
def test_a_port_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(StartupError, match="PORT"):
        read_run_settings(tmp_path, {"PORT": text})


def test_two_settings_with_one_port_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="differ"):
        read_run_settings(tmp_path, {"PORT": "9000", "FLOWER_PORT": "9001"})


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
