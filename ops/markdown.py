"""Pieces of Markdown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

MAX_LINE = 90
_FLAT = re.compile(r"[\[{]\n[^\[\]{}]*?\n *[\]}]")


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Its lines; a column that is empty in every row is left out."""
    found = [list(row) for row in rows]
    kept = [place for place in range(len(columns)) if any(row[place] for row in found)]
    cells = [[row[place].replace("|", "\\|") for place in kept] for row in found]
    head = [columns[place] for place in kept]
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(kept), *cells)]


def anchor(heading: str) -> str:
    """What GitHub and most viewers make of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def code(language: str, text: str) -> list[str]:
    """A fenced block."""
    return [f"```{language}", text, "```"]


def pretty(value: object) -> str:
    """JSON for people: lists and objects without others inside stand on one line where they fit."""
    return _FLAT.sub(_on_one_line, json.dumps(value, ensure_ascii=False, indent=2))


def _on_one_line(found: re.Match[str]) -> str:
    line = re.sub(r"^([\[{]) | ([\]}])$", r"\1\2", re.sub(r"\n *", " ", found[0]))
    return line if len(line) <= MAX_LINE else found[0]
