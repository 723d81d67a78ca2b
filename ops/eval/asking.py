"""Asks the running API one query after another, and scores what it finds."""

from __future__ import annotations

import contextlib
import http.client
import json
import time
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from ops.eval.collections import NAMESPACE, Collection
from ops.eval.errors import EvalFailed
from ops.eval.metrics import RECALL_DEPTH, mean, ndcg, percentile, recall
from ops.eval.scratch import Filled
from research_api.domain.query import MAX_QUERY_CHARACTERS

MODES = ("lexical", "vector", "hybrid")
TIMEOUT_SECONDS = 60.0
# the first query of a web process loads the model
WARM_UP = 10
_OK, _INVALID = 200, 422
_LEAD = f"{NAMESPACE}:"


@dataclass(frozen=True, slots=True)
class Answer:
    """What one search gave: the ids of the collection, best first.

    is_refused: the API does not take such a query. is_degraded: it says itself that the answer is less than normal.
    """

    works: tuple[str, ...]
    milliseconds: float
    is_refused: bool = False
    is_degraded: bool = False


@dataclass(frozen=True, slots=True)
class ModeFigures:
    """Means over the scored queries, times over all that the API took."""

    ndcg_at_10: float
    recall_at_100: float
    p50_ms: float
    p95_ms: float
    refused: int
    empty: int
    degraded: int


class ApiClient:
    """One client on one connection, which is opened anew where the server has closed it."""

    def __init__(self, port: int, key: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def close(self) -> None:
        """The connection is closed."""
        self._connection.close()

    def search(self, text: str, mode: str) -> Answer:
        """The first hundred. Raises EvalFailed where the API answers neither 200 nor that the query is invalid."""
        question = {"q": text, "mode": mode, "limit": RECALL_DEPTH, "fields": ["identifiers"]}
        body = json.dumps(question).encode()
        begin = time.perf_counter()
        try:
            status, content = self._posted(body)
        except (OSError, http.client.HTTPException) as error:
            raise EvalFailed(f"No answer to a {mode} search: {type(error).__name__}.") from error
        milliseconds = (time.perf_counter() - begin) * 1000
        if status == _INVALID:
            return Answer((), milliseconds, is_refused=True)
        if status != _OK:
            raise EvalFailed(f"A {mode} search was answered with {status}: {content[:300]!r}")
        return _answer(json.loads(content), milliseconds)

    def _posted(self, body: bytes) -> tuple[int, bytes]:
        try:
            return self._posted_once(body)
        except (http.client.RemoteDisconnected, ConnectionError):
            # a web process that is replaced closes its idle connections; searching twice changes nothing
            self._connection.close()
            return self._posted_once(body)

    def _posted_once(self, body: bytes) -> tuple[int, bytes]:
        self._connection.request("POST", "/v1/search", body, self._headers)
        response = self._connection.getresponse()
        return response.status, response.read()


def sendable(text: str) -> str:
    """The text as the API takes it: beyond its longest query, cut at a blank."""
    composed = unicodedata.normalize("NFC", text)
    if len(composed) <= MAX_QUERY_CHARACTERS:
        return composed
    short = composed[:MAX_QUERY_CHARACTERS]
    whole, blank, _ = short.rpartition(" ")
    return whole if blank else short


def ask_all(filled: Filled, collection: Collection) -> dict[str, ModeFigures]:
    """The figures of each mode, after some queries to warm up. Raises EvalFailed."""
    texts = {name: sendable(text) for name, text in collection.queries.items()}
    with contextlib.closing(ApiClient(filled.port, filled.key)) as client:
        for text in islice(texts.values(), WARM_UP):
            for mode in MODES:
                client.search(text, mode)
        asked = {mode: {name: client.search(text, mode) for name, text in texts.items()} for mode in MODES}
    return {mode: figures_of(answers, collection) for mode, answers in asked.items()}


def figures_of(answers: dict[str, Answer], collection: Collection) -> ModeFigures:
    """The figures of one mode. A query that was refused or found nothing scores 0."""
    scored = [(answers[query].works, grades) for query, grades in collection.judgements.items()]
    taken = [one for one in answers.values() if not one.is_refused]
    times: Sequence[float] = [one.milliseconds for one in taken]
    return ModeFigures(
        ndcg_at_10=mean([ndcg(works, grades) for works, grades in scored]),
        recall_at_100=mean([recall(works, grades) for works, grades in scored]),
        p50_ms=percentile(times, 50),
        p95_ms=percentile(times, 95),
        refused=len(answers) - len(taken),
        empty=sum(not one.works for one in taken),
        degraded=sum(one.is_degraded for one in taken),
    )


def _answer(body: dict[str, Any], milliseconds: float) -> Answer:
    found = (one["identifiers"]["local"] for one in body["results"])
    works = tuple(name.removeprefix(_LEAD) for name in found)
    return Answer(works, milliseconds, is_degraded=body["degraded"])
