"""A running system whose sources are all replayed in this process, and what it says of them."""

from __future__ import annotations

import itertools
import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import psutil
from redis import Redis

from tests.replay.faults import gzip_bomb
from tests.replay.found import replays_over
from tests.replay.protocol import Answered, Asked, Replayed
from tests.replay.server import ReplayServer
from tests.replay.works import SampleWork, sample_works
from tests.system.running import Answer, System

# all that are asked by default, but the catalog, in the order of the reports
SETTLE_SECONDS = 0.3
ASKED = (
    "openalex", "semanticscholar", "crossref", "arxiv", "europepmc", "pubmed", "doaj", "datacite",
)  # fmt: skip
GOOD = frozenset({"ok", "empty"})
# stands in no answer and in no log
SOURCE_KEY = "not-for-the-log-0123456789"
_METHODS = ("contrastive", "sparse", "longitudinal", "quantum", "spectral", "adaptive", "causal", "photonic")
_THINGS = ("retrieval", "imaging", "sequencing", "inference", "screening", "translation", "catalysis")
_PLACES = ("lake", "sediments", "zebrafish", "coral", "reefs", "galaxy", "urban", "rice", "medieval")


# says that it knows none of the works; it has no other way to. Source: Semantic Scholar, Graph API (read 2026-11)
_NONE_KNOWN = b"No valid paper ids given"


@dataclass
class Watched:
    """A replay; refusals: the statuses of its answers so far that refuse a request."""

    replay: Replayed
    refusals: list[int] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.replay.name

    def answer(self, asked: Asked) -> Answered:
        answer = self.replay.answer(asked)
        if answer.status >= 400 and answer.status != 404 and _NONE_KNOWN not in answer.body:
            self.refusals.append(answer.status)
        return answer


class Federation:
    """The system, the server of the sources, and the works that they tell of."""

    def __init__(self, system: System, server: ReplayServer, works: tuple[SampleWork, ...]) -> None:
        self.system = system
        self.server = server
        self.works = works
        self._texts = (" ".join(words) for words in itertools.product(_METHODS, _THINGS, _PLACES))

    def text(self) -> str:
        """A question that nobody has asked so far, and that most sources have works for."""
        return next(self._texts)

    def calm(self) -> None:
        """All sources are well, and nobody has asked them anything."""
        for name in self.server.replays:
            self.server.clear(name)
            self.server.delay(name, 0)
        self.server.forget()

    def ask(self, q: str, **parameters: object) -> Answer:
        """The answer to a search, whatever its status."""
        return self.system.get(f"/v1/search?{urlencode({'q': q, **parameters})}")

    def found(self, q: str, **parameters: object) -> Any:
        """The body of a search that must succeed."""
        answer = self.ask(q, **parameters)
        assert answer.status == 200, answer.body
        return answer.json

    def at_once(self, count: int, q: str, **parameters: object) -> list[Answer]:
        """So many equal searches, all begun before the first is answered."""
        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(lambda _: self.ask(q, **parameters), range(count)))

    def counts(self) -> dict[str, int]:
        """How often each source was asked a search, without those that were not; PubMed takes two requests for one."""
        found = {name: self.server.count(name) for name in self.server.replays if self.server.count(name)}
        if "pubmed" in found:
            found["pubmed"] = sum("esearch" in one.path for one in self.server.asked("pubmed"))
        return found

    def flush(self) -> None:
        """Valkey has forgotten everything."""
        # what is kept behind an answer comes a moment after it
        time.sleep(SETTLE_SECONDS)
        with Redis.from_url(self.system.facts["redis_url"]) as client:
            client.flushall()

    def refusals(self) -> dict[str, list[int]]:
        """By source: with what it refused requests so far. A work that it does not know is none.

        Faults leave some: the redirect that never ends leads to addresses that are none.
        """
        return {
            name: [*one.refusals]
            for name, one in self.server.replays.items()
            if isinstance(one, Watched) and one.refusals
        }

    def web_workers(self) -> list[psutil.Process]:
        """The processes that answer searches."""
        return [one for one in self.system.processes("research_api.wsgi:app") if not one.children()]

    def log(self) -> str:
        """All that the web processes have logged."""
        return (self.system.data_dir / "logs" / "web.log").read_text(errors="replace")

    def events(self, name: str) -> list[dict[str, Any]]:
        """What they logged under that name."""
        lines = [line for line in self.log().splitlines() if f'"{name}"' in line]
        return [json.loads(line[line.index("{") :]) for line in lines if "{" in line]


def reports(body: Any) -> dict[str, dict[str, Any]]:
    """What is said of each source."""
    return {one["name"]: one for one in body["sources"]}


def outcomes(body: Any) -> dict[str, str]:
    return {one["name"]: one["outcome"] for one in body["sources"]}


def failed(body: Any) -> dict[str, str]:
    """The outcome of each source that did not answer."""
    return {name: outcome for name, outcome in outcomes(body).items() if outcome not in GOOD}


def ids(body: Any) -> list[str]:
    return [one["id"] for one in body["results"]]


def age(answer: Answer) -> int | None:
    """The header of that name, as a number."""
    text = answer.headers.get("age")
    return int(text) if text is not None and re.fullmatch(r"\d+", text) else None


@contextmanager
def running_federation(**settings: str) -> Iterator[Federation]:
    """A system without the demo records, whose sources have 500 works; it has stopped in order at the end."""
    works = sample_works(500)
    gzip_bomb()  # takes a second to make
    replays = {name: Watched(one) for name, one in replays_over(works).items()}
    with ReplayServer(replays) as server:
        environment = dict(line.split("=", 1) for line in server.environment())
        keys = {f"{name}_API_KEY": SOURCE_KEY for name in ("OPENALEX", "SEMANTICSCHOLAR", "PUBMED")}
        system = System(DEMO="0", EMBEDDING_MODEL="none", **environment, **keys, **settings)
        try:
            system.start()
            yield Federation(system, server, works)
            assert system.stop() == 0
        finally:
            print("".join(system.printed))  # noqa: T201 - shown by pytest where a test failed
            system.remove()
