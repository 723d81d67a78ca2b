"""arXiv: preprints of physics, mathematics, computer science and their neighbours.

Pages: arXiv API User's Manual (info.arxiv.org/help/api/user-manual.html) and Terms of Use for arXiv APIs
(info.arxiv.org/help/api/tou.html), both read 2026-11. One method, `query`, which answers an Atom feed to all.
Limits: no key; one request every three seconds over one connection; 10 papers where no number is asked for, at most
2,000 in one slice. Papers appear once a day, at midnight.
Licence: metadata CC0; papers under the licences of their authors, which the API does not tell.

Errors are feeds as well, with one entry whose id names the error, under status 400 or 200. One malformed id in a list
refuses the whole list, so ids that arXiv never gave are not asked for.
What it cannot do: truncated words, other years than those of the first version, types (all are preprints), access (all
are free to read), retractions, counts of citations, references, citations, DOIs as names of papers. The most cited it
cannot put first: it is asked for the most relevant then.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from types import MappingProxyType
from xml.etree.ElementTree import Element

from research_api.domain.calls import Send
from research_api.domain.search import Filters, Sort
from research_api.domain.sources import Edges, SourceAnswer, SourceFailed, SourceQuestion
from research_api.domain.works import Identifier, Record
from research_api.providers.access import Access
from research_api.providers.dialect import Dialect, translated, with_years
from research_api.providers.forms import get_or_post
from research_api.providers.replies import records_of, xml_of
from research_api.records import fields
from research_api.records.arxiv import ATOM, to_record
from research_api.records.arxiv_fields import SOURCE, TYPE, month_of_id
from research_api.records.xml import text_at

NAME = SOURCE
BASE_URL = "https://export.arxiv.org/api"
NEEDS_KEY = False
VERIFIED = True

_MAX_PAGE = 2_000
# 200 ids are 3 KB of address
_BATCH = 200
_OPENSEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"
_ERROR_ID = "/api/errors"
_FIRST_YEAR, _LAST_YEAR = 1991, 2100
# Old ids begin with the archive; subject classes behind it (math.GT/0309136) are no part of the id.
# Source: arXiv, "Category Taxonomy" and "Understanding the arXiv identifier" (read 2026-11)
_OLD_ID = re.compile(r"([a-z-]+)(?:\.[a-z]{2})?(/\d{7})", re.ASCII)
_OLD_ARCHIVES = (
    "acc-phys adap-org alg-geom ao-sci astro-ph atom-ph bayes-an chao-dyn chem-ph cmp-lg comp-gas cond-mat cs dg-ga "
    "funct-an gr-qc hep-ex hep-lat hep-ph hep-th math math-ph mtrl-th nlin nucl-ex nucl-th patt-sol physics plasm-ph "
    "q-alg q-bio quant-ph solv-int stat supr-con"
)


def _years(first: int | None, last: int | None) -> str:
    return f"submittedDate:[{first or _FIRST_YEAR}01010000 TO {last or _LAST_YEAR}12312359]"


_DIALECT = Dialect(
    fields=MappingProxyType({None: "all:{}", "title": "ti:{}", "author": "au:{}", "venue": "jr:{}"}),
    has_prefixes=False,
    years=_years,
)


class ArxivSource:
    """The source `arxiv`; stands in for `domain.sources.Source`."""

    name = NAME
    looks_up = frozenset({"arxiv"})
    follows: frozenset[str] = frozenset()
    cited_by: frozenset[str] = frozenset()

    def __init__(self, access: Access) -> None:
        self._url = f"{access.base_url}/query"

    def search(self, question: SourceQuestion, send: Send) -> SourceAnswer:
        """At most 2,000 papers, all in one call.

        Nothing is asked, and `sent` is empty, where nothing can be said of the query or no preprint is wanted.
        """
        asked = translated(question, _DIALECT)
        if not asked or not _wants_preprints(question.filters):
            return SourceAnswer(records=(), sent="")
        query = with_years(asked, question.filters, _years)
        limit = min(question.limit, _MAX_PAGE)
        feed = self._feed(
            send,
            ("search_query", query),
            ("start", "0"),
            ("max_results", str(limit)),
            ("sortBy", "submittedDate" if question.sort is Sort.NEWEST else "relevance"),
            ("sortOrder", "descending"),
        )
        records, rejected = records_of(feed.iterfind(f"{ATOM}entry"), to_record)
        total = fields.count_in(text_at(feed, f"{_OPENSEARCH}totalResults"))
        return SourceAnswer(records[:limit], query, total, rejected)

    def look_up(self, identifiers: Sequence[Identifier], send: Send) -> tuple[Record, ...]:
        """The papers with these ids, in their newest versions."""
        ids = list(dict.fromkeys(known for one in identifiers if (known := _asked_id(one.value))))
        found: list[Record] = []
        for start in range(0, len(ids), _BATCH):
            batch = ids[start : start + _BATCH]
            feed = self._feed(send, ("id_list", ",".join(batch)), ("max_results", str(len(batch))))
            records, _ = records_of(feed.iterfind(f"{ATOM}entry"), to_record)
            found += [record for record in records if record.source_id in batch]
        return tuple(found)

    def references(self, identifier: Identifier, limit: int, send: Send) -> Edges:  # noqa: ARG002 - as the port has it
        """Always empty: `follows` is."""
        return Edges()

    def citations(self, identifier: Identifier, limit: int, send: Send) -> Edges:  # noqa: ARG002 - as the port has it
        """Always empty: `cited_by` is."""
        return Edges()

    def _feed(self, send: Send, *params: tuple[str, str]) -> Element:
        """The feed of results. Raises SourceFailed for the feed of an error and for all that is no feed."""
        reply = send(get_or_post(self._url, params))
        feed = xml_of(reply)
        if feed.tag != f"{ATOM}feed":
            raise SourceFailed("The source answered XML of another shape.", status=reply.status)
        if any(_ERROR_ID in (text_at(entry, f"{ATOM}id") or "") for entry in feed.iterfind(f"{ATOM}entry")):
            raise SourceFailed(
                "The source refused the request, in the form of a result.", status=reply.status
            )
        return feed


def _wants_preprints(filters: Filters) -> bool:
    """False where no record of arXiv can pass: all are preprints, and all are free to read."""
    return (not filters.types or TYPE in filters.types) and filters.open_access is not False


def _asked_id(value: str) -> str | None:
    """The id as arXiv's own lists have it, None where arXiv cannot have given it."""
    old = _OLD_ID.fullmatch(value)
    known = old[1] + old[2] if old and old[1] in _OLD_ARCHIVES.split() else None if old else value
    return known if known and month_of_id(known) else None
