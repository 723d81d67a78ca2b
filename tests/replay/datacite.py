"""DataCite's API as it answers: GET /dois and GET /dois/{doi}.

What is refused and how is taken from github.com/datacite/lupo: app/models/doi.rb (queries),
app/controllers/datacite_dois_controller.rb (order, counts), app/controllers/concerns/paginatable.rb (pages) and
app/controllers/application_controller.rb (errors), all read 2026-11. The form of answers is that of the recorded ones.
"""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from urllib.parse import unquote, urlencode

from tests.replay.clauses import Malformed
from tests.replay.lucene import Document, document, matcher
from tests.replay.protocol import Answered, Asked
from tests.replay.shelf import Shelf
from tests.replay.works import SampleWork

MAX_PAGE = 1_000
MAX_REACH = 10_000
MAX_LINKED = 25

_ORDERS = {
    "published": lambda work: work.date,
    "citation-count": lambda work: work.citation_count,
    "created": lambda work: work.number,
    "updated": lambda work: work.number,
    "name": lambda work: work.doi,
}
_GENERAL_TYPES = {
    "posted-content": "Preprint",
    "journal-article": "JournalArticle",
    "proceedings-article": "ConferencePaper",
    "dataset": "Dataset",
}


class DataciteReplay:
    """Over the works that DataCite has."""

    name = "datacite"

    def __init__(self, works: Sequence[SampleWork], /) -> None:
        self._shelf = Shelf(works, self.name)
        self._documents = {work.number: _document(work) for work in self._shelf.works}

    def answer(self, asked: Asked) -> Answered:
        """A page of works, one work, or why there is neither."""
        if asked.method == "GET" and asked.path == "/dois":
            return self._listed(asked)
        work = self._shelf.by("doi", unquote(asked.path.removeprefix("/dois/")))
        if asked.method != "GET" or not asked.path.startswith("/dois/") or work is None:
            return _refused(404, "The resource you are looking for doesn't exist.")
        return _answered({"data": {**item(work), "relationships": self._relationships(work)}})

    def _listed(self, asked: Asked) -> Answered:
        size = min(_number(asked.param("page[size]", "25")), MAX_PAGE)
        number = min(max(_number(asked.param("page[number]", "1")), 1), MAX_REACH // size if size else 1)
        query = asked.param("query")
        try:
            found = self._found(query, asked.param("sort"))
        except Malformed as error:
            return _refused(400, str(error))
        pages = -(-min(len(found), MAX_REACH) // size) if size else 0
        here = f"https://api.datacite.org/dois?{urlencode({'query': query, 'page[size]': size})}"
        meta: dict[str, object] = {"total": len(found), "totalPages": pages, "page": number}
        if asked.param("disable-facets") != "true":
            meta["states"] = [{"id": "findable", "title": "Findable", "count": len(found)}]
        body: dict[str, object] = {
            "data": [item(work) for work in found[(number - 1) * size : number * size]],
            "meta": meta,
            "links": {
                "self": here,
                **({"next": f"{here}&page[number]={number + 1}"} if number < pages else {}),
            },
        }
        return _answered(body)

    def _found(self, query: str, sort: str) -> list[SampleWork]:
        asked = query.replace("publicationYear", "publication_year").replace("/", "\\/")
        match = matcher(asked or "*")
        found = self._shelf.best_first(query, lambda work: match(self._documents[work.number]))
        if sort == "relevance":
            return found
        order = _ORDERS.get(sort.removeprefix("-"))
        return sorted(found, key=order or _ORDERS["updated"], reverse=order is None or sort.startswith("-"))

    def _relationships(self, work: SampleWork) -> dict[str, object]:
        every = self._shelf.every
        linked = {
            "references": [every[number] for number in work.references if number % 2],
            "citations": [each for each in every.values() if work.number in each.references],
        }
        return {
            name: {"data": [{"id": each.doi, "type": "dois"} for each in works if each.doi][:MAX_LINKED]}
            for name, works in linked.items()
        }


def item(work: SampleWork) -> dict[str, object]:
    """The work as a list has it: names in parts or turned, rights in three forms."""
    return {"id": work.doi, "type": "dois", "attributes": _attributes(work)}


def _attributes(work: SampleWork) -> dict[str, object]:
    return {
        "doi": work.doi,
        "identifiers": [],
        "alternateIdentifiers": [{"alternateIdentifierType": "arXiv", "alternateIdentifier": work.arxiv}],
        "creators": [_creator(work, place) for place in range(len(work.authors))],
        "titles": [{"title": "Another title", "titleType": "AlternativeTitle"}, {"title": work.marked_title}],
        "publisher": work.venue,
        "container": {},
        "publicationYear": work.year,
        "dates": [
            {"date": f"{work.date}T10:11:12Z", "dateType": "Submitted"},
            {"date": str(work.year), "dateType": "Issued"},
            {"date": work.date, "dateType": "Available"},
        ],
        "types": _types(work),
        "relatedIdentifiers": [_reference(number) for number in work.references if number % 2 == 0],
        "relatedItems": [],
        "rightsList": [_rights(work)] if work.license else [],
        "descriptions": _descriptions(work),
        "url": work.url,
        "contentUrl": None,
        "state": "findable",
        "published": str(work.year),
        "referenceCount": len(work.references),
        "citationCount": work.citation_count,
    }


def _types(work: SampleWork) -> dict[str, str]:
    """With what DataCite derives where it knows nothing."""
    derived = {
        "ris": "RPRT",
        "bibtex": "article",
        "citeproc": "article-journal",
        "schemaOrg": "ScholarlyArticle",
    }
    return {
        **derived,
        "resourceType": "Article",
        "resourceTypeGeneral": _GENERAL_TYPES.get(work.type, "Other"),
    }


def _reference(number: int) -> dict[str, str]:
    return {
        "relationType": "References",
        "relatedIdentifier": f"10.5555/sample.{number:06}",
        "relatedIdentifierType": "DOI",
    }


def _descriptions(work: SampleWork) -> list[dict[str, str]]:
    abstract = work.abstract or "(:unav)"
    shown = f"<p>{html.escape(abstract)}</p>" if work.has_markup else abstract
    return [
        {"description": "Twelve pages", "descriptionType": "Other"},
        {"description": shown, "descriptionType": "Abstract"},
    ]


def _creator(work: SampleWork, place: int) -> dict[str, object]:
    author = work.authors[place]
    named: dict[str, object] = {
        "name": f"{author.family}, {author.given}",
        "nameType": "Personal",
        "affiliation": [],
    }
    if work.number % 2:
        named |= {"givenName": author.given, "familyName": author.family}
    named["nameIdentifiers"] = (
        [{"nameIdentifier": f"https://orcid.org/{author.orcid}", "nameIdentifierScheme": "ORCID"}]
        if author.orcid
        else []
    )
    return named


def _rights(work: SampleWork) -> dict[str, object]:
    kind = str(work.license).removeprefix("cc-")
    if work.number % 2:
        return {"rights": "Open", "rightsUri": f"https://creativecommons.org/licenses/{kind}/4.0/legalcode"}
    return {"rightsIdentifier": f"cc-{kind}-4.0", "rightsIdentifierScheme": "SPDX"}


def _document(work: SampleWork) -> Document:
    return document(
        texts={
            "titles.title": [work.title],
            "descriptions.description": [work.abstract or ""],
            "creators.name": [f"{author.family}, {author.given}" for author in work.authors],
        },
        keywords={
            "id": [str(work.doi)],
            "doi": [str(work.doi).upper()],
            "publication_year": [str(work.year)],
            "types.resourceTypeGeneral": [_GENERAL_TYPES.get(work.type, "Other")],
        },
    )


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _answered(body: dict[str, object]) -> Answered:
    return Answered(200, {"Content-Type": "application/json; charset=utf-8"}, json.dumps(body).encode())


def _refused(status: int, text: str) -> Answered:
    body = json.dumps({"errors": [{"status": str(status), "title": text}]}).encode()
    return Answered(status, {"Content-Type": "application/json; charset=utf-8"}, body)


REPLAY = DataciteReplay
