"""DataCite: datasets, software, preprints (all of arXiv's among them), theses and reports with a DOI of DataCite's.

API: REST API (support.datacite.org/docs/api, /docs/pagination, /docs/api-queries, /docs/rate-limit; what it makes of a
query: github.com/datacite/lupo, app/models/doi.rb and app/controllers/datacite_dois_controller.rb; all read 2026-11).
Asked: GET /dois with `query`, and GET /dois/{doi} for what a work refers to and what refers to it.
Query: Elasticsearch's query string, joined by AND. Slashes are escaped there, and one that comes escaped breaks the
query. DOIs are asked for in `id`, which has them in lower case; `doi` has them in upper case alone
(github.com/datacite/datacite/issues/2115, read 2026-11).
Limits: 1,000 works a page, of the first 10,000; by address in 5 minutes 500 requests, 1,000 from callers whose
User-Agent has an e-mail address. No key.
Licence: metadata CC0.
What it cannot do: venues cannot be searched by word. Whether a work is open is said in free words, so that this is no
filter. Works without a resourceTypeGeneral pass no filter for types. `references` and `citations` name works without
telling more of them; the first 25 of a longer list may be all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from research_api.domain.calls import Outgoing, Send
from research_api.domain.search import Sort
from research_api.domain.sources import Edges, SourceAnswer, SourceFailed, SourceQuestion
from research_api.domain.works import Identifier, Record
from research_api.providers import lucene, replies
from research_api.providers.access import Access
from research_api.providers.dialect import Dialect, translated
from research_api.records import datacite, datacite_types, fields

NAME: Final = "datacite"
BASE_URL: Final = "https://api.datacite.org"
NEEDS_KEY: Final = False
VERIFIED: Final = True

_NOT_FOUND = 404
_MAX_PAGE = 1_000
_MAX_BATCH = 50
_MAX_BATCH_CHARACTERS = 2_500
_ORDERS = {Sort.RELEVANCE: "relevance", Sort.NEWEST: "-published", Sort.MOST_CITED: "-citation-count"}
_HEADERS = {"Accept": "application/vnd.api+json"}


def _years(first: int | None, last: int | None) -> str:
    return lucene.year_range("publicationYear", first, last)


_DIALECT = Dialect(
    fields={None: "{}", "title": "titles.title:{}", "author": "creators.name:{}"},
    years=_years,
)


class DataciteSource:
    """Satisfies `domain.sources.Source`. An arXiv id is asked for by the DOI that arXiv has given it."""

    name: Final = NAME
    looks_up: Final = frozenset({"doi", "arxiv"})
    follows: Final = frozenset({"doi", "arxiv"})
    cited_by = follows

    def __init__(self, access: Access) -> None:
        self._base_url = access.base_url

    def search(self, question: SourceQuestion, send: Send) -> SourceAnswer:
        """At most 1,000 works; nothing is sent where none of DataCite's can pass the filter for types."""
        types = question.filters.types
        kinds = datacite_types.general_types_of(types)
        if types and not kinds:
            return SourceAnswer((), "", total=0)
        query = lucene.conjunction_of(
            translated(question, _DIALECT),
            _years(question.filters.year_from, question.filters.year_to),
            f"types.resourceTypeGeneral:{lucene.any_of(kinds)}" if kinds else "",
        )
        body = self._ask(query, min(question.limit, _MAX_PAGE), _ORDERS[question.sort], send)
        records, rejected = _records(body)
        total = fields.count_of(fields.members_of(body.get("meta")).get("total"))
        return SourceAnswer(records[: question.limit], query, total=total, rejected=rejected)

    def look_up(self, identifiers: Sequence[Identifier], send: Send) -> tuple[Record, ...]:
        """The works with these DOIs and arXiv ids, fifty in one request."""
        dois = {_doi(identifier) for identifier in identifiers}
        terms = (lucene.quoted(_doi(identifier)) for identifier in identifiers)
        found: list[Record] = []
        for batch in lucene.batches(terms, most=_MAX_BATCH, most_characters=_MAX_BATCH_CHARACTERS):
            body = self._ask(f"id:{lucene.any_of(batch)}", len(batch), _ORDERS[Sort.RELEVANCE], send)
            found += [record for record in _records(body)[0] if record.source_id in dois]
        return tuple(found)

    def references(self, identifier: Identifier, limit: int, send: Send) -> Edges:
        """The works that this one refers to, by their names."""
        work = self._work(identifier, send)
        return _edges(datacite.references_of(work), work, "referenceCount", limit)

    def citations(self, identifier: Identifier, limit: int, send: Send) -> Edges:
        """The works that refer to this one, by their DOIs."""
        work = self._work(identifier, send)
        return _edges(datacite.linked_dois(work, "citations"), work, "citationCount", limit)

    def _ask(self, query: str, limit: int, order: str, send: Send) -> dict[str, object]:
        asked = (("query", query),) if query else ()
        params = (
            *asked,
            ("page[size]", str(limit)),
            ("page[number]", "1"),
            ("sort", order),
            # counts over all works, which take most of its time
            ("disable-facets", "true"),
        )
        return replies.json_of(send(Outgoing(f"{self._base_url}/dois", params, _HEADERS)))

    def _work(self, identifier: Identifier, send: Send) -> dict[str, object]:
        """What DataCite has of the work with its relationships, empty where it has none."""
        url = f"{self._base_url}/dois/{quote(_doi(identifier), safe='')}"
        reply = send(Outgoing(url, (), _HEADERS))
        return {} if reply.status == _NOT_FOUND else fields.members_of(replies.json_of(reply).get("data"))


def _doi(identifier: Identifier) -> str:
    return identifier.value if identifier.scheme == "doi" else f"10.48550/arxiv.{identifier.value}"


def _records(body: dict[str, object]) -> tuple[tuple[Record, ...], int]:
    items = body.get("data")
    if not isinstance(items, list):
        raise SourceFailed("The source answered without a list of works.")
    return replies.records_of(map(fields.members_of, items), datacite.to_record)


def _edges(names: tuple[Identifier, ...], work: dict[str, object], counter: str, limit: int) -> Edges:
    if not work:
        return Edges()
    counted = fields.count_of(fields.members_of(work.get("attributes")).get(counter))
    return Edges(identifiers=names[:limit], total=max(counted or 0, len(names)))
