"""Services that answer from memory and remember what they were asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from research_api.catalog.exporters import exporters
from research_api.domain.errors import (
    CursorInvalid,
    Expired,
    Fault,
    Invalid,
    NotFound,
    QueryInvalid,
    Unauthenticated,
)
from research_api.domain.identifiers import parse_reference
from research_api.domain.keys import Caller
from research_api.domain.related import Related
from research_api.domain.search import (
    FacetCount,
    Hit,
    MatchSpan,
    Mode,
    Placed,
    Relation,
    SearchAnswer,
    SearchRequest,
    SearchWarning,
    SourceOutcome,
    SourceReport,
)
from research_api.domain.works import Author, Identifier, OpenAccess, SourceRef, Work
from research_api.services.behind import Behind
from research_api.services.edges import EdgesAnswer, EdgeWish
from research_api.services.exports import ExportService
from research_api.services.health import Check, Health, State
from research_api.services.kept_pages import KeptPages
from research_api.services.related import RelatedAnswer
from research_api.services.search import Wish
from research_api.services.works import BatchAnswer
from tests.services.answer_fakes import FakeAnswerCache

GOOD_KEY = "rk_test_good"
WEAK_KEY = "rk_test_weak"
PUBLIC_URL = "https://api.example.org"

WORK = Work(
    id="w_aaaaaaaaaaaa",
    title="Über die Relativität",
    abstract="Zeit und Raum.",
    authors=(Author("A. Einstein", orcid="0000-0000-0000-0001"), Author("M. Grossmann")),
    year=1905,
    date="1905-06",
    venue="Annalen der Physik",
    type="journal-article",
    identifiers={"doi": "10.1002/andp.19053221004"},
    url="https://doi.org/10.1002/andp.19053221004",
    open_access=OpenAccess(True, "https://example.org/free.pdf", "cc-by"),
    citation_count=7,
    sources=(SourceRef("crossref", "10.1002/andp.19053221004"),),
    provenance={"title": "crossref"},
)
ANSWER = SearchAnswer(
    text="Relativität",
    mode=Mode.HYBRID,
    canonical="relativitat",
    hits=(
        Hit(WORK, 1, 3.5, (MatchSpan("title", 9, 20),), (Placed("catalog", 1, WORK.id),)),
        Hit(
            Work("w_bbbbbbbbbbbb", "Nothing known", retracted=True),
            2,
            None,
            (),
            (Placed("catalog", 2, "w_bbbbbbbbbbbb"),),
        ),
    ),
    sources=(
        SourceReport("catalog", SourceOutcome.OK, 2, 4, "relativitat"),
        SourceReport("crossref", SourceOutcome.SKIPPED, 0, 0),
    ),
    total=12,
    relation=Relation.AT_LEAST,
    facets={"type": (FacetCount("journal-article", 12),)},
    warnings=(SearchWarning("hybrid_is_lexical", "Ranked by words alone."),),
    next_cursor="cursor-1",
)


@dataclass
class FakeSearch:
    """Gives `answer`, or raises `failure`; `asked` has what it was asked."""

    answer: SearchAnswer = ANSWER
    failure: Exception | None = None
    asked: list[Mapping[str, Any]] = field(default_factory=list)
    latency_ms: int = 0
    with_matches: bool | None = None
    wish: Wish | None = None

    def search(self, request: SearchRequest, wish: Wish) -> SearchAnswer:
        self.asked.append({"request": request, "limit": wish.limit, "tenant": wish.tenant})
        self.wish, self.with_matches = wish, wish.with_matches
        if request.mode is Mode.STRICT and "(" in request.text:
            fault = Fault("/q", "This parenthesis is never closed.", 0, 1, "Close it.")
            raise QueryInvalid("The query breaks the grammar.", faults=(fault,))
        return self._given(request)

    def next_page(self, cursor: str, wish: Wish, *, request: SearchRequest | None) -> SearchAnswer:
        self.with_matches = wish.with_matches
        self.asked.append({"cursor": cursor, "request": request, "limit": wish.limit, "tenant": wish.tenant})
        if cursor == "expired":
            raise Expired("This list is no longer kept.")
        if not cursor.startswith("cursor-"):
            raise CursorInvalid("This cursor is not one of ours.")
        if request is not None and request.text == "another":
            raise Invalid("Another search.", faults=(Fault("/cursor", "It belongs to another search."),))
        return replace(self._given(request), next_cursor=None)

    def _given(self, request: SearchRequest | None) -> SearchAnswer:
        if self.failure is not None:
            raise self.failure
        self.latency_ms += 1
        reports = tuple(replace(report, latency_ms=self.latency_ms) for report in self.answer.sources)
        answer = replace(self.answer, sources=reports)
        return answer if request is None else replace(answer, text=request.text, mode=request.mode)


@dataclass
class FakeWorks:
    """Knows WORK under its id and its DOI, or raises `failure`. seconds: what the last look-up was given."""

    failure: Exception | None = None
    asked: list[str] = field(default_factory=list)
    reports: tuple[SourceReport, ...] = ()
    seconds: float | None = None

    def get(self, reference: str, seconds: float) -> Work:
        self.seconds = seconds
        return self.known(reference)

    def known(self, reference: str) -> Work:
        self.asked.append(reference)
        if self.failure is not None:
            raise self.failure
        if self._is_known(reference):
            return WORK
        raise NotFound("No work with this identifier is known here.")

    def batch(self, references: Sequence[str], seconds: float) -> BatchAnswer:
        self.seconds = seconds
        self.asked += references
        asked = dict.fromkeys(references)
        known = [one for one in asked if self._is_known(one)]
        missing = tuple(one for one in asked if one not in known)
        return BatchAnswer((WORK,) * len(known), missing, self.reports)

    @staticmethod
    def _is_known(reference: str) -> bool:
        found = parse_reference(reference)
        return found == WORK.id or getattr(found, "value", None) == WORK.identifiers["doi"]


@dataclass
class FakeRelated:
    """Finds one work related to any that FakeWorks knows."""

    works: FakeWorks
    asked: list[tuple[str, int]] = field(default_factory=list)

    def related(self, reference: str, limit: int) -> RelatedAnswer:
        self.asked.append((reference, limit))
        warning = SearchWarning("no_vector", "Only shared references count.")
        other = Work("w_bbbbbbbbbbbb", "Nothing known")
        return RelatedAnswer(self.works.known(reference), (Related(other, 0.25, None, 3),), (warning,))


@dataclass
class FakeEdges:
    """Finds one work and one name at the other ends of any work that FakeWorks knows; one source fails."""

    works: FakeWorks
    asked: list[tuple[str, str, EdgeWish]] = field(default_factory=list)
    latency_ms: int = 0

    def references(self, reference: str, wish: EdgeWish) -> EdgesAnswer:
        return self._given("references", reference, wish)

    def citations(self, reference: str, wish: EdgeWish) -> EdgesAnswer:
        return self._given("citations", reference, wish)

    def _given(self, direction: str, reference: str, wish: EdgeWish) -> EdgesAnswer:
        self.asked.append((direction, reference, wish))
        work = self.works.known(reference)
        self.latency_ms += 1
        reports = (
            SourceReport("catalog", SourceOutcome.OK, 2, self.latency_ms),
            SourceReport("openalex", SourceOutcome.TIMEOUT, 0, 4_000),
        )
        other, name = Work("w_bbbbbbbbbbbb", "Nothing known"), Identifier("doi", "10.1000/unknown")
        warning = SearchWarning("no_identifier", "No source could be asked.")
        return EdgesAnswer(work, (other,), (name,), 31, Relation.AT_LEAST, reports, (warning,))


@dataclass
class FakeHealth:
    """Reports the state it is given, of one check and of the whole."""

    state: State = State.READY

    def report(self) -> Health:
        return Health(self.state, (Check("database", self.state, 2),))


@dataclass
class FakeKeys:
    """Knows two keys: one may search, the other may read alone."""

    failure: Exception | None = None
    organization: str = "lab"
    asked: list[tuple[str | None, str]] = field(default_factory=list)

    def authenticate(self, presented: str | None, address: str) -> Caller:
        self.asked.append((presented, address))
        if self.failure is not None:
            raise self.failure
        scopes = {GOOD_KEY: {"search"}, WEAK_KEY: {"read"}}.get(presented or "")
        if scopes is None:
            raise Unauthenticated("Send a valid key.")
        return Caller("k1", self.organization, frozenset(scopes))


def fake_pages() -> KeptPages:
    """Real ones over a cache in memory; its `pass_time` passes for them as well."""
    cache = FakeAnswerCache()
    return KeptPages(cache, Behind("pages", idle_seconds=0.2), monotonic=lambda: cache._now)


@dataclass
class FakeServices:
    """All of them."""

    search: FakeSearch = field(default_factory=FakeSearch)
    pages: KeptPages = field(default_factory=fake_pages)
    works: FakeWorks = field(default_factory=FakeWorks)
    related: FakeRelated = field(init=False)
    edges: FakeEdges = field(init=False)
    health: FakeHealth = field(default_factory=FakeHealth)
    keys: FakeKeys = field(default_factory=FakeKeys)
    # writers are plain functions: the real ones will do
    exports: ExportService = field(default_factory=lambda: ExportService(exporters()))

    def __post_init__(self) -> None:
        self.related = FakeRelated(self.works)
        self.edges = FakeEdges(self.works)


@dataclass(frozen=True)
class FakeSettings:
    """What the web layer reads of the settings."""

    public_url: str = PUBLIC_URL
    production: bool = False
    sources: tuple[str, ...] = ("catalog",)


def as_parameter(value: Any) -> str:
    """A member of a body as a query string has it."""
    if isinstance(value, list):
        return ",".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def pointers(response: TestResponse) -> list[str]:
    """Where the errors of a problem point to."""
    return sorted(error["pointer"] for error in response.json["errors"])


class KeyedClient(FlaskClient):
    """A client that sends a good key unless `key` says otherwise; None sends no key."""

    def call(self, method: str, path: str, *, key: str | None = GOOD_KEY, **options: Any) -> TestResponse:
        headers = dict(options.pop("headers", {}))
        if key is not None:
            headers.setdefault("Authorization", f"Bearer {key}")
        return self.open(path, method=method, headers=headers, **options)
