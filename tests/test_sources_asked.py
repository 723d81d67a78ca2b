"""Whom the settings let be asked, for a search and for works by their identifiers."""

from __future__ import annotations

from pathlib import Path

import pytest

from research_api.bootstrap import default_sources, sources_of_works
from research_api.config import Settings, load


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


def settings_with(folder: Path, sources: str) -> Settings:
    return load(
        {
            "DATA_DIR": str(folder),
            "DATABASE_URL": "postgresql://app:hunter22@database/research",
            "REDIS_URL": "redis://:hunter33@cache:6379/0",
            "KEY_PEPPER": "0123456789abcdef0123456789abcdef",
            "SOURCES": sources,
        }
    )


def test_without_a_word_of_the_operator_works_are_asked_of_one_source_more_than_a_search(
    folder: Path,
) -> None:
    settings = settings_with(folder, "")

    assert {"catalog", "crossref", "openalex"} <= set(default_sources(settings))
    assert sources_of_works(settings) == (*default_sources(settings), "opencitations")


@pytest.mark.parametrize(
    ("sources", "searched", "of_works"),
    [
        ("catalog", ("catalog",), ("catalog",)),
        ("catalog,arxiv", ("catalog", "arxiv"), ("catalog", "arxiv")),
        ("crossref,unpaywall", ("crossref",), ("crossref", "unpaywall")),
        ("opencitations", ("catalog",), ("opencitations",)),
    ],
)
def test_nobody_is_asked_whom_the_operator_did_not_name(
    folder: Path, sources: str, searched: tuple[str, ...], of_works: tuple[str, ...]
) -> None:
    settings = settings_with(folder, sources)

    assert default_sources(settings) == searched
    assert sources_of_works(settings) == of_works
