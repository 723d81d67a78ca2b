"""The system and the replay that are measured, and what is asked of them."""

from __future__ import annotations

import json
import random
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from redis import Redis

from ops.bench.client import Exchange, exchanges, get
from ops.bench.federation.replay import Replay, running_replay
from ops.bench.system import System, running_system
from tests.replay.works import sample_works

WORKS = 2_000
RECORDS = 25
CATALOG = "catalog"
SOURCES = (
    "openalex", "semanticscholar", "crossref", "arxiv", "europepmc", "pubmed", "doaj", "datacite",
)  # fmt: skip
INSTANT = ("openalex", "semanticscholar", "crossref")
SEED = 20261124
# of 2,000 titles, so that arXiv, which has the fewest of the works, has 25 with either of two such words
_LEAST_TITLES = 100
_WORD = re.compile(r"[a-z]{4,}")
# longer than putting the answers of the last requests takes, and than a process remembers pages
_SETTLE_SECONDS = 0.6


class UnexpectedAnswer(Exception):
    """An answer that is not what is measured."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line. is_met: None where there is no bar."""

    what: str
    figure: str
    bar: str = ""
    is_met: bool | None = None

    def __str__(self) -> str:
        verdict = {None: "", True: "ok", False: "MISSED"}[self.is_met]
        return "  ".join(part for part in (f"{self.what}:", self.figure, self.bar, verdict) if part)


@dataclass(frozen=True, slots=True)
class Ground:
    """The system, asking replays only."""

    system: System
    replay: Replay
    redis: Redis

    def requests(
        self,
        texts: Sequence[str],
        sources: Sequence[str],
        parameters: Mapping[str, str] = MappingProxyType({}),
    ) -> list[bytes]:
        """A search for each text over those sources."""
        named = {"sources": ",".join(sources), **parameters}
        paths = [f"/v1/search?{urlencode({'q': text, **named})}" for text in texts]
        return [get(self.system.port, path, self.system.key) for path in paths]

    def ask(self, requests: Sequence[bytes], *, connections: int = 1) -> list[Exchange]:
        """Each request once."""
        return exchanges(self.system.port, requests, connections=connections)

    def delay(self, seconds: Mapping[str, float]) -> None:
        """Each source answers so much later, those that are not named at once."""
        for name in SOURCES:
            self.replay.delay(name, seconds.get(name, 0.0))

    def forget_answers(self) -> None:
        """No answer is kept, so that the next search asks the sources; what is in the catalog stays."""
        time.sleep(_SETTLE_SECONDS)
        for pattern in ("answer:*", "landed:*", "first:*", "flight:*"):
            keys = list(self.redis.scan_iter(pattern, count=1_000))
            if keys:
                self.redis.delete(*keys)


@contextmanager
def prepared() -> Iterator[Ground]:
    """Everything runs, and ends with the block."""
    settings = {
        "SOURCES": ",".join((CATALOG, *SOURCES)),
        "EMBEDDING_MODEL": "none",
        "CONTACT_EMAIL": "bench@example.org",
    }
    with (
        running_replay(WORKS) as replay,
        running_system({**settings, **replay.settings}) as system,
        Redis.from_url(system.redis_url()) as redis,
    ):
        yield Ground(system, replay, redis)


def texts(count: int, *, place: int = 0) -> list[str]:
    """Queries of two words that no other place has, the same ones in every run; every source has works for each."""
    pairs = list(combinations(_common_words(), 2))
    random.Random(SEED).shuffle(pairs)
    taken = pairs[place * 300 : place * 300 + count]
    if len(taken) < count:
        raise ValueError("there are not so many pairs")
    return [" OR ".join(pair) for pair in taken]


def _common_words() -> list[str]:
    counts = Counter(word for work in sample_works(WORKS) for word in set(_WORD.findall(work.title.lower())))
    return sorted(word for word, count in counts.items() if _LEAST_TITLES <= count < WORKS / 2)


def bodies(found: Iterable[Exchange]) -> list[dict[str, Any]]:
    """What was answered."""
    return [json.loads(one.body) for one in found]


def check_whole(found: Iterable[Exchange], *, cache: str = "miss", records: int = RECORDS) -> None:
    """Raises UnexpectedAnswer unless each answer has all its sources, with so many records of each, from `cache`."""
    for body in bodies(found):
        reports = {
            one["name"]: (one["outcome"], one["count"]) for one in body["sources"] if one["name"] != CATALOG
        }
        if body["cache"] != cache or set(reports.values()) != {("ok", records)}:
            raise UnexpectedAnswer(f"{body['cache']}, {reports} for {body['query']['text']}")
