"""Reads graded judgements: BEIR's three columns with a header, or TREC's three or four without."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from ops.eval.errors import MalformedCollection
from ops.eval.lines import numbered

Judgements = dict[str, dict[str, int]]

_GRADE = re.compile(r"[+-]?[0-9]{1,9}")
# BEIR's, and what people call them
_HEADER_BEGINS = frozenset({"query-id", "query_id", "queryid", "qid", "query", "topic"})


def read_judgements(paths: Iterable[Path]) -> Judgements:
    """Query -> work -> grade of all files together; where a pair is judged twice, the higher grade.

    Raises MalformedCollection with file and line.
    """
    judgements: Judgements = {}
    for path in paths:
        for count, (place, line) in enumerate(numbered(path, path.open(encoding="utf-8-sig"))):
            if count == 0 and _is_header(line):
                continue
            query, work, grade = _row(place, line)
            grades = judgements.setdefault(query, {})
            grades[work] = max(grade, grades.get(work, grade))
    return judgements


def _cells(line: str) -> list[str]:
    """Ids may have blanks where tabs part the columns."""
    return [cell.strip() for cell in line.split("\t")] if "\t" in line else line.split()


def _is_header(line: str) -> bool:
    return _cells(line)[0].lower() in _HEADER_BEGINS


def _row(place: str, line: str) -> tuple[str, str, int]:
    cells = _cells(line)
    if len(cells) not in (3, 4) or not all(cells):
        raise MalformedCollection(
            f"{place}: a judgement has the columns query, work and grade, or query, 0, work and grade."
        )
    # TREC's second column says nothing
    query, work, grade = cells[0], cells[-2], cells[-1]
    if _GRADE.fullmatch(grade) is None:
        raise MalformedCollection(f"{place}: the grade {grade[:40]!r} is not a whole number.")
    return query, work, int(grade)
