"""Titles in two pieces."""

from __future__ import annotations

from research_api.records import cleaning


def with_subtitle(title: str, subtitle: str | None) -> str:
    """`Title: Subtitle`; a subtitle that only repeats words of the title is left out."""
    if not subtitle or _letters(subtitle) in _letters(title):
        return title
    joint = " " if title[-1] in ":?!.–—" else ": "
    return cleaning.cut_at_word(f"{title}{joint}{subtitle}", cleaning.MAX_TITLE_CHARACTERS)


def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())
