"""OpenAlex: works of every field, from Crossref, PubMed, repositories and the web.

API: GET /works, /works/W..., /works/doi:...  Pages: developers.openalex.org, guides "Search", "Filter", "Page through
Results", "Authentication & Pricing", "Error Handling" (all read 2026-11).
Limits: 100 requests a second, 100 works a page, the first 10,000 of a list, a URL of about 4 KB; a query with more
than five OR is refused (429, `broad_boolean_query`). Each day has a budget: $0.10 without a key, $1 with a free one; a
search costs $0.001, a list $0.0001, a single work nothing. So one identifier is asked for by its address, several by a
filter.
Licence: CC0.
Key: parameter `api_key`; contact: parameter `mailto`. Both are optional; without a key about 100 searches a day go out.
What it cannot do: search in titles alone with other words beside, venues by name, beginnings of words. `search` looks
into titles, abstracts and full texts and stems; words beside each other must all be there. Its types are wider than
ours. That a filter takes PMC ids without their letters is unverified.
Not read, because Record has no place for it: see `records.openalex`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from urllib.parse import quote, urlencode

from research_api.domain.calls import Outgoing, Reply, Send
from research_api.domain.query import And, Phrase, Query, Word
from research_api.domain.search import Filters, Sort
from research_api.domain.sources import Edges, SourceAnswer, SourceFailed, SourceQuestion
from research_api.domain.works import Identifier, Record
from research_api.providers.access import Access
from research_api.providers.dialect import Dialect, plain_words, translated
from research_api.providers.replies import TOO_MANY_REQUESTS, asked_too_often, json_of, records_of
from research_api.records import fields
from research_api.records.openalex import to_record, types_told_as

NAME = "openalex"
BASE_URL = "https://api.openalex.org"
NEEDS_KEY = False
VERIFIED = True

MAX_PAGE = 100
MAX_ORS = 5
# a third of the URL that OpenAlex takes stays for filters and `select`
_MAX_SEARCH_CHARACTERS = 2_500
_MAX_BATCH_CHARACTERS = 2_500
_MAX_BATCH = 50
_MAX_EDGES = 1_000
_FORBIDDEN, _NOT_FOUND = 403, 404

# what `records.openalex` reads; `type_crossref` is gone since 2025 and would be refused
_SELECT = (
    "id,doi,ids,title,abstract_inverted_index,authorships,publication_year,publication_date,primary_location,"
    "locations,type,open_access,best_oa_location,cited_by_count,is_retracted,referenced_works"
)
_DIALECT = Dialect(fields={None: "{}", "title": "{}"}, conjunction=" ", has_prefixes=False)
_SORTS = {Sort.NEWEST: "publication_date:desc", Sort.MOST_CITED: "cited_by_count:desc"}
_FILTER_NAMES = {"doi": "doi", "pmid": "pmid", "pmcid": "pmcid", "openalex": "openalex"}


class OpenAlexSource:
    """Asks OpenAlex. A preprint of arXiv is looked up by the DOI that arXiv gives it."""

    name = NAME
    looks_up = frozenset({"doi", "pmid", "pmcid", "arxiv", "openalex"})
    follows = looks_up
    cited_by = follows

    def __init__(self, access: Access) -> None:
        self._access = access

    def search(self, question: SourceQuestion, send: Send) -> SourceAnswer:
        """In the order of OpenAlex; nothing is sent where neither words nor filters can be said."""
        text = _search_text(question)
        filters = [*_filters_of(question.filters), *_author_filters(question.query)]
        if not text and not filters:
            return SourceAnswer((), sent="")
        params = [("search", text)] if text else []
        params += [("filter", ",".join(filters))] if filters else []
        params += [("sort", _SORTS[question.sort])] if question.sort in _SORTS else []
        params += [("per_page", str(max(1, min(question.limit, MAX_PAGE))))]
        works, total = self._list(params, send)
        records, rejected = records_of(works, to_record)
        return SourceAnswer(records[: question.limit], urlencode(params), total, rejected)

    def look_up(self, identifiers: Sequence[Identifier], send: Send) -> tuple[Record, ...]:
        """Several in one request, as long as the URL allows."""
        wanted = [_as_openalex_has_it(identifier) for identifier in dict.fromkeys(identifiers)]
        alone = [pair for pair in wanted if len(wanted) == 1 or "," in pair[1] or "|" in pair[1]]
        works: list[dict[str, object]] = []
        for scheme, value in alone:
            work = self._single(scheme, value, _SELECT, send)
            works += [work] if work is not None else []
        for scheme, values in _batches(pair for pair in wanted if pair not in alone):
            found, _ = self._list(
                [("filter", f"{_FILTER_NAMES[scheme]}:{'|'.join(values)}"), ("per_page", str(MAX_PAGE))], send
            )
            works += found
        return records_of(works, to_record)[0]

    def references(self, identifier: Identifier, limit: int, send: Send) -> Edges:
        """Works that this one refers to, the most cited first."""
        return self._edges("cited_by", identifier, limit, send)

    def citations(self, identifier: Identifier, limit: int, send: Send) -> Edges:
        """Works that refer to this one, the most cited first."""
        return self._edges("cites", identifier, limit, send)

    def _edges(self, relation: str, identifier: Identifier, limit: int, send: Send) -> Edges:
        """At most 1,000; empty where OpenAlex does not know the work."""
        work_id = self._work_id(identifier, send)
        wanted = min(limit, _MAX_EDGES)
        if work_id is None or wanted < 1:
            return Edges()
        works: list[dict[str, object]] = []
        total: int | None = None
        size = min(wanted, MAX_PAGE)
        for page in range(1, -(-wanted // size) + 1):
            params = [("filter", f"{relation}:{work_id}"), ("sort", _SORTS[Sort.MOST_CITED])]
            found, total = self._list([*params, ("per_page", str(size)), ("page", str(page))], send)
            works += found
            if len(found) < size:
                break
        return Edges(records=records_of(works, to_record)[0][:wanted], total=total)

    def _work_id(self, identifier: Identifier, send: Send) -> str | None:
        if identifier.scheme == "openalex":
            return identifier.value
        work = self._single(*_as_openalex_has_it(identifier), "id", send)
        return None if work is None else str(work.get("id")).rsplit("/", 1)[-1]

    def _list(self, params: list[tuple[str, str]], send: Send) -> tuple[list[dict[str, object]], int | None]:
        """The works of one page, and how many there are in all. Raises SourceFailed."""
        body = _object_of(self._sent("/works", [*params, ("select", _SELECT)], send))
        results = body.get("results")
        if not isinstance(results, list):
            raise SourceFailed("OpenAlex answered without a list of results.")
        total = fields.count_of(fields.members_of(body.get("meta")).get("count"))
        return [fields.members_of(work) for work in results], total

    def _single(self, scheme: str, value: str, select: str, send: Send) -> dict[str, object] | None:
        """The work, None where there is none; OpenAlex says that in HTML."""
        name = value if scheme == "openalex" else f"{scheme}:{value}"
        reply = self._sent(f"/works/{quote(name, safe=':')}", [("select", select)], send)
        return None if reply.status == _NOT_FOUND else _object_of(reply)

    def _sent(self, path: str, params: list[tuple[str, str]], send: Send) -> Reply:
        access = self._access
        own = [("mailto", access.contact)] if access.contact else []
        own += [("api_key", access.api_key)] if access.api_key else []
        return send(Outgoing(access.base_url + path, (*params, *own)))


def _object_of(reply: Reply) -> dict[str, object]:
    """The body. Raises SourceFailed; 403 is OpenAlex's other word for too many requests, and one 429 is not.

    Source: developers.openalex.org, "Error Handling" (read 2026-11)
    """
    if reply.status == _FORBIDDEN:
        raise asked_too_often(reply)
    if reply.status == TOO_MANY_REQUESTS and b"broad_boolean_query" in reply.body[:4_096]:
        raise SourceFailed("OpenAlex takes no query with so many OR.", status=reply.status)
    return json_of(reply)


def _search_text(question: SourceQuestion) -> str:
    """What `search` gets: any of the words where OpenAlex ranks, all of them where it sorts.

    Sorted by date or citations, works with any one of the words would be those with the most common one. Of a query
    that is too long as many clauses as fit; where none fits, any of its six longest words, which are the rarest.
    """
    is_whole = question.is_strict or question.sort is not Sort.RELEVANCE
    asked = replace(question, is_strict=is_whole)
    text = translated(asked, _DIALECT)
    if _fits(text):
        return text
    kept: list[str] = []
    for clause in _clauses_of(question.query) if is_whole else ():
        part = translated(replace(asked, query=clause), _DIALECT)
        if part and _fits(" ".join([*kept, part])):
            kept.append(part)
    words = sorted(dict.fromkeys(plain_words(question).split()), key=len, reverse=True)
    return " ".join(kept) or _longest_that_fit(words[: MAX_ORS + 1])


def _longest_that_fit(words: list[str]) -> str:
    while words and not _fits(" OR ".join(words)):
        words = words[1:]
    return " OR ".join(words)


def _fits(text: str) -> bool:
    return text.count(" OR ") <= MAX_ORS and len(quote(text)) <= _MAX_SEARCH_CHARACTERS


def _clauses_of(query: Query) -> Sequence[Query]:
    return query.operands if isinstance(query, And) else (query,)


def _author_filters(query: Query) -> Iterator[str]:
    """Authors whom every work must have, by their names as published."""
    for clause in _clauses_of(query):
        if isinstance(clause, Phrase) and clause.field == "author":
            yield f'raw_author_name.search:"{" ".join(clause.words)}"'
        elif isinstance(clause, Word) and clause.field == "author" and not clause.prefix:
            yield f"raw_author_name.search:{clause.text}"


def _filters_of(filters: Filters) -> Iterator[str]:
    if filters.year_from is not None:
        yield f"from_publication_date:{filters.year_from:04}-01-01"
    if filters.year_to is not None:
        yield f"to_publication_date:{filters.year_to:04}-12-31"
    if filters.types:
        yield "type:" + "|".join(
            dict.fromkeys(own for wanted in filters.types for own in types_told_as(wanted))
        )
    if filters.open_access is not None:
        yield f"is_oa:{str(filters.open_access).lower()}"
    if filters.min_citations:
        yield f"cited_by_count:>{filters.min_citations - 1}"
    if filters.exclude_retracted:
        yield "is_retracted:false"


def _as_openalex_has_it(identifier: Identifier) -> tuple[str, str]:
    """Scheme and value; PMC ids stand there without their letters."""
    if identifier.scheme == "arxiv":
        return "doi", f"10.48550/arxiv.{identifier.value}"
    if identifier.scheme == "pmcid":
        return "pmcid", identifier.value.removeprefix("PMC")
    return identifier.scheme, identifier.value


def _batches(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, list[str]]]:
    """Values of one scheme, at most 50 at a time, and no more than the URL takes."""
    by_scheme: dict[str, list[str]] = {}
    for scheme, value in pairs:
        by_scheme.setdefault(scheme, []).append(value)
    for scheme, values in by_scheme.items():
        batch: list[str] = []
        for value in values:
            is_full = (
                len(batch) == _MAX_BATCH or len(quote("|".join([*batch, value]))) > _MAX_BATCH_CHARACTERS
            )
            if batch and is_full:
                yield scheme, batch
                batch = []
            batch.append(value)
        yield scheme, batch
