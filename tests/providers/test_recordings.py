"""No recording is left out without a reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from research_api.domain.works import Author, Identifier, OpenAccess, Record
from research_api.providers import registry
from tests.providers.endpoints import CALLED, IGNORED
from tests.providers.recordings import called, filled, is_called, reasons_to_ignore, recordings_of

SOURCES = sorted(CALLED)
# servers of language models stand in the same folder
NO_SOURCES = {"openai", "openai_compat"}


def test_every_folder_of_recordings_belongs_to_a_source(shared_data: Path) -> None:
    folders = {path.name for path in (shared_data / "cassettes").iterdir() if path.is_dir()}

    assert folders - NO_SOURCES == set(SOURCES)


@pytest.mark.parametrize("source", SOURCES)
def test_every_recording_is_read_or_ignored_for_one_reason(shared_data: Path, source: str) -> None:
    recordings = recordings_of(shared_data, source)
    undecided = {
        one.target: (is_called(one), reasons)
        for one in recordings
        if is_called(one) + len(reasons := reasons_to_ignore(one)) != 1
    }

    assert recordings
    assert undecided == {}


@pytest.mark.parametrize("source", SOURCES)
def test_every_pattern_fits_a_recording(shared_data: Path, source: str) -> None:
    targets = [one.target for one in recordings_of(shared_data, source)]
    patterns = [*CALLED[source], *IGNORED.get(source, {})]

    assert [one for one in patterns if not any(re.match(one, target) for target in targets)] == []


def test_answers_and_refusals_are_told_apart(shared_data: Path) -> None:
    answers, refusals = called(shared_data, "openalex"), called(shared_data, "openalex", refused=True)

    assert {one.status for one in answers} == {200}
    assert [one.status for one in refusals] == [404]


def test_filled_counts_what_a_record_has_and_not_what_it_leaves_open() -> None:
    bare = Record("s", "1", "Title")
    full = Record(
        source="s",
        source_id="2",
        title="Title",
        abstract="Text",
        authors=(Author("A B", orcid="0000-0002-1825-0097"), Author("C D")),
        year=2020,
        date="2020-01",
        venue="Journal",
        type="dataset",
        identifiers=(Identifier("doi", "10.5555/a"), Identifier("pmid", "1")),
        url="https://example.org",
        open_access=OpenAccess(is_oa=False, url="https://example.org", license="cc-by"),
        citation_count=0,
        retracted=True,
        references=(Identifier("doi", "10.5555/b"),),
    )

    counts = filled([bare, full])

    assert counts.pop("title") == 2
    assert counts.pop("authors in all") == 2
    assert set(counts.values()) == {1}
    assert len(counts) == 17


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_is_verified_where_a_recording_of_what_it_asks_is_at_hand(
    shared_data: Path, source: str
) -> None:
    assert registry.is_verified(source) is bool(called(shared_data, source))
