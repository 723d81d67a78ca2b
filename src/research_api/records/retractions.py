"""Titles that say that their work was taken back."""

from __future__ import annotations

import re

_MARK = re.compile(r"\W{0,3}(?:RETRACTED|Retracted)(?: (?:ARTICLE|CHAPTER|PAPER|Article|Chapter|Paper))?\s*:")


def is_marked(title: str) -> bool:
    """True for `RETRACTED ARTICLE: ...` and its like; a notice about another work begins otherwise."""
    return _MARK.match(title) is not None
