"""Europe PMC's Articles RESTful API, as europepmc.org/RestfulWebService (read 2026-11) and recordings show it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs

from tests.replay.protocol import Answered, Asked
from tests.replay.shelf import Shelf
from tests.replay.tagged import Holds, Malformed, has, newest_first, read_query
from tests.replay.works import SampleAuthor, SampleWork

# Web Service Reference Guide, "search": 25 results without a number, 1,000 at most
_DEFAULT_RESULTS, _MAX_RESULTS = 25, 1_000
# "Sorting Results"
_SORTS = ("CITED desc", "P_PDATE_D desc", "FIRST_PDATE_D desc", "")
_LIST = re.compile(r"/(?P<code>MED|PMC)/(?P<id>[^/]+)/(?P<verb>references|citations)")
# "Search syntax reference": fields, phrases, ranges
_CLAUSE = re.compile(
    r'(?P<field>[A-Z_]+):(?:"(?P<phrase>(?:\\.|[^"\\])*)"|\[(?P<first>\S+) TO (?P<last>\S+)\]|(?P<word>[^\s()"\[\]:]+))'
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LITE_ONLY = ("authorString", "journalTitle", "pubType")
_CORE_ONLY = ("abstractText", "authorList", "journalInfo", "pubTypeList", "license", "fullTextUrlList")


class EuropePmcReplay:
    """Speaks for Europe PMC."""

    name = "europepmc"

    def __init__(self, works: Sequence[SampleWork]) -> None:
        self._shelf = Shelf(works, self.name)

    def answer(self, asked: Asked) -> Answered:
        """XML unless `format` says JSON; a search by POST has an address of its own ("Request Methods")."""
        told = parse_qs(asked.body.decode()) if asked.method == "POST" else asked.params
        params = {name: values[0] for name, values in told.items()}
        listed = _LIST.fullmatch(asked.path) if asked.method == "GET" else None
        if listed is None and (asked.method, asked.path) not in {("GET", "/search"), ("POST", "/searchPOST")}:
            return Answered(
                404, {"Content-Type": "text/html"}, b"<html><title>HTTP Status 404</title></html>"
            )
        if params.get("format") != "json":
            return Answered(200, {"Content-Type": "application/xml"}, b"<responseWrapper/>")
        size = int(params.get("pageSize", _DEFAULT_RESULTS))
        if not 1 <= size <= _MAX_RESULTS:
            return _failure("The page size must be from 1 to 1000")
        return self._listed(listed, size) if listed else self._search(params, size)

    def _search(self, params: Mapping[str, str], size: int) -> Answered:
        query, kind = params.get("query", ""), params.get("resultType", "lite")
        if not query:
            return _failure("Missing mandatory parameter: query")
        if params.get("sort", "") not in _SORTS:
            return _failure("The sort field is not known")
        try:
            works = self._shelf.best_first(query, read_query(query, _CLAUSE, _holds))
        except Malformed:
            return _failure("The query cannot be parsed")
        if params.get("sort", "").startswith("CITED"):
            works = sorted(works, key=lambda work: -work.citation_count)
        elif params.get("sort"):
            works = newest_first(works)
        results = [_result(work, kind) for work in works[:size]]
        echo = {"queryString": query, "resultType": kind, "pageSize": size, "synonym": False}
        return _json({"hitCount": len(works), "request": echo, "resultList": {"result": results}})

    def _listed(self, asked: re.Match[str], size: int) -> Answered:
        """Short notes; what a publication refers to and Europe PMC does not have stands without source and id."""
        work = self._shelf.by("pmid" if asked["code"] == "MED" else "pmcid", asked["id"])
        if asked["verb"] == "citations":
            notes = [_note(one) for one in self._shelf.referring_to(work)] if work else []
            inner = {"citationList": {"citation": notes[:size]}}
        else:
            cited = [self._shelf.every[number] for number in work.references] if work else []
            notes = [_note(one) if self.name in one.held_by else _unmatched(one) for one in cited]
            inner = {"referenceList": {"reference": notes[:size]}}
        return _json(
            {"hitCount": len(notes), "request": {"id": asked["id"], "source": asked["code"]}, **inner}
        )


def _result(work: SampleWork, kind: str) -> dict[str, object]:
    """ "core" has all, "lite" no abstracts and one text for all authors (recordings of both)."""
    whole = {**_names(work), **_texts(work), **_access(work)}
    hidden = _LITE_ONLY if kind == "core" else _CORE_ONLY
    return {name: value for name, value in whole.items() if value is not None and name not in hidden}


def _names(work: SampleWork) -> dict[str, object]:
    return {
        "id": work.pmid,
        "source": "MED",
        "pmid": work.pmid,
        "pmcid": work.pmcid,
        "doi": work.doi,
        "citedByCount": work.citation_count,
        "pubYear": str(work.year),
        "firstPublicationDate": work.date,
    }


def _texts(work: SampleWork) -> dict[str, object]:
    year, month, day = work.date.split("-")
    first, _, rest = (work.abstract or "").replace("&", "&amp;").replace("<", "&lt;").partition(". ")
    heading = f"<h4>Background</h4>{first}.<h4>Results</h4>{rest}" if work.has_markup else f"{first}. {rest}"
    kinds = ["research-article", "Journal Article", *(["Retracted Publication"] if work.retracted else [])]
    return {
        "title": f"{work.marked_title}.",
        "abstractText": heading if work.abstract else None,
        "authorList": {"author": [_author(author) for author in work.authors]},
        "authorString": ", ".join(f"{one.family} {one.given[:1]}" for one in work.authors) + ".",
        "journalInfo": {
            "dateOfPublication": f"{year} {_MONTHS[int(month) - 1]} {int(day)}",
            "printPublicationDate": work.date,
            "yearOfPublication": work.year,
            "journal": {"title": work.venue},
        },
        "journalTitle": work.venue,
        "pubTypeList": {"pubType": kinds},
        "pubType": "; ".join(kinds).lower(),
    }


def _author(author: SampleAuthor) -> dict[str, object]:
    told: dict[str, object] = {
        "fullName": f"{author.family} {author.given[:1]}",
        "firstName": author.given,
        "lastName": author.family,
        "initials": author.given[:1],
    }
    return told | ({"authorId": {"type": "ORCID", "value": author.orcid}} if author.orcid else {})


def _access(work: SampleWork) -> dict[str, object]:
    code, words = ("OA", "Open access") if work.is_oa else ("S", "Subscription required")
    link = {
        "availabilityCode": code,
        "availability": words,
        "documentStyle": "doi",
        "site": "DOI",
        "url": work.url,
    }
    return {
        "isOpenAccess": "Y" if work.is_oa else "N",
        "inEPMC": "Y" if work.pmcid else "N",
        "license": work.license.replace("cc-", "cc ") if work.license else None,
        "fullTextUrlList": {"fullTextUrl": [link]},
    }


def _note(work: SampleWork) -> dict[str, object]:
    return {
        "id": work.pmid,
        "source": "MED",
        "citationType": "research-article",
        "title": work.title,
        "pubYear": work.year,
        "match": "Y",
    }


def _unmatched(work: SampleWork) -> dict[str, object]:
    return {"title": work.title, "pubYear": work.year, "match": "N"} | ({"doi": work.doi} if work.doi else {})


def _holds(clause: re.Match[str]) -> Holds:
    field, value = clause["field"], clause["word"] or (clause["phrase"] or "").replace("\\", "")
    if clause["first"]:
        first, last = clause["first"], clause["last"]
        return lambda work: first <= work.date <= last
    exact = {"EXT_ID": "pmid", "PMCID": "pmcid", "DOI": "doi"}
    if field in exact:
        return lambda work: str(getattr(work, exact[field])).casefold() == value.casefold()
    if field in ("SRC", "PUB_TYPE"):
        return lambda work: value == "MED" or (value.casefold() == "retracted publication" and work.retracted)
    if field in ("OPEN_ACCESS", "HAS_FREE_FULLTEXT", "LICENSE"):
        return lambda work: work.is_oa if value == "y" else bool(work.license)
    if field not in ("TITLE", "TITLE_ABS", "AUTH", "JOURNAL"):
        raise Malformed(field)
    is_prefix = value.endswith("*")
    return lambda work: has(_text(work, field), value if is_prefix else f'"{value}"')


def _text(work: SampleWork, field: str) -> str:
    names = " , ".join(author.name for author in work.authors)
    abstracts = f"{work.title} , {work.abstract or ''}"
    return {"TITLE": work.title, "TITLE_ABS": abstracts, "AUTH": names, "JOURNAL": work.venue}[field]


def _failure(message: str) -> Answered:
    """With status 200, as clients of it report ("errCode", "errMsg")."""
    return _json({"errCode": 404, "errMsg": message})


def _json(body: dict[str, object]) -> Answered:
    whole = json.dumps({"version": "6.9", **body}, ensure_ascii=False)
    return Answered(200, {"Content-Type": "application/json;charset=UTF-8"}, whole.encode())


REPLAY = EuropePmcReplay
