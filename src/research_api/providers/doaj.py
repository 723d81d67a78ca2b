"""DOAJ, the Directory of Open Access Journals: articles of journals that are open as a whole.

API: version 4.0.0 (doaj.org/api/v4/docs; what it refuses: github.com/DOAJ/doaj, portality/api/current/discovery.py and
portality/view/api_v4.py; both read 2026-11). Asked: GET /search/articles/{query}, with the query in the path.
Query: Elasticsearch's query string, joined by AND; wildcards and fuzzy terms are refused wherever `*`, `?` or `~`
stands without a backslash, so that no word is cut short and no range is left open. A colon counts as that of a field
unless it is escaped; a slash is escaped there.
Limits: 100 articles a page, of the first 1,000 only. No key. 429 where it is asked too often.
Licence: article metadata CC0 (doaj.org/terms, read 2026-11).
What it cannot do: it has journal articles alone, no citations and no references; it does not sort by the date of
publication (`bibjson.year` is refused), so that the newest are those that it took in last; it has no filter for
citations. DOIs are kept in the case of the publisher: they are asked for in the field that ignores case, and compared
with what was asked afterwards.
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
from research_api.records import doaj, fields

NAME: Final = "doaj"
BASE_URL: Final = "https://doaj.org/api/v4"
NEEDS_KEY: Final = False
VERIFIED: Final = True

_MAX_PAGE = 100
_MAX_BATCH = 20
# a path of 4 KB, where one sign in three is escaped
_MAX_BATCH_CHARACTERS = 1_500
_RESERVED = "*?~:"
_TYPE = "journal-article"
_EVERYTHING = "*"


def _years(first: int | None, last: int | None) -> str:
    return lucene.year_range("bibjson.year", first, last, lowest="0000", highest="9999")


_DIALECT = Dialect(
    fields={
        None: "{}",
        "title": "bibjson.title:{}",
        "author": "bibjson.author.name:{}",
        "venue": "bibjson.journal.title:{}",
    },
    has_prefixes=False,
    years=_years,
)


class DoajSource:
    """Satisfies `domain.sources.Source`."""

    name: Final = NAME
    looks_up: Final = frozenset({"doi"})
    follows: Final[frozenset[str]] = frozenset()
    cited_by: Final[frozenset[str]] = frozenset()

    def __init__(self, access: Access) -> None:
        self._base_url = access.base_url

    def search(self, question: SourceQuestion, send: Send) -> SourceAnswer:
        """At most 100 articles; nothing is sent where none of DOAJ's can pass the filters."""
        filters = question.filters
        if filters.open_access is False or (filters.types and _TYPE not in filters.types):
            return SourceAnswer((), "", total=0)
        query = (
            lucene.conjunction_of(translated(question, _DIALECT), _years(filters.year_from, filters.year_to))
            or _EVERYTHING
        )
        order = (("sort", "created_date:desc"),) if question.sort is Sort.NEWEST else ()
        body = self._ask(query, min(question.limit, _MAX_PAGE), order, send)
        records, rejected = _records(body)
        return SourceAnswer(
            records[: question.limit], query, total=fields.count_of(body.get("total")), rejected=rejected
        )

    def look_up(self, identifiers: Sequence[Identifier], send: Send) -> tuple[Record, ...]:
        """The articles with these DOIs, twenty in one request."""
        asked = frozenset(identifiers)
        found: list[Record] = []
        terms = (
            lucene.quoted(each.value, reserved=_RESERVED) for each in identifiers if each.scheme == "doi"
        )
        for batch in lucene.batches(terms, most=_MAX_BATCH, most_characters=_MAX_BATCH_CHARACTERS):
            body = self._ask(f"bibjson.identifier.id:{lucene.any_of(batch)}", _MAX_PAGE, (), send)
            found += [record for record in _records(body)[0] if not asked.isdisjoint(record.identifiers)]
        return tuple(found)

    def references(self, identifier: Identifier, limit: int, send: Send) -> Edges:  # noqa: ARG002 - the port has it so
        """Always empty: `follows` is."""
        return Edges()

    def citations(self, identifier: Identifier, limit: int, send: Send) -> Edges:  # noqa: ARG002 - the port has it so
        """Always empty: `cited_by` is."""
        return Edges()

    def _ask(
        self, query: str, limit: int, order: tuple[tuple[str, str], ...], send: Send
    ) -> dict[str, object]:
        url = f"{self._base_url}/search/articles/{quote(query, safe='')}"
        params = (("page", "1"), ("pageSize", str(limit)), *order)
        return replies.json_of(send(Outgoing(url, params, {"Accept": "application/json"})))


def _records(body: dict[str, object]) -> tuple[tuple[Record, ...], int]:
    results = body.get("results")
    if not isinstance(results, list):
        raise SourceFailed("The source answered without a list of articles.")
    return replies.records_of(map(fields.members_of, results), doaj.to_record)
