"""Semantic Scholar, Academic Graph API v1.

Pages (read 2026-11): api.semanticscholar.org/api-docs/graph ("Paper relevance search", "Paper bulk search", "Get
details for multiple papers at once", "Details about a paper's citations" and "references"),
www.semanticscholar.org/product/api.
Limits: without a key all callers share one pool and meet 429 often; a key has about one request a second. Relevance
search gives 100 papers a call, bulk search 1,000 (no less can be asked), a batch takes 500 ids, citations and
references 1,000 a call; no answer is over 10 MB.
Licence: API licence agreement of the Allen Institute for AI; the data ODC-By, abstracts as their publishers allow.

Ranked by relevance it is asked for the words alone: that search knows no operators and finds nothing for words with
a hyphen, which ours never have. Sorted by date or citations it is the bulk search, which has operators, but no fields
and no ranking: there all words are wanted, as any of them would find the most cited papers of all.
What it cannot do: authors or venues in the query, types of work beyond the five below, closed works alone, retractions.
Its open-access filter wants a public PDF, so an open work without one is missed. ORCIDs come with single papers and
relevance search, not with bulk search and citations. Works that it knows only from a list of references have no id.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType
from urllib.parse import quote, urlencode

from research_api.domain.calls import Outgoing, Reply, Send
from research_api.domain.search import Filters, Sort
from research_api.domain.sources import Edges, SourceAnswer, SourceFailed, SourceQuestion
from research_api.domain.works import Identifier, Record
from research_api.providers.access import Access
from research_api.providers.dialect import Dialect, plain_words, translated
from research_api.providers.replies import json_of, json_rows_of, records_of
from research_api.records import fields
from research_api.records.semanticscholar import SOURCE, identifiers_of, to_record

NAME = SOURCE
BASE_URL = "https://api.semanticscholar.org/graph/v1"
NEEDS_KEY = False
VERIFIED = True

_RANKED, _SORTED = "/paper/search", "/paper/search/bulk"
_MAX_PAGE = 100
_MAX_EDGES = 1_000
# 500 ids are allowed; with the references of each an answer of so many would come near the 10 MB
_BATCH = 100

_FIELDS = (
    "externalIds,url,title,abstract,venue,publicationVenue,journal,year,publicationDate,publicationTypes,"
    "citationCount,isOpenAccess,openAccessPdf"
)
_SHORT_FIELDS = f"{_FIELDS},authors"
_SEARCH_FIELDS = f"{_FIELDS},authors.name,authors.externalIds"
_PAPER_FIELDS = f"{_SEARCH_FIELDS},references.externalIds"

_SORTS = {Sort.NEWEST: "publicationDate:desc", Sort.MOST_CITED: "citationCount:desc"}
_TYPES = {
    "journal-article": "JournalArticle,Review,CaseReport,ClinicalTrial,Editorial,LettersAndComments,MetaAnalysis,Study",
    "proceedings-article": "Conference",
    "book": "Book",
    "book-chapter": "BookSection",
    "dataset": "Dataset",
}
# It looks for all words in title and abstract, so a word wanted in the title may be asked without saying so.
_BULK = Dialect(
    fields=MappingProxyType({None: "{}", "title": "{}"}), conjunction=" + ", disjunction=" | ", years=None
)
_LEADS = {"doi": "DOI:", "pmid": "PMID:", "pmcid": "PMCID:", "arxiv": "ARXIV:", "s2": ""}
_NO_SUCH_IDS = "No valid paper ids given"


class SemanticScholar:
    """The source `semanticscholar`; stands in for `domain.sources.Source`."""

    name = NAME
    looks_up = frozenset(_LEADS)
    follows = looks_up
    cited_by = follows

    def __init__(self, access: Access) -> None:
        self._base_url = access.base_url
        self._headers = {"x-api-key": access.api_key} if access.api_key else {}

    def search(self, question: SourceQuestion, send: Send) -> SourceAnswer:
        """At most 100 papers, all in one call. Without any word to send nothing is asked: `sent` is empty then."""
        sort = _SORTS.get(question.sort)
        words = translated(replace(question, is_strict=True), _BULK) if sort else plain_words(question)
        if not words:
            return SourceAnswer(records=(), sent="")
        size = min(question.limit, _MAX_PAGE)
        paging = (
            (("sort", sort), ("fields", _SHORT_FIELDS))
            if sort
            else (
                ("limit", str(size)),
                ("fields", _SEARCH_FIELDS),
            )
        )
        params = (("query", words), *_conditions(question.filters), *paging)
        body = json_of(send(self._get(_SORTED if sort else _RANKED, *params)))
        if "total" not in body:
            raise SourceFailed("The source answered a search without saying how much it found.")
        records, rejected = _records(_rows(body)[:size])
        return SourceAnswer(records, urlencode(params), _total(body["total"]), rejected)

    def look_up(self, identifiers: Sequence[Identifier], send: Send) -> tuple[Record, ...]:
        """The papers with their references, a hundred in a call."""
        found: list[Record] = []
        for start in range(0, len(identifiers), _BATCH):
            reply = send(self._batch(identifiers[start : start + _BATCH]))
            if reply.status == 400 and _NO_SUCH_IDS in _complaint(reply):
                continue
            found += _records([row for row in json_rows_of(reply) if row is not None])[0]
        return tuple(dict.fromkeys(found))

    def references(self, identifier: Identifier, limit: int, send: Send) -> Edges:
        """Works in the list of references, 1,000 at most; of those without a paperId the identifiers."""
        return self._edges(identifier, "references", "citedPaper", min(limit, _MAX_EDGES), send)

    def citations(self, identifier: Identifier, limit: int, send: Send) -> Edges:
        """Papers that refer to this one, 1,000 at most."""
        return self._edges(identifier, "citations", "citingPaper", min(limit, _MAX_EDGES), send)

    def _edges(self, identifier: Identifier, kind: str, end: str, limit: int, send: Send) -> Edges:
        path = f"/paper/{_path_part(_named(identifier))}/{kind}"
        reply = send(self._get(path, ("fields", _SHORT_FIELDS), ("limit", str(limit))))
        if reply.status == 404 and _complaint(reply):
            return Edges()
        body = json_of(reply)
        papers = [fields.members_of(fields.members_of(row).get(end)) for row in _rows(body)[:limit]]
        records, _ = _records(papers)
        unnamed = (identifiers_of(paper) for paper in papers if not paper.get("paperId"))
        is_whole = body.get("next") is None
        return Edges(records, tuple(ids[0] for ids in unnamed if ids), len(papers) if is_whole else None)

    def _get(self, path: str, *params: tuple[str, str]) -> Outgoing:
        return Outgoing(self._base_url + path, params, self._headers)

    def _batch(self, identifiers: Sequence[Identifier]) -> Outgoing:
        body = json.dumps({"ids": [_named(identifier) for identifier in identifiers]}).encode()
        headers = {**self._headers, "Content-Type": "application/json"}
        url, params = f"{self._base_url}/paper/batch", (("fields", _PAPER_FIELDS),)
        return Outgoing(url, params, headers, method="POST", body=body)


def _conditions(filters: Filters) -> list[tuple[str, str]]:
    """What of the filters both searches know; a wanted type that they do not know leaves all types in."""
    conditions: list[tuple[str, str]] = []
    first, last = filters.year_from, filters.year_to
    if first is not None or last is not None:
        ends = "" if first is None else str(first), "" if last is None else str(last)
        conditions.append(("year", ends[0] if first == last else "-".join(ends)))
    if filters.types and all(wanted in _TYPES for wanted in filters.types):
        conditions.append(("publicationTypes", ",".join(_TYPES[wanted] for wanted in filters.types)))
    if filters.open_access:
        conditions.append(("openAccessPdf", ""))
    if filters.min_citations:
        conditions.append(("minCitationCount", str(filters.min_citations)))
    return conditions


def _rows(body: dict[str, object]) -> list[object]:
    """The page; it is left out where nothing was found, and null where a publisher withholds references."""
    rows = body.get("data")
    if rows is not None and not isinstance(rows, list):
        raise SourceFailed("The source answered JSON of another shape.")
    return rows or []


def _records(rows: Sequence[object]) -> tuple[tuple[Record, ...], int]:
    return records_of(map(fields.members_of, rows), to_record)


def _total(value: object) -> int | None:
    """The documentation calls it text, recorded answers have a number."""
    return fields.count_in(value) if isinstance(value, str) else fields.count_of(value)


def _complaint(reply: Reply) -> str:
    """The text of an `error` body, empty where it is none."""
    try:
        body = json.loads(reply.body)
    except (ValueError, RecursionError):
        return ""
    return fields.text_of(fields.members_of(body).get("error")) or ""


def _named(identifier: Identifier) -> str:
    return _LEADS[identifier.scheme] + identifier.value.removeprefix("PMC")


def _path_part(name: str) -> str:
    """The slash of a DOI stands as itself, as recorded; but no part of a DOI may be read as `..`."""
    return quote(name, safe=":" if "/." in name else ":/")
