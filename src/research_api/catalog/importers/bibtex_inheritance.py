"""What an entry inherits from the one that its `crossref` names.

BibTeX wants the parent behind its children; a stream cannot look ahead, so children wait for it, up to a limit.
Source: BibTeX, btxdoc.pdf, 3.2 (cross references; read 2026-11).
"""

from __future__ import annotations

from collections.abc import Iterator

from research_api.catalog.importers.bibtex_blocks import RawEntry

MAX_WAITING_CHARACTERS = 20_000_000
MAX_PARENTS = 50_000

_PARENT_KINDS = frozenset({"proceedings", "mvproceedings", "book", "mvbook", "collection", "mvcollection"})
# what a parent gives, under the name that the child has for it
_GIVEN = {"title": "booktitle", "booktitle": "booktitle", "year": "year", "month": "month", "date": "date"}


class Inheritance:
    """Entries without `crossref` pass at once; children wait for their parent, where it has not been yet."""

    def __init__(self) -> None:
        self._parents: dict[str, dict[str, str]] = {}
        self._waiting: dict[str, list[tuple[int, RawEntry]]] = {}
        self._waiting_characters = 0

    def complete(self, line: int, entry: RawEntry) -> Iterator[tuple[int, RawEntry]]:
        """The entry and those that waited for it, with what they inherit; nothing where it has to wait itself."""
        parent_key = entry.fields.get("crossref", "").strip().lower()
        if parent_key and parent_key not in self._parents:
            size = sum(map(len, entry.fields.values()))
            if self._waiting_characters + size <= MAX_WAITING_CHARACTERS:
                self._waiting_characters += size
                self._waiting.setdefault(parent_key, []).append((line, entry))
                return
        yield line, _with(entry, self._parents.get(parent_key, {}))
        if entry.kind in _PARENT_KINDS and len(self._parents) < MAX_PARENTS:
            given = {name: entry.fields[name] for name in _GIVEN if name in entry.fields}
            self._parents[entry.key.lower()] = given
            for child_line, child in self._waiting.pop(entry.key.lower(), ()):
                self._waiting_characters -= sum(map(len, child.fields.values()))
                yield child_line, _with(child, given)

    def rest(self) -> Iterator[tuple[int, RawEntry]]:
        """The entries that still wait, as they are, in the order of the file."""
        yield from sorted(
            (one for waiting in self._waiting.values() for one in waiting), key=lambda one: one[0]
        )


def _with(entry: RawEntry, given: dict[str, str]) -> RawEntry:
    inherited = {_GIVEN[name]: value for name, value in given.items()}
    return RawEntry(entry.kind, entry.key, inherited | entry.fields) if given else entry
