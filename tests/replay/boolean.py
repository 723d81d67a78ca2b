"""A language of words, "phrases", AND, OR, NOT and parentheses, as several sources have it."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.replay.shelf import words_of

_TOKEN = re.compile(r'"[^"]*"|[()]|[^\s()"]+')
_FIELD = re.compile(r"^\w+:(?=.)")

Test = Callable[[list[str]], bool]


def matcher(query: str, *, side_by_side: str = "AND") -> Callable[[str], bool]:
    """Says of a text whether it satisfies the query; side_by_side: what words without an operator between mean.

    Words match whole, without regard to case; `field:` in front of them is not looked at.
    """
    parser = _Parser(_TOKEN.findall(query), side_by_side)
    test = parser.alternatives()
    return lambda text: test(words_of(text))


class _Parser:
    def __init__(self, tokens: list[str], side_by_side: str) -> None:
        self._tokens = tokens
        self._side_by_side = side_by_side

    def alternatives(self) -> Test:
        tests = [self._row()]
        while self._take("OR"):
            tests.append(self._row())
        return lambda words: any(test(words) for test in tests)

    def _row(self) -> Test:
        tests = [self._primary()]
        while self._tokens and self._tokens[0] not in {")", "OR"}:
            self._take("AND")
            tests.append(self._primary())
        combine = all if self._side_by_side == "AND" else any
        return lambda words: combine(test(words) for test in tests)

    def _primary(self) -> Test:
        if self._take("NOT"):
            denied = self._primary()
            return lambda words: not denied(words)
        if self._take("("):
            inner = self.alternatives()
            self._take(")")
            return inner
        token = self._tokens.pop(0) if self._tokens and self._tokens[0] != ")" else ""
        wanted = words_of(_FIELD.sub("", token))
        return lambda words: any(
            words[place : place + len(wanted)] == wanted for place in range(len(words) - len(wanted) + 1)
        )

    def _take(self, token: str) -> bool:
        if self._tokens and self._tokens[0] == token:
            self._tokens.pop(0)
            return True
        return False
