"""Keys of what the cache keeps of questions: equal where the same is asked, and free of what was asked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from research_api.domain.query import print_query, repeated_words
from research_api.services.question import Question

# so long a kept answer is given as it is, and so long it is there at all
FRESH_SECONDS = 15 * 60
KEEP_SECONDS = 24 * 3600


def asked_parts(question: Question) -> list[object]:
    """What of a question's text makes a difference: its spelling makes none."""
    return [
        print_query(question.query) if question.query is not None else None,
        sorted(repeated_words(question.request.text).items()),
        [f"{one.scheme}:{one.value}" for one in question.identifiers],
    ]


def digest(parts: Sequence[object]) -> str:
    """Short, and the same in every process; parts: what JSON can say."""
    text = json.dumps(parts, sort_keys=True)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()
