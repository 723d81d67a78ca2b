"""DOAJ's API as it answers: GET /search/articles/{query} and GET /articles/{id}.

What is refused and how is taken from github.com/DOAJ/doaj, portality/api/current/discovery.py (queries, pages, order),
portality/view/api_v4.py (parameters) and portality/api/common.py (bodies of errors), all read 2026-11. The form of
answers is that of the recorded ones.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Sequence
from urllib.parse import quote, unquote

from tests.replay.clauses import Malformed
from tests.replay.lucene import Document, document, matcher
from tests.replay.protocol import Answered, Asked
from tests.replay.shelf import Shelf
from tests.replay.works import SampleWork

MAX_PAGE = 100
MAX_RECORDS = 1_000

_WILDCARD = re.compile(r".+[^\\][?*]+.*", re.DOTALL)
_FUZZY = re.compile(r".+[^\\]~[0-9]?\.?[0-9]?", re.DOTALL)
_SHORT_NAMES = {
    "title": "bibjson.title",
    "doi": "bibjson.identifier.id.exact",
    "journal": "bibjson.journal.title",
    "abstract": "bibjson.abstract",
}
# `bibjson.year` is analysed text, by which Elasticsearch cannot sort
_SORTABLE = {"title": "title", "created_date": "number", "last_updated": "number"}


class DoajReplay:
    """Over the works that DOAJ has."""

    name = "doaj"

    def __init__(self, works: Sequence[SampleWork], /) -> None:
        self._shelf = Shelf(works, self.name)
        self._documents = {work.number: _document(work) for work in self._shelf.works}

    def answer(self, asked: Asked) -> Answered:
        """A page of articles, or why there is none."""
        lead, query = "/search/articles/", asked.path
        if not query.startswith(lead) or asked.method != "GET":
            return _refused(404, "not_found", f"No endpoint at {asked.path}.")
        query = unquote(query.removeprefix(lead))
        try:
            page, size = (
                int(asked.param(name, default)) for name, default in (("page", "1"), ("pageSize", "10"))
            )
        except ValueError:
            return _refused(400, "bad_request", "Page number was not an integer")
        page, size = max(page, 1), min(size, MAX_PAGE) if size > 0 else 10
        if _WILDCARD.search(query) or _FUZZY.search(query):
            return _refused(400, "bad_request", "Query contains disallowed Lucene features")
        if (page - 1) * size >= MAX_RECORDS:
            return _refused(
                400, "bad_request", f"You cannot access results beyond {MAX_RECORDS} records via this API."
            )
        try:
            found = self._found(query, asked.param("sort"))
        except Malformed:
            return _refused(400, "bad_request", "There was an error executing your query")
        return _listed(query, found, page, size, asked.param("sort"))

    def _found(self, query: str, sort: str) -> list[SampleWork]:
        match = matcher(_as_elasticsearch_gets_it(query))
        found = self._shelf.best_first(query, lambda work: match(self._documents[work.number]))
        field, colon, direction = sort.partition(":")
        if not sort:
            return found
        if field not in _SORTABLE or (colon and direction not in ("asc", "desc")):
            raise Malformed("no field of that name can be sorted by")
        return sorted(found, key=lambda work: getattr(work, _SORTABLE[field]), reverse=direction == "desc")


def article(work: SampleWork) -> dict[str, object]:
    """The work as DOAJ has it: DOIs in the publisher's case, months in letters or digits, names turned or not."""
    told: dict[str, object] = {
        "title": ("RETRACTED ARTICLE: " if work.retracted else "") + work.marked_title,
        "year": str(work.year),
        "month": str(int(work.date[5:7])) if work.number % 2 else work.date[5:7],
        "journal": {
            "title": work.venue,
            "publisher": "Nobody's Press",
            "country": "NL",
            "language": ["EN"],
            "volume": "3",
            **({"license": [_licence(work.license)]} if work.license else {}),
        },
        "identifier": [{"type": "eissn", "id": "0000-0000"}],
        "author": [
            {
                "name": author.name if work.number % 2 else f"{author.family}, {author.given}",
                "affiliation": "University of Somewhere",
                **({"orcid_id": f"https://orcid.org/{author.orcid}"} if author.orcid else {}),
            }
            for author in work.authors
        ],
        "link": [{"type": "fulltext", "url": work.url, "content_type": "HTML"}],
        "keywords": ["invented"],
    }
    if work.abstract:
        told["abstract"] = f"<p>{html.escape(work.abstract)}</p>" if work.has_markup else work.abstract
    if work.doi:
        identifier = {"type": "doi", "id": work.doi.upper() if work.number % 3 else work.doi}
        told["identifier"] = [identifier, {"type": "eissn", "id": "0000-0000"}]
    return {
        "id": f"{work.number:032x}",
        "created_date": "2021-03-04T05:06:07Z",
        "last_updated": "2021-03-04T05:06:07Z",
        "bibjson": told,
    }


def _licence(name: str) -> dict[str, object]:
    kind = name.upper().replace("-", " ", 1)
    return {"title": kind, "type": kind, "url": "https://journals.example.org/terms", "open_access": True}


def _document(work: SampleWork) -> Document:
    doi = article(work)["bibjson"]["identifier"][0]["id"]  # type: ignore[index] # JSON of our own
    return document(
        texts={
            "bibjson.title": [work.title],
            "bibjson.abstract": [work.abstract or ""],
            "bibjson.author.name": [author.name for author in work.authors],
            "bibjson.journal.title": [work.venue],
            "bibjson.identifier.id": [doi],
        },
        keywords={"bibjson.year": [str(work.year)], "bibjson.identifier.id.exact": [doi]},
    )


def _as_elasticsearch_gets_it(query: str) -> str:
    """Short names are written out, slashes escaped, and colons that are neither the first nor behind an operator."""
    query = re.sub(
        r'(?<![^\s+\-()"])(\w+)(?<!\\):', lambda found: _SHORT_NAMES.get(found[1], found[1]) + ":", query
    )
    parts = re.sub(r"(?<!\\)/", r"\\/", query).split(":")
    for place in range(1, len(parts) - 1):
        if not parts[place].endswith("\\") and " AND " not in parts[place] and " OR " not in parts[place]:
            parts[place] += "\\"
    return ":".join(parts)


def _listed(query: str, found: Sequence[SampleWork], page: int, size: int, sort: str) -> Answered:
    def address(number: int) -> str:
        return f"https://doaj.org/api/v4/search/articles/{quote(query)}?page={number}&pageSize={size}"

    last = (len(found) - 1) // size + 1 if found else 1
    links = {
        **({"prev": address(page - 1)} if page > 1 else {}),
        **({"next": address(page + 1)} if page < last else {}),
        "last": address(last),
    }
    body = {
        "total": len(found),
        "page": page,
        "pageSize": size,
        "timestamp": "2026-11-24T00:00:00.000000Z",
        "query": query,
        "results": [article(work) for work in found[(page - 1) * size : page * size]],
        **links,
        **({"sort": sort} if sort else {}),
    }
    link = ", ".join(f"<{url}>; rel={name}" for name, url in links.items())
    headers = {"Content-Type": "application/json", "Link": link, "X-Total-Count": str(len(found))}
    return Answered(200, headers, json.dumps(body).encode())


def _refused(status: int, word: str, text: str) -> Answered:
    body = json.dumps({"status": word, "error": f"{text} (ref: 0)"}).encode()
    return Answered(status, {"Content-Type": "application/json"}, body)


REPLAY = DoajReplay
