"""Semantic Scholar's Academic Graph API.

Rules: api.semanticscholar.org/api-docs/graph (read 2026-11) and the recordings semanticscholar/ERR400..., ERR403...,
ERR404..., test_empty_paginated_results..., test_get_papers_not_found_warning..., test_get_paper_references... .
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from urllib.parse import unquote

from tests.replay.clauses import SIMPLE, Holds, Malformed, has_words, read_query
from tests.replay.protocol import Answered, Asked
from tests.replay.semanticscholar_papers import (
    BULK_FIELDS,
    EDGE_FIELDS,
    PUBLICATION_TYPES,
    SEARCH_FIELDS,
    paper,
    type_of,
)
from tests.replay.shelf import Shelf, words_of
from tests.replay.works import SampleWork

REFUSED_KEY = "a-key-that-is-refused"
MAX_PAGE, MAX_RANKED = 100, 1_000
MAX_BULK, MAX_BATCH, MAX_EDGES = 1_000, 500, 1_000

_FILTERS = {
    "publicationTypes", "openAccessPdf", "minCitationCount", "publicationDateOrYear", "year", "venue", "fieldsOfStudy",
}  # fmt: skip
# the program that was recorded sends offset and limit to the bulk search, which takes no notice of them
_SEARCH_PARAMS = {"query", "fields", "offset", "limit"} | _FILTERS
_BULK_PARAMS = _SEARCH_PARAMS | {"sort", "token"}
_YEARS = re.compile(r"(\d{4})|(\d{4})-|-(\d{4})|(\d{4})-(\d{4})")
_SORT = re.compile(r"(paperId|publicationDate|citationCount)(?::(asc|desc))?")
_EDGES = re.compile(r"/paper/(.+)/(references|citations)")
_PREFIXES = {"DOI": "doi", "PMID": "pmid", "PMCID": "pmcid", "ARXIV": "arxiv", "CORPUSID": "corpus_id"}


class Refused(Exception):
    """The API answers with that status and text."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class SemanticScholarReplay:
    """Over the works that Semantic Scholar has."""

    name = "semanticscholar"

    def __init__(self, works: Sequence[SampleWork]) -> None:
        self._shelf = Shelf(works, self.name)

    def answer(self, asked: Asked) -> Answered:
        if asked.headers.get("x-api-key") == REFUSED_KEY:
            # as recorded in ERR403
            return _answered(403, {"message": "Forbidden"})
        try:
            return _answered(200, self._body(asked))
        except Refused as refusal:
            return _answered(refusal.status, {"error": str(refusal)})

    def _body(self, asked: Asked) -> object:
        if (asked.method, asked.path) == ("GET", "/paper/search"):
            return self._ranked(asked)
        if (asked.method, asked.path) == ("GET", "/paper/search/bulk"):
            return self._bulk(asked)
        if (asked.method, asked.path) == ("POST", "/paper/batch"):
            return self._batch(asked)
        edges = _EDGES.fullmatch(unquote(asked.path))
        if asked.method == "GET" and edges:
            return self._edges(asked, edges[1], edges[2])
        raise Refused(404, "Requested object not found")

    def _ranked(self, asked: Asked) -> object:
        _check_params(asked, _SEARCH_PARAMS)
        wanted = _fields(asked, SEARCH_FIELDS)
        offset, limit = _page(asked, MAX_PAGE)
        if offset + limit > MAX_RANKED:
            raise Refused(400, "Requested data for this limit and/or offset is not available")
        query = _query(asked)
        # "Hyphenated query terms yield no matches" (page of the relevance search)
        found = (
            []
            if re.search(r"\w-\w", query)
            else [one for one in self._shelf.search(query) if _passes(one, asked)]
        )
        body: dict[str, object] = {"total": len(found), "offset": offset}
        if not found:
            # recorded: an empty search has no `data`
            return body
        if offset + limit < len(found):
            body["next"] = offset + limit
        return {**body, "data": [self._paper(one, wanted) for one in found[offset : offset + limit]]}

    def _bulk(self, asked: Asked) -> object:
        _check_params(asked, _BULK_PARAMS)
        wanted = _fields(asked, BULK_FIELDS)
        query = _query(asked)
        sort = _SORT.fullmatch(asked.param("sort", "paperId"))
        if sort is None:
            raise Refused(400, f"Unacceptable query params: [sort={asked.param('sort')}]")
        try:
            holds = read_query(query, SIMPLE)
        except Malformed as error:
            raise Refused(400, "Bad query parameters") from error
        found = [one for one in self._shelf.works if _passes(one, asked) and _matches(one, holds)]
        keys = {"paperId": lambda one: one.s2, "publicationDate": lambda one: one.date}
        key = keys.get(sort[1], lambda one: one.citation_count)
        found = sorted(sorted(found, key=lambda one: one.s2), key=key, reverse=sort[2] == "desc")
        start = int(asked.param("token", "0"))
        token = str(start + MAX_BULK) if start + MAX_BULK < len(found) else None
        page = found[start : start + MAX_BULK]
        return {"total": len(found), "token": token, "data": [self._paper(one, wanted) for one in page]}

    def _batch(self, asked: Asked) -> object:
        _check_params(asked, {"fields"})
        wanted = _fields(asked, SEARCH_FIELDS)
        try:
            names = json.loads(asked.body)["ids"]
        except (ValueError, KeyError, TypeError) as error:
            raise Refused(400, "Bad query parameters") from error
        if len(names) > MAX_BATCH:
            raise Refused(400, f"Can only process {MAX_BATCH} paper ids at a time")
        found = [self._find(name) for name in names]
        if not any(found):
            raise Refused(400, "No valid paper ids given")
        # recorded: an unknown id is null in its place
        return [self._paper(one, wanted) if one else None for one in found]

    def _edges(self, asked: Asked, name: str, kind: str) -> object:
        _check_params(asked, {"fields", "offset", "limit", "publicationDateOrYear"})
        wanted = _fields(asked, EDGE_FIELDS)
        offset, limit = _page(asked, MAX_EDGES)
        work = self._find(name)
        if work is None:
            # as recorded in ERR404
            raise Refused(404, f"Paper with id {name} not found")
        end = "citedPaper" if kind == "references" else "citingPaper"
        numbers = (
            work.references if kind == "references" else [w.number for w in self._shelf.referring_to(work)]
        )
        rows = [{end: self._end(number, wanted)} for number in numbers]
        following = {"next": offset + limit} if offset + limit < len(rows) else {}
        return {"offset": offset, **following, "data": rows[offset : offset + limit]}

    def _end(self, number: int, wanted: set[str]) -> object:
        """Recorded: of a work that it does not have it knows what stands in the list of references, and no id."""
        work = self._shelf.every[number]
        known = self._paper(work, wanted)
        return (
            known if self.name in work.held_by else {**known, "paperId": None, "abstract": None, "url": None}
        )

    def _find(self, name: str) -> SampleWork | None:
        prefix, colon, rest = name.partition(":")
        scheme = _PREFIXES.get(prefix.upper()) if colon else None
        if scheme == "pmcid":
            rest = f"PMC{rest}"
        return (
            self._shelf.by(scheme, rest)
            if scheme
            else self._shelf.by("s2", name) or self._shelf.by("doi", name)
        )

    def _paper(self, work: SampleWork, wanted: set[str]) -> dict[str, object]:
        cited = [self._shelf.every[number] for number in work.references] if "references" in wanted else []
        return paper(work, wanted, cited)


def _answered(status: int, body: object) -> Answered:
    return Answered(status, {"Content-Type": "application/json"}, json.dumps(body).encode())


def _check_params(asked: Asked, known: set[str]) -> None:
    unknown = [f"{name}={values[0]}" for name, values in asked.params.items() if name not in known]
    if unknown:
        raise Refused(400, f"Unacceptable query params: [{', '.join(unknown)}]")


def _fields(asked: Asked, known: frozenset[str]) -> set[str]:
    """Recorded: ERR400, fields that the endpoint does not know."""
    wanted = asked.param("fields", "title").split(",")
    unknown = [field for field in wanted if field not in known]
    if unknown:
        raise Refused(400, f"Unrecognized or unsupported fields: [{', '.join(unknown)}]")
    return {*wanted, *(field.partition(".")[0] for field in wanted)}


def _page(asked: Asked, most: int) -> tuple[int, int]:
    try:
        offset, limit = int(asked.param("offset", "0")), int(asked.param("limit", "100"))
    except ValueError as error:
        raise Refused(400, "Bad query parameters") from error
    if not (offset >= 0 and 1 <= limit <= most):
        raise Refused(400, f"Unacceptable query params: [limit={limit}]")
    return offset, limit


def _query(asked: Asked) -> str:
    """The query, which both searches require."""
    query = asked.param("query")
    if not query.strip():
        raise Refused(400, "Missing required parameter: query")
    return query


def _passes(work: SampleWork, asked: Asked) -> bool:
    """The filters as the page has them; what stands in none of the forms given there is refused."""
    if asked.param("openAccessPdf"):
        raise Refused(400, f"Unacceptable query params: [openAccessPdf={asked.param('openAccessPdf')}]")
    kinds = [kind for kind in asked.param("publicationTypes").split(",") if kind]
    if set(kinds) - PUBLICATION_TYPES:
        raise Refused(400, f"Unacceptable query params: [publicationTypes={asked.param('publicationTypes')}]")
    return (
        _in_years(work.year, asked.param("year"))
        and (not kinds or type_of(work) in kinds)
        and ("openAccessPdf" not in asked.params or work.is_oa)
        and work.citation_count >= int(asked.param("minCitationCount", "0"))
    )


def _in_years(year: int, asked: str) -> bool:
    if not asked:
        return True
    found = _YEARS.fullmatch(asked)
    if found is None:
        raise Refused(400, f"Unacceptable query params: [year={asked}]")
    only, since, until, first, last = (int(part) if part else None for part in found.groups())
    return (only or since or first or 0) <= year <= (only or until or last or 9_999)


def _matches(work: SampleWork, holds: Holds) -> bool:
    told = words_of(f"{work.title} {work.abstract or ''}")
    return holds(lambda *clause: has_words(told, clause[-1]))


REPLAY = SemanticScholarReplay
