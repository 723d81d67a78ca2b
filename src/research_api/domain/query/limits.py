"""How large a query may be."""

from __future__ import annotations

from research_api.domain.search import MAX_QUERY_CHARACTERS

# Parentheses inside parentheses; the parser needs four Python frames for each.
MAX_DEPTH = 20
# Leaves of the tree: words, phrases and years.
MAX_CLAUSES = 256
# A prefix may stand for thousands of words of the index.
MAX_PREFIXES = 10
# A pasted text can have a fault in every word; the first ones tell the story.
MAX_WARNINGS = 20

__all__ = ["MAX_CLAUSES", "MAX_DEPTH", "MAX_PREFIXES", "MAX_QUERY_CHARACTERS", "MAX_WARNINGS"]
