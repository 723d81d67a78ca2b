"""Pieces of Lucene's query language that the words of a question never need, but identifiers do.

Source: Elasticsearch Reference, "Query string query", reserved characters (elastic.co/guide, read 2026-11)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator


def quoted(text: str, *, reserved: str = "") -> str:
    """The text as a phrase; `reserved`: signs that the source looks at even inside quotation marks."""
    return '"' + re.sub(rf'[\\"{re.escape(reserved)}]', r"\\\g<0>", text) + '"'


def any_of(terms: Iterable[str]) -> str:
    """`(a OR b)`."""
    return f"({' OR '.join(terms)})"


def year_range(
    field: str, first: int | None, last: int | None, *, lowest: str = "*", highest: str = "*"
) -> str:
    """`field:[2010 TO *]`, each year in four digits as dates and texts are compared; "" for no bound at all."""
    if first is None and last is None:
        return ""
    ends = [lowest if first is None else _four_digits(first), highest if last is None else _four_digits(last)]
    return f"{field}:[{' TO '.join(ends)}]"


def _four_digits(year: int) -> str:
    return f"{min(max(year, 0), 9_999):04}"


def conjunction_of(*clauses: str) -> str:
    """All that is not empty, joined by AND; what stands in an earlier clause already is not said again."""
    joint = ""
    for clause in clauses:
        if clause and clause not in joint:
            joint = f"{joint} AND {clause}" if joint else clause
    return joint


def batches(texts: Iterable[str], *, most: int, most_characters: int) -> Iterator[list[str]]:
    """The texts, each once, in lists of at most `most` that stay below so many characters; a longer text is alone."""
    batch: list[str] = []
    for text in dict.fromkeys(texts):
        if batch and (len(batch) == most or sum(map(len, batch)) + len(text) > most_characters):
            yield batch
            batch = []
        batch.append(text)
    if batch:
        yield batch
