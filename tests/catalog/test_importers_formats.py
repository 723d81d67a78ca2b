"""Formats are found by being there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from research_api.catalog import importers

NEW_FORMAT = """
from research_api.catalog.importers.contract import Row

NAME = "lines"

def recognises(head):
    return head.startswith(b"LINES")

def read(stream, namespace):
    yield Row(1, None, "nothing yet")
"""


def test_the_formats_are_those_of_the_manual() -> None:
    manual = (Path(__file__).parents[2] / "docs" / "formats.md").read_text()

    assert list(importers.formats()) == [
        "acl-jsonl", "acl-xml", "arxiv-jsonl", "bibtex", "collection", "crossref", "csl-json", "csv", "demo", "ndjson",
        "openalex", "pubmed-xml", "ris",
    ]  # fmt: skip
    assert all(f"## `{name}`" in manual for name in importers.formats())


def test_every_format_has_the_three_names_and_a_manual() -> None:
    for name, module in importers.formats().items():
        assert name == module.NAME
        assert callable(module.recognises)
        assert callable(module.read)
        assert "Source" in str(module.__doc__) or name == "demo"


def test_a_new_format_is_one_new_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lines_of_text.py").write_text(NEW_FORMAT)
    monkeypatch.setattr(importers, "__path__", [*importers.__path__, str(tmp_path)])
    monkeypatch.delitem(sys.modules, f"{importers.__name__}.lines_of_text", raising=False)
    importers.formats.cache_clear()

    try:
        found = importers.recognise(b"LINES of text")
        assert found is importers.formats()["lines"]
    finally:
        importers.formats.cache_clear()


@pytest.mark.parametrize(
    "head",
    [b"", b" \n", b"[]", b"{}", b"null", b"<html></html>", b"%PDF-1.7", b"\x00\xff\xfe", b"{" * 65_536],
)
def test_what_no_format_claims_is_nobodys(head: bytes) -> None:
    assert importers.recognise(head) is None


def test_what_two_formats_claim_is_nobodys() -> None:
    both = b'{"_id": "1", "id": "a", "title": "T", "summary": "S"}'

    assert sum(module.recognises(both) for module in importers.formats().values()) == 2
    assert importers.recognise(both) is None


def test_a_bare_openalex_work_is_no_item_of_csl() -> None:
    """Both have an id, a title and a type `article`; the id tells them apart."""
    head = b'{"id": "https://openalex.org/W7", "title": "On growth", "type": "article"}'

    assert importers.recognise(head) is importers.formats()["openalex"]
