"""Crossref as its REST API documentation and recordings show it (read 2026-11)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from urllib.parse import unquote

from tests.replay.protocol import Answered, Asked
from tests.replay.shelf import Shelf, words_of
from tests.replay.works import SampleWork

# github.com/CrossRef/rest-api-doc, "Parameters" and "/works Field Queries"
_PARAMETERS_TEXT = (
    "query query.author query.container-title query.bibliographic filter rows offset sort order select mailto"
)
_PARAMETERS = frozenset(_PARAMETERS_TEXT.split())
# what Crossref itself lists where a `select` is wrong
_SELECTABLE_TEXT = (
    "abstract URL resource member posted score created degree update-policy short-title license ISSN container-title "
    "issued update-to issue prefix approved indexed article-number clinical-trial-number accepted author group-title "
    "DOI is-referenced-by-count updated-by event chair standards-body original-title funder translator published "
    "archive published-print alternative-id subject subtitle published-online publisher-location content-domain "
    "reference title link type publisher volume references-count ISBN issn-type assertion deposited page "
    "content-created short-container-title relation editor"
)
_SELECTABLE = frozenset(_SELECTABLE_TEXT.split())
# recording ERR400_habanero__test_journals_fail_limit__650415
_MAX_ROWS = 1_000
_DEFAULT_ROWS = 20
_SORTS = {
    "relevance": None, "score": None, "published": "date", "issued": "date",
    "is-referenced-by-count": "citation_count",
}  # fmt: skip
_LICENCES = {
    "cc-by": "https://creativecommons.org/licenses/by/4.0/",
    "cc-by-nc": "https://creativecommons.org/licenses/by-nc/4.0/",
    "cc0": "https://creativecommons.org/publicdomain/zero/1.0/",
}

Keep = Callable[[SampleWork], bool]


class _Refused(Exception):
    """A 400, as the recordings ERR400_habanero__* have it."""

    def __init__(self, kind: str, value: str, message: str) -> None:
        super().__init__(message)
        body = {
            "status": "failed",
            "message-type": "validation-failure",
            "message": [{"type": kind, "value": value, "message": message}],
        }
        self.answer = _json(400, body)


class CrossrefReplay:
    """Speaks for Crossref."""

    name = "crossref"

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

    def _single(self, asked: Asked, doi: str) -> Answered:
        """Recordings ERR400_habanero__test_works_query_filters_not_allowed and ERR404_habanero__test_works_bad_id."""
        refused = [name for name in asked.params if name != "mailto"]
        if refused:
            raise _Refused("parameter-not-allowed", refused[0], f"This route does not support {refused[0]}")
        work = self._shelf.by("doi", doi)
        if work is None:
            return _not_found()
        return _message("work", self._payload(work))

    def _list(self, asked: Asked) -> Answered:
        unknown = [name for name in asked.params if name not in _PARAMETERS]
        if unknown:
            raise _Refused("parameter-not-allowed", unknown[0], f"This route does not support {unknown[0]}")
        rows, offset = _number(asked, "rows", _DEFAULT_ROWS, _MAX_ROWS), _number(asked, "offset", 0, 10_000)
        works = self._asked_for(asked)
        for keep in _filters(asked.param("filter")):
            works = [work for work in works if keep(work)]
        works = _sorted(works, asked.param("sort"), asked.param("order", "desc"))
        items = [
            _selected(self._payload(work), asked.param("select")) for work in works[offset : offset + rows]
        ]
        return _message(
            "work-list",
            {
                "facets": {},
                "total-results": len(works),
                "items": items,
                "items-per-page": rows,
                "query": {"start-index": offset, "search-terms": asked.param("query") or None},
            },
        )

    def _asked_for(self, asked: Asked) -> list[SampleWork]:
        """Any word of a parameter will do, and each parameter restricts: "Field Queries"."""
        works = self._shelf.search(asked.param("query") or asked.param("query.bibliographic"))
        if authors := set(words_of(asked.param("query.author"))):
            works = [
                one for one in works if authors & set(words_of(" ".join(each.name for each in one.authors)))
            ]
        if venues := set(words_of(asked.param("query.container-title"))):
            works = [one for one in works if venues & set(words_of(one.venue))]
        return works

    def _payload(self, work: SampleWork) -> dict[str, object]:
        parts = {"date-parts": [[int(part) for part in work.date.split("-")]]}
        payload: dict[str, object] = {
            "DOI": (work.doi or "").upper(),
            "type": work.type,
            "title": [work.marked_title],
            "original-title": [],
            "subtitle": [],
            "author": [_author(author.given, author.family, author.orcid) for author in work.authors],
            "container-title": [work.venue],
            "URL": f"https://doi.org/{work.doi}",
            "published-online": parts,
            "published": parts,
            "issued": parts,
            "is-referenced-by-count": work.citation_count,
            "references-count": len(work.references),
            "reference": [self._reference(number) for number in work.references],
            "score": 1.0,
        }
        if work.jats_abstract:
            payload["abstract"] = work.jats_abstract
        if work.license:
            payload["license"] = [
                {"URL": _LICENCES[work.license], "delay-in-days": 0, "content-version": "vor"}
            ]
        if work.retracted:
            payload["updated-by"] = [{"type": "retraction", "DOI": f"{work.doi}-r", "source": "publisher"}]
        return payload

    def _reference(self, number: int) -> dict[str, str]:
        cited = self._shelf.every[number]
        return {"key": f"ref{number}", **({"DOI": cited.doi} if cited.doi else {"unstructured": cited.title})}


def _author(given: str, family: str, orcid: str | None) -> dict[str, object]:
    found: dict[str, object] = {"given": given, "family": family, "sequence": "first", "affiliation": []}
    if orcid:
        found |= {"ORCID": f"https://orcid.org/{orcid}", "authenticated-orcid": False}
    return found


def _filters(text: str) -> list[Keep]:
    """Of one name several values may hold, of several names each: "REST API filters"."""
    by_name: dict[str, list[str]] = {}
    for condition in filter(None, text.split(",")):
        name, colon, value = condition.partition(":")
        if not colon or name not in _FILTERS:
            # recording ERR400_habanero__test_funders_filter_fails_noids__db4eda
            raise _Refused(
                "filter-not-available",
                name,
                f"Filter '{name}' specified but there is no such filter for this route.",
            )
        by_name.setdefault(name, []).append(value)
    return [_FILTERS[name](values) for name, values in by_name.items()]


_FILTERS: dict[str, Callable[[list[str]], Keep]] = {
    "from-pub-date": lambda values: lambda work: work.date >= values[0],
    "until-pub-date": lambda values: lambda work: work.date[: len(values[0])] <= values[0],
    "type": lambda values: lambda work: work.type in values,
    "doi": lambda values: lambda work: work.doi in {value.lower() for value in values},
}


def _number(asked: Asked, name: str, default: int, most: int) -> int:
    value = asked.param(name, str(default))
    if not value.isdecimal() or int(value) > most:
        message = (
            f"Integer specified as {value} but must be a positive integer less than or equal to {most}. "
        )
        raise _Refused("integer-not-valid", value, message)
    return int(value)


def _sorted(works: list[SampleWork], sort: str, order: str) -> list[SampleWork]:
    if sort and sort not in _SORTS:
        raise _Refused("parameter-not-allowed", sort, "This route does not support sort")
    field = _SORTS.get(sort)
    return sorted(works, key=lambda work: getattr(work, field), reverse=order == "desc") if field else works


def _selected(payload: dict[str, object], select: str) -> dict[str, object]:
    if not select:
        return payload
    names = select.split(",")
    unknown = [name for name in names if name not in _SELECTABLE]
    if unknown:
        message = f"Select '{unknown[0]}' specified but there is no such select for this route."
        raise _Refused("select-not-available", unknown[0], message)
    return {name: payload[name] for name in names if name in payload}


def _message(kind: str, message: dict[str, object]) -> Answered:
    return _json(200, {"status": "ok", "message-type": kind, "message-version": "1.0.0", "message": message})


def _json(status: int, body: object) -> Answered:
    """With the limits of the public pool: recording ERR404_habanero__test_works_bad_id_warn__b27312."""
    headers = {
        "Content-Type": "application/json;charset=utf-8",
        "X-Api-Pool": "public",
        "X-Rate-Limit-Limit": "5",
        "X-Rate-Limit-Interval": "1s",
        "X-Concurrency-Limit": "1",
    }
    return Answered(status, headers, json.dumps(body, ensure_ascii=False).encode())


def _not_found() -> Answered:
    return Answered(404, {"Content-Type": "text/plain"}, b"Resource not found.")


REPLAY = CrossrefReplay
