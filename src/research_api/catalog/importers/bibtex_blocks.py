"""Cuts a stream of BibTeX into its blocks, in bounded memory, and has bibtexparser take each apart.

bibtexparser wants the whole file as one text and keeps all of it. It gives a block up where the next one begins a
line; so a file can be cut at those lines without changing what is read.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass

from bibtexparser.entrypoint import parse_string
from bibtexparser.model import (
    Block,
    Entry,
    ExplicitComment,
    ImplicitComment,
    ParsingFailedBlock,
    Preamble,
    String,
)

from research_api.catalog.importers.text_lines import MAX_RECORD_CHARACTERS, TOO_LONG, TextLines, check_utf_8
from research_api.records.errors import Rejected

_BLOCK = re.compile(r"[ \t]*@[ \t]*\w+[ \t]*[{(]")
# BibTeX counts a brace behind a line break (\\); bibtexparser takes the second backslash for an escape
_BREAK_BEFORE_BRACE = re.compile(r"\\\\(?=[{}])")
_MALFORMED = "not well-formed BibTeX: a brace, a quotation mark, a comma or a = is missing or too much"


@dataclass(frozen=True, slots=True)
class Macro:
    """A @string. value: as it stands, with its quotation marks."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class RawEntry:
    """An entry; kind, key and names of fields as they are, the names in lower case, values with their quotes."""

    kind: str
    key: str
    fields: dict[str, str]


def read_blocks(lines: TextLines) -> Iterator[tuple[int, RawEntry | Macro | Rejected]]:
    """Every entry, macro, and reason for which there is none, with its line, in order."""
    # it logs each malformed block, which is told as a reject
    logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)
    for line, text in _cut(lines):
        if text is None:
            yield line, Rejected(TOO_LONG)
        else:
            yield from _taken_apart(line, text)


def _cut(lines: TextLines) -> Iterator[tuple[int, str | None]]:
    """From each line that begins a block to the next; None for one that is too long. What is before is a comment."""
    begin, block, size = 0, list[str](), 0
    for line, text in lines:
        if _BLOCK.match(text):
            if begin:
                yield begin, "\n".join(block) if size <= MAX_RECORD_CHARACTERS else None
            begin, block, size = line, [], 0
        size += len(text) + 1
        if begin and size <= MAX_RECORD_CHARACTERS:
            block.append(text)
    if begin:
        yield begin, "\n".join(block) if size <= MAX_RECORD_CHARACTERS else None


def _taken_apart(line: int, text: str) -> Iterator[tuple[int, RawEntry | Macro | Rejected]]:
    try:
        check_utf_8(text)
    except Rejected as reason:
        yield line, reason
        return
    library = parse_string(_BREAK_BEFORE_BRACE.sub(r"\\\\ ", text), parse_stack=[])
    for block in library.blocks:
        begin = line + max(block.start_line or 0, 0)
        whole = block.ignore_error_block if isinstance(block, ParsingFailedBlock) else block
        if isinstance(whole, String):
            yield begin, Macro(whole.key.lower(), str(whole.value))
        elif isinstance(whole, Entry):
            # of a field that stands twice the first counts, as in BibTeX
            fields = {field.key.lower(): str(field.value) for field in reversed(whole.fields)}
            yield begin, RawEntry(whole.entry_type.lower(), whole.key, fields)
        elif not isinstance(block, ExplicitComment | ImplicitComment | Preamble) and not _is_comment(block):
            yield begin, Rejected(_MALFORMED)


def _is_comment(block: Block) -> bool:
    """True also where an entry stands inside a comment, which ends it there."""
    return (block.raw or "").lstrip().lower().startswith("@comment")
