"""docs/sources.md says what the modules of the sources say."""

from __future__ import annotations

from ops.sources_table import FIELDS, TARGET, page_with, table_in
from research_api.domain.search import SOURCE_NAMES


def test_the_page_is_up_to_date() -> None:
    """After a change to a module: `make sources-table`."""
    page = TARGET.read_text(encoding="utf-8")

    assert page == page_with(table_in(page))


def test_the_page_shows_what_each_recorded_source_fills() -> None:
    lines = table_in(TARGET.read_text(encoding="utf-8"))
    named = lines[0].strip("| ").split(" | ")[1:]

    assert set(named) <= set(SOURCE_NAMES)
    assert len(named) >= 6
    assert [line.split("`")[1] for line in lines if line.startswith("| `")] == list(FIELDS)
