"""CORE, API v3: open-access works of thousands of repositories and journals.

Pages (read 2026-11): api.core.ac.uk/docs/v3 (search, query language, schema Work) as clients of it quote it; no
recording of v3 is at hand, so this source is unverified.
Limits: counted in tokens, one for a simple query. Without a key 100 a day and 10 a minute, which serves nobody, so a
key is wanted: 1,000 to 5,000 a day. 100 works a call; an offset beyond 10,000 needs a scroll. When it may be asked
again stands in X-RateLimit-Retry-After.
Licence: metadata ODC-By for what CORE adds; free for research that is not commercial.

The search is a POST, because only that can leave the full texts out, which are most of an answer.
What it cannot do: venues in the query, citations of a work, PMCIDs, retractions, types of work but theses (`research`
may be anything). Sorted by date it is asked for the most recent; the most cited it cannot put first.
Works that CORE has without a copy of the full text count as not known to be open.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from types import MappingProxyType

from research_api.domain.calls import Outgoing, Reply, Send
from research_api.domain.search import Filters, Sort
from research_api.domain.sources import Edges, SourceAnswer, SourceFailed, SourceQuestion
from research_api.domain.works import Identifier, Record
from research_api.providers.access import Access
from research_api.providers.dialect import Dialect, translated
from research_api.providers.lucene import conjunction_of, quoted
from research_api.providers.replies import json_of, records_of
from research_api.records import fields
from research_api.records.core import SOURCE, to_record

NAME = SOURCE
BASE_URL = "https://api.core.ac.uk/v3"
NEEDS_KEY = True
VERIFIED = False

_MAX_PAGE = 100
# CORE may have several works under one DOI
_BATCH = 50
_MEMBERS = {"doi": "doi", "arxiv": "arxivId"}
_TYPES = {"dissertation": "thesis"}


def _years(first: int | None, last: int | None) -> str:
    ends = ((">=", first), ("<=", last))
    return " AND ".join(f"yearPublished{sign}{year}" for sign, year in ends if year is not None)


# Authors are left to our own filter: `authors:` widens the search, and `authors.name:` finds whole names alone.
_DIALECT = Dialect(
    fields=MappingProxyType({None: "{}", "title": "title:{}"}),
    years=lambda first, last: f"({_years(first, last)})",
)


class Core:
    """The source `core`; stands in for `domain.sources.Source`."""

    name = NAME
    looks_up = frozenset(_MEMBERS)
    follows: frozenset[str] = frozenset()
    cited_by: frozenset[str] = frozenset()

    def __init__(self, access: Access) -> None:
        self._base_url = access.base_url
        self._headers = {"Content-Type": "application/json"}
        if access.api_key:
            self._headers["Authorization"] = f"Bearer {access.api_key}"

    def search(self, question: SourceQuestion, send: Send) -> SourceAnswer:
        """At most 100 works, in one call. Where nothing of the query can be said nothing is asked: `sent` is empty."""
        asked = translated(question, _DIALECT)
        if not asked:
            return SourceAnswer(records=(), sent="")
        limit = min(question.limit, _MAX_PAGE)
        query = conjunction_of(asked, *_conditions(question.filters))
        sort = {"sort": "recency"} if question.sort is Sort.NEWEST else {}
        body = json.dumps({"q": query, "limit": limit, "exclude": ["fullText"], **sort}, ensure_ascii=False)
        found = self._ask(body, send)
        records, rejected = _records(found)
        return SourceAnswer(records[:limit], body, fields.count_of(found.get("totalHits")), rejected)

    def look_up(self, identifiers: Sequence[Identifier], send: Send) -> tuple[Record, ...]:
        """All works that CORE has under these identifiers; what it finds beside them is left out."""
        found: list[Record] = []
        for start in range(0, len(identifiers), _BATCH):
            wanted = identifiers[start : start + _BATCH]
            query = " OR ".join(f"{_MEMBERS[one.scheme]}:{quoted(one.value)}" for one in wanted)
            body = json.dumps({"q": query, "limit": _MAX_PAGE, "exclude": ["fullText"]}, ensure_ascii=False)
            records, _ = _records(self._ask(body, send))
            found += [record for record in records if not set(wanted).isdisjoint(record.identifiers)]
        return tuple(dict.fromkeys(found))

    def references(self, identifier: Identifier, limit: int, send: Send) -> Edges:  # noqa: ARG002 - the port has it so
        """Always empty: `follows` is."""
        return Edges()

    def citations(self, identifier: Identifier, limit: int, send: Send) -> Edges:  # noqa: ARG002 - the port has it so
        """Always empty: `cited_by` is."""
        return Edges()

    def _ask(self, body: str, send: Send) -> dict[str, object]:
        url = f"{self._base_url}/search/works"
        return json_of(
            _with_retry_after(send(Outgoing(url, (), self._headers, method="POST", body=body.encode())))
        )


def _conditions(filters: Filters) -> list[str]:
    conditions: list[str] = []
    if filters.year_from is not None or filters.year_to is not None:
        conditions.append(_years(filters.year_from, filters.year_to))
    if filters.types and all(wanted in _TYPES for wanted in filters.types):
        kinds = " OR ".join(f'documentType:"{_TYPES[wanted]}"' for wanted in filters.types)
        conditions.append(f"({kinds})")
    if filters.min_citations:
        conditions.append(f"citationCount>={filters.min_citations}")
    return conditions


def _records(body: dict[str, object]) -> tuple[tuple[Record, ...], int]:
    rows = body.get("results")
    if not isinstance(rows, list):
        raise SourceFailed("The source answered JSON of another shape.")
    return records_of(map(fields.members_of, rows), to_record)


def _with_retry_after(reply: Reply) -> Reply:
    """The same with a Retry-After where CORE says it in a header of its own: seconds, or a time in ISO 8601."""
    told = reply.headers.get("x-ratelimit-retry-after", "").strip()
    if not told or "retry-after" in reply.headers:
        return reply
    try:
        told = (
            told
            if told.isdecimal()
            else format_datetime(datetime.fromisoformat(told).astimezone(UTC), usegmt=True)
        )
    except (ValueError, OverflowError):
        return reply
    return replace(reply, headers={**reply.headers, "retry-after": told})
