"""Crossref: works as their publishers deposited them with a DOI.

API: GET /works, /works/{doi}. Pages: crossref.org/documentation/retrieve-metadata/rest-api ("REST API filters",
"Access and authentication") and the table of parameters in github.com/CrossRef/rest-api-doc (all read 2026-11).
Limits: 1,000 works a page. Without a contact one request at a time and 5 a second (headers X-Concurrency-Limit and
X-Rate-Limit-Limit of recordings, 2026-06), with one more; the headers of each answer say what holds.
Licence: free to reuse, except that some abstracts are under the copyright of their publishers.
Contact: parameter `mailto`. Key (Metadata Plus, paid): header `Crossref-Plus-API-Token: Bearer KEY`.
What it cannot do: demand all words (any of them will do), phrases, NOT, beginnings of words; filter by open access, by
counts of citations or by retraction; tell which works refer to one. Sorted by date or citations, it does not look at
how well a work matches. References without a DOI are not taken over. `published-other` cannot be selected, so that
searches and batches see it only through `published`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import quote, urlencode

from research_api.domain.calls import Outgoing, Reply, Send
from research_api.domain.query import And, Phrase, Query, Word
from research_api.domain.search import Filters, Sort
from research_api.domain.sources import Edges, SourceAnswer, SourceFailed, SourceQuestion
from research_api.domain.works import Identifier, Record
from research_api.providers.access import Access
from research_api.providers.dialect import plain_words
from research_api.providers.replies import json_of, records_of
from research_api.records import fields
from research_api.records.crossref import to_record
from research_api.records.errors import Rejected

NAME = "crossref"
BASE_URL = "https://api.crossref.org"
NEEDS_KEY = False
VERIFIED = True

MAX_PAGE = 1_000
_MAX_BATCH = 40
_MAX_QUERY_CHARACTERS = 3_000
_NOT_FOUND = 404

# what `records.crossref` reads, as far as GET /works lets one select it: an unknown name is a 400
_SELECT = (
    "DOI,title,original-title,subtitle,abstract,author,container-title,type,URL,license,published-print,"
    "published-online,published,issued,posted,approved,is-referenced-by-count,updated-by,update-to,reference"
)
_SORTS = {Sort.NEWEST: "published", Sort.MOST_CITED: "is-referenced-by-count"}
_FIELD_QUERIES = {"author": "query.author", "venue": "query.container-title"}


class CrossrefSource:
    """Asks Crossref. It knows what works refer to, and not what refers to them."""

    name = NAME
    looks_up = frozenset({"doi"})
    follows = frozenset({"doi"})
    cited_by: Final[frozenset[str]] = frozenset()

    def __init__(self, access: Access) -> None:
        self._access = access

    def search(self, question: SourceQuestion, send: Send) -> SourceAnswer:
        """In the order of Crossref; nothing is sent where neither words nor filters can be said."""
        params = _queries_of(question)
        if filters := ",".join(_filters_of(question.filters)):
            params.append(("filter", filters))
        if not params:
            return SourceAnswer((), sent="")
        if question.sort in _SORTS:
            params += [("sort", _SORTS[question.sort]), ("order", "desc")]
        params.append(("rows", str(max(1, min(question.limit, MAX_PAGE)))))
        works, total = self._list(params, send)
        records, rejected = records_of(works, to_record)
        return SourceAnswer(records[: question.limit], urlencode(params), total, rejected)

    def look_up(self, identifiers: Sequence[Identifier], send: Send) -> tuple[Record, ...]:
        """40 in one request; a DOI with a comma, which a filter would cut, by itself."""
        wanted = [identifier.value for identifier in dict.fromkeys(identifiers)]
        alone = [doi for doi in wanted if len(wanted) == 1 or "," in doi]
        works: list[dict[str, object]] = []
        for doi in alone:
            work = self._single(doi, send)
            works += [work] if work is not None else []
        several = [doi for doi in wanted if doi not in alone]
        for start in range(0, len(several), _MAX_BATCH):
            batch = several[start : start + _MAX_BATCH]
            found, _ = self._list(
                [("filter", ",".join(f"doi:{doi}" for doi in batch)), ("rows", str(len(batch)))], send
            )
            works += found
        return records_of(works, to_record)[0]

    def references(self, identifier: Identifier, limit: int, send: Send) -> Edges:
        """The DOIs in the list of references; total counts those without a DOI as well."""
        work = self._single(identifier.value, send)
        if work is None:
            return Edges()
        total = fields.count_of(work.get("references-count"))
        try:
            named = to_record(work).references
        except Rejected:
            return Edges(total=total)
        return Edges(identifiers=named[: max(limit, 0)], total=total)

    def citations(self, identifier: Identifier, limit: int, send: Send) -> Edges:  # noqa: ARG002 - no such question
        """Always empty: Crossref tells their number, not their names."""
        return Edges()

    def _list(self, params: list[tuple[str, str]], send: Send) -> tuple[list[dict[str, object]], int | None]:
        """The works of one page, and how many there are in all. Raises SourceFailed."""
        message = _message_of(self._sent("/works", [*params, ("select", _SELECT)], send))
        items = message.get("items")
        if not isinstance(items, list):
            raise SourceFailed("Crossref answered without a list of items.")
        return [fields.members_of(item) for item in items], fields.count_of(message.get("total-results"))

    def _single(self, doi: str, send: Send) -> dict[str, object] | None:
        """The whole work, for this route selects nothing; None where there is none, which is said in plain text."""
        reply = self._sent(f"/works/{quote(doi, safe='')}", [], send)
        return None if reply.status == _NOT_FOUND else _message_of(reply)

    def _sent(self, path: str, params: list[tuple[str, str]], send: Send) -> Reply:
        access = self._access
        own = [("mailto", access.contact)] if access.contact else []
        headers = {"Crossref-Plus-API-Token": f"Bearer {access.api_key}"} if access.api_key else {}
        return send(Outgoing(access.base_url + path, (*params, *own), headers))


def _message_of(reply: Reply) -> dict[str, object]:
    message = json_of(reply).get("message")
    if not isinstance(message, dict):
        raise SourceFailed("Crossref answered without a message.", status=reply.status)
    return message


def _queries_of(question: SourceQuestion) -> list[tuple[str, str]]:
    """The words, any of which will do, and names of authors and venues that every work must have.

    Each parameter restricts; within one, any of its words will do.
    """
    clauses = question.query.operands if isinstance(question.query, And) else (question.query,)
    found: dict[str, list[str]] = {"query": _cut(plain_words(question))}
    for clause in clauses:
        name = _field_query(clause)
        if name and isinstance(clause, Word | Phrase):
            found.setdefault(name, []).extend(clause.words if isinstance(clause, Phrase) else [clause.text])
    return [(name, " ".join(words)) for name, words in found.items() if words]


def _cut(text: str) -> list[str]:
    """As many of the words as a URL takes, each once."""
    words = list(dict.fromkeys(text.split()))
    while len(quote(" ".join(words))) > _MAX_QUERY_CHARACTERS:
        words.pop()
    return words


def _field_query(clause: Query) -> str | None:
    if isinstance(clause, Phrase) or (isinstance(clause, Word) and not clause.prefix):
        return _FIELD_QUERIES.get(clause.field or "")
    return None


def _filters_of(filters: Filters) -> Iterator[str]:
    """Dates of publication are the earliest that Crossref has, as our years are; types are told in its words."""
    if filters.year_from is not None:
        yield f"from-pub-date:{filters.year_from:04}"
    if filters.year_to is not None:
        yield f"until-pub-date:{filters.year_to:04}"
    yield from (f"type:{wanted}" for wanted in filters.types)
