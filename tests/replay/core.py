"""CORE, API v3: the search for works.

Rules: api.core.ac.uk/docs/v3 (read 2026-11) as its clients quote it: POST /search/works with q, limit, offset, sort
and exclude; the query language; no more than 100 works a call; a wrong key is a 401. No recording is at hand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from tests.replay.clauses import LUCENE, Malformed, has_words, read_query
from tests.replay.protocol import Answered, Asked
from tests.replay.shelf import Shelf, words_of
from tests.replay.works import SampleWork

REFUSED_KEY = "a-key-that-is-refused"
MAX_PAGE = 100
_SORTS = ("relevance", "recency")
_MEMBERS = {"q", "limit", "offset", "scroll", "scrollId", "stats", "raw_stats", "exclude", "sort", "accept"}
_FIELD = re.compile(r"[A-Za-z_]+(?::|>=|<=|>|<)")


class CoreReplay:
    """Over the works that CORE has."""

    name = "core"

    def __init__(self, works: Sequence[SampleWork]) -> None:
        self._shelf = Shelf(works, self.name)

    def answer(self, asked: Asked) -> Answered:
        if asked.headers.get("authorization") == f"Bearer {REFUSED_KEY}":
            return _answered(401, {"message": "Invalid API key"})
        if (asked.method, asked.path) != ("POST", "/search/works"):
            return _answered(404, {"message": "Not found"})
        try:
            body = json.loads(asked.body)
            query, limit, offset = body["q"], body.get("limit", 10), body.get("offset", 0)
        except (ValueError, KeyError, TypeError, AttributeError):
            return _answered(400, {"message": "The body of a search is JSON and has q"})
        if not (set(body) <= _MEMBERS and 1 <= limit <= MAX_PAGE and body.get("sort", "relevance") in _SORTS):
            return _answered(400, {"message": "A member of the search is unknown or out of its limits"})
        try:
            found = self._found(query, body.get("sort"))
        except Malformed:
            return _answered(500, {"message": "The query could not be parsed"})
        works = [_work(one, body.get("exclude", [])) for one in found[offset : offset + limit]]
        head = {"totalHits": len(found), "limit": limit, "offset": offset, "scrollId": None}
        return _answered(200, {**head, "results": works})

    def _found(self, query: str, sort: str | None) -> list[SampleWork]:
        holds = read_query(query, LUCENE)
        found = [one for one in self._shelf.works if holds(_Clauses(one))]
        if sort == "recency":
            return sorted(found, key=lambda one: one.date, reverse=True)
        asked = set(words_of(_FIELD.sub(" ", query)))
        return sorted(found, key=lambda one: -len(asked & set(words_of(one.title))))


class _Clauses:
    """Whether a clause holds of one work; a field that CORE does not search finds nothing."""

    def __init__(self, work: SampleWork) -> None:
        self._work = work

    def __call__(self, field: str, sign: str, value: str) -> bool:
        work = self._work
        if field == "":
            names = " ".join(author.name for author in work.authors)
            return has_words(words_of(f"{work.title} {work.abstract or ''} {names}"), value)
        if field == "title":
            return has_words(words_of(work.title), value)
        exact = {"doi": work.doi, "arxivId": work.arxiv, "documentType": "research"}
        if field in exact:
            return exact[field] == value.strip('"').replace('\\"', '"').replace("\\\\", "\\")
        numbers = {"yearPublished": work.year, "citationCount": work.citation_count}
        return field in numbers and _compare(numbers[field], sign, int(value.strip('"')))


def _compare(number: int, sign: str, other: int) -> bool:
    return {
        ":": number == other, ">=": number >= other, "<=": number <= other, ">": number > other, "<": number < other,
    }[sign]  # fmt: skip


def _answered(status: int, body: object) -> Answered:
    return Answered(status, {"Content-Type": "application/json"}, json.dumps(body).encode())


def _work(work: SampleWork, excluded: Sequence[str]) -> dict[str, object]:
    """As the schema Work has it; the copies of a work make its list of authors longer."""
    listed = [{"type": "CORE_ID", "identifier": str(work.core + 1)}]
    listed += [{"type": "DOI", "identifier": work.doi}] if work.doi else []
    names = [f"{author.family}, {author.given}" for author in work.authors]
    url = work.url if work.is_oa else None
    whole: dict[str, object] = {
        "id": work.core,
        "doi": work.doi,
        "arxivId": work.arxiv,
        "pubmedId": work.pmid,
        "identifiers": listed,
        "title": work.marked_title,
        "abstract": work.abstract,
        "authors": [{"name": name} for name in [*names, *names[:1]]],
        "publishedDate": f"{work.date}T00:00:00",
        "yearPublished": work.year,
        "journals": [{"title": work.venue, "identifiers": ["1234-5679"]}]
        if work.type == "journal-article"
        else [],
        "documentType": "research",
        "downloadUrl": url,
        "sourceFulltextUrls": [url] if url else [],
        "license": work.license,
        "citationCount": work.citation_count or None,
        "links": [{"type": "display", "url": f"https://core.ac.uk/works/{work.core}"}],
        "publisher": "'Imagined Press'",
        "references": [],
        "fullText": "Not a word of it is of use here. " * 50,
    }
    return {name: value for name, value in whole.items() if name not in excluded}


REPLAY = CoreReplay
