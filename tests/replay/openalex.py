"""OpenAlex as developers.openalex.org and recordings show it (read 2026-11)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from urllib.parse import unquote, urlencode

from tests.replay.clauses import LUCENE, Malformed, has_words, read_query
from tests.replay.protocol import Answered, Asked
from tests.replay.shelf import Shelf, words_of
from tests.replay.works import SampleWork

# "Authentication & Pricing" and "Search": parameters of GET /works
_PARAMETERS_TEXT = (
    "search search.exact filter sort per_page per-page page cursor select mailto api_key sample seed group_by"
)
_PARAMETERS = frozenset(_PARAMETERS_TEXT.split())
# "Page through Results": 1 to 100 a page, 10,000 in all
_MAX_PAGE, _MAX_DEPTH = 100, 10_000
# "Search": the whole URL is limited to about 4 KB
_MAX_URL_CHARACTERS = 4_096
# "Filter": values joined by |
_MAX_VALUES = 100
# openalex-api-proxy, as `ERROR_FORMATS.md` beside the recordings tells
_MAX_OPERATORS = 5
_SORTS = {"publication_date": "date", "cited_by_count": "citation_count"}
_TYPES = {"posted-content": "preprint"}
_NOT_FOUND = (
    b"<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n"
    b"<p>There is nothing at this address.</p>\n"
)

Keep = Callable[[SampleWork], bool]


class _Refused(Exception):
    def __init__(self, status: int, error: str, message: str, **more: object) -> None:
        super().__init__(message)
        self.answer = _json(status, {"error": error, "message": message, **more})


class OpenAlexReplay:
    """Speaks for OpenAlex."""

    name = "openalex"

    def __init__(self, works: Sequence[SampleWork]) -> None:
        self._shelf = Shelf(works, self.name)

    def answer(self, asked: Asked) -> Answered:
        try:
            if asked.path == "/works":
                return self._list(asked)
            if asked.path.startswith("/works/"):
                return self._single(asked, unquote(asked.path.removeprefix("/works/")))
        except _Refused as refused:
            return refused.answer
        return _not_found()

    def _single(self, asked: Asked, name: str) -> Answered:
        """By W id, or by `doi:`, `pmid:`, `pmcid:`; what is not there is said in HTML (ERR404_paper-qa__...d5)."""
        scheme, colon, value = name.partition(":")
        work = self._shelf.by(scheme, value) if colon else self._shelf.by("openalex", name)
        if work is None:
            return _not_found()
        return _json(200, _selected(self._payload(work), asked.param("select")))

    def _list(self, asked: Asked) -> Answered:
        _check_parameters(asked)
        size, page = _paging(asked)
        works = self._shelf.works
        if "search" in asked.params:
            works = self._searched(asked.param("search"))
        for keep in [self._filter(one) for one in asked.param("filter").split(",") if one]:
            works = [work for work in works if keep(work)]
        works = _sorted(works, asked.param("sort"))
        shown = [
            _selected(self._payload(work), asked.param("select"))
            for work in works[(page - 1) * size : page * size]
        ]
        cost = 0.001 if "search" in asked.params else 0.0001
        meta = {
            "count": len(works),
            "db_response_time_ms": 1,
            "page": page,
            "per_page": size,
            "cost_usd": cost,
        }
        return _json(200, {"meta": meta, "results": shown, "group_by": []})

    def _searched(self, text: str) -> list[SampleWork]:
        """Words side by side must all be there: guide "Search"."""
        if sum(text.count(f" {operator} ") for operator in ("AND", "OR", "NOT")) > _MAX_OPERATORS:
            raise _Refused(
                429, "Rate limit exceeded", "The query has too many operators.", reason="broad_boolean_query"
            )
        is_match = _matcher(text)
        return [work for work in self._shelf.search(text) if is_match(f"{work.title} {work.abstract or ''}")]

    def _filter(self, condition: str) -> Keep:
        """One condition; an unknown name is refused: "Error Handling"."""
        name, colon, value = condition.partition(":")
        if not colon or name not in _FILTERS:
            raise _Refused(400, "Invalid query parameters error.", f"{name} is not a valid field.")
        values = value.split("|")
        if len(values) > _MAX_VALUES:
            raise _Refused(400, "Invalid query parameters error.", "Too many values in one filter.")
        if name in {"cited_by", "cites"}:
            return self._relation(name, value)
        return _FILTERS[name](values)

    def _relation(self, name: str, value: str) -> Keep:
        work = self._shelf.by("openalex", value)
        if work is None:
            return lambda _: False
        ends = self._shelf.referred_to_by(work) if name == "cited_by" else self._shelf.referring_to(work)
        numbers = {one.number for one in ends}
        return lambda one: one.number in numbers

    def _payload(self, work: SampleWork) -> dict[str, object]:
        place = {
            "id": f"doi:{work.doi}" if work.doi else None,
            "is_oa": work.is_oa,
            "landing_page_url": work.url,
            "pdf_url": f"https://arxiv.org/pdf/{work.arxiv}" if work.arxiv else None,
            "source": {"display_name": work.venue, "type": "repository" if work.arxiv else "journal"},
            "license": work.license,
            "raw_type": work.type,
        }
        doi = f"https://doi.org/{work.doi}" if work.doi else None
        return {
            "id": f"https://openalex.org/{work.openalex}",
            "doi": doi,
            "ids": _ids(work, doi),
            "title": work.marked_title,
            "display_name": work.marked_title,
            "publication_year": work.year,
            "publication_date": work.date,
            "type": _TYPES.get(work.type, "article"),
            "cited_by_count": work.citation_count,
            "is_retracted": work.retracted,
            "primary_location": place,
            "locations": [place],
            "best_oa_location": place if work.is_oa else None,
            "open_access": {
                "is_oa": work.is_oa,
                "oa_status": "gold",
                "oa_url": work.url if work.is_oa else None,
            },
            "authorships": [_authorship(author.name, author.orcid) for author in work.authors],
            "abstract_inverted_index": work.inverted_abstract,
            "referenced_works": [
                f"https://openalex.org/{cited.openalex}" for cited in self._shelf.referred_to_by(work)
            ],
        }


def _matcher(query: str) -> Callable[[str], bool]:
    """Says of a text whether it satisfies the query; the fields of its clauses are not looked at."""
    if not query.strip():
        return lambda _: True
    try:
        holds = read_query(query, LUCENE)
    except Malformed as error:
        raise _Refused(400, "Invalid query parameters error.", "The query cannot be parsed.") from error

    def is_match(text: str) -> bool:
        told = words_of(text)
        return holds(lambda *clause: has_words(told, clause[-1]))

    return is_match


def _ids(work: SampleWork, doi: str | None) -> dict[str, str]:
    found = {
        "openalex": f"https://openalex.org/{work.openalex}",
        "doi": doi,
        "pmid": f"https://pubmed.ncbi.nlm.nih.gov/{work.pmid}" if work.pmid else None,
        "pmcid": f"https://www.ncbi.nlm.nih.gov/pmc/articles/{work.pmcid[3:]}" if work.pmcid else None,
    }
    return {name: value for name, value in found.items() if value}


def _authorship(name: str, orcid: str | None) -> dict[str, object]:
    address = f"https://orcid.org/{orcid}" if orcid else None
    return {"author": {"id": None, "display_name": name, "orcid": address}, "raw_author_name": name}


def _any_of(field: str, lead: str = "") -> Callable[[list[str]], Keep]:
    def make(values: list[str]) -> Keep:
        wanted = {value.lower().removeprefix(lead) for value in values}
        return lambda work: str(getattr(work, field) or "").lower() in wanted

    return make


def _is(field: str) -> Callable[[list[str]], Keep]:
    def make(values: list[str]) -> Keep:
        if values[0] not in {"true", "false"}:
            raise _Refused(400, "Invalid query parameters error.", "Value must be true or false.")
        return lambda work: getattr(work, field) is (values[0] == "true")

    return make


def _more_citations(values: list[str]) -> Keep:
    least = int(values[0].removeprefix(">"))
    return lambda work: work.citation_count > least


def _by_author(values: list[str]) -> Keep:
    is_match = _matcher(values[0])
    return lambda work: any(is_match(author.name) for author in work.authors)


_FILTERS: dict[str, Callable[[list[str]], Keep]] = {
    "from_publication_date": lambda values: lambda work: work.date >= values[0],
    "to_publication_date": lambda values: lambda work: work.date <= values[0],
    "type": lambda values: lambda work: _TYPES.get(work.type, "article") in values,
    "is_oa": _is("is_oa"),
    "is_retracted": _is("retracted"),
    "cited_by_count": _more_citations,
    "raw_author_name.search": _by_author,
    "doi": _any_of("doi", "https://doi.org/"),
    "pmid": _any_of("pmid"),
    "pmcid": lambda values: lambda work: work.pmcid is not None and work.pmcid[3:] in values,
    "openalex": _any_of("openalex"),
    "cites": _any_of("openalex"),
    "cited_by": _any_of("openalex"),
}


def _check_parameters(asked: Asked) -> None:
    if len(urlencode(asked.params, doseq=True)) > _MAX_URL_CHARACTERS:
        raise _Refused(414, "Request-URI Too Large", "The URL is too long.")
    unknown = sorted(set(asked.params) - _PARAMETERS)
    if unknown:
        raise _Refused(400, "Invalid query parameters error.", f"{unknown[0]} is not a valid parameter.")


def _paging(asked: Asked) -> tuple[int, int]:
    size, page = asked.param("per_page", asked.param("per-page", "25")), asked.param("page", "1")
    if not (size.isdecimal() and 1 <= int(size) <= _MAX_PAGE):
        raise _Refused(400, "Pagination error.", "per_page must be a number from 1 to 100.")
    if not (page.isdecimal() and int(page) >= 1 and int(page) * int(size) <= _MAX_DEPTH):
        raise _Refused(400, "Pagination error.", "Only the first 10,000 results can be paged to.")
    return int(size), int(page)


def _sorted(works: list[SampleWork], sort: str) -> list[SampleWork]:
    if not sort:
        return works
    name, _, direction = sort.partition(":")
    if name not in _SORTS or direction not in {"", "asc", "desc"}:
        raise _Refused(400, "Invalid query parameters error.", f"Cannot sort by {name}.")
    return sorted(works, key=lambda work: getattr(work, _SORTS[name]), reverse=direction == "desc")


def _selected(payload: dict[str, object], select: str) -> dict[str, object]:
    if not select:
        return payload
    names = select.split(",")
    unknown = [name for name in names if name not in payload]
    if unknown:
        raise _Refused(400, "Invalid query parameters error.", f"{unknown[0]} is not a valid select field.")
    return {name: payload[name] for name in names}


def _json(status: int, body: object) -> Answered:
    headers = {
        "Content-Type": "application/json",
        "X-RateLimit-Limit-USD": "0.1",
        "X-RateLimit-Remaining-USD": "0.09",
    }
    return Answered(status, headers, json.dumps(body).encode())


def _not_found() -> Answered:
    return Answered(404, {"Content-Type": "text/html; charset=utf-8"}, _NOT_FOUND)


REPLAY = OpenAlexReplay
