"""Europe PMC: PubMed, PubMed Central, preprints, theses, patents and books of the life sciences, with citations.

Pages (read 2026-11): "Articles RESTful API" with its Web Service Reference Guide (europepmc.org/RestfulWebService),
"Search syntax reference" (europepmc.org/searchsyntax), and the module `fields`, which lists what can be searched.
Limits: no key; ten requests a second, as clients of it report; 1,000 results a page, 25 where no number is asked for.
A result of the kind "core", which we ask for, is 10 KB (recordings).
Licence: metadata free to reuse; full texts and abstracts under the licences of their publishers.

Failures come with status 200 too, as `errCode` and `errMsg`. Unfielded words would be looked for in full texts as
well, so that words are asked for in title and abstract. Citations and references come as short notes, whose full
records a second call brings; references that Europe PMC could not match keep their DOI alone.
Long queries go to `searchPOST`, as a form.
What it cannot do: given names in the query (`author:` finds family names with initials), closed access only, types
other than preprints and all else, counts of citations as a filter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from types import MappingProxyType

from research_api.domain.calls import Outgoing, Send
from research_api.domain.search import Filters, Sort
from research_api.domain.sources import Edges, SourceAnswer, SourceFailed, SourceQuestion
from research_api.domain.works import Identifier, Record
from research_api.providers.access import Access
from research_api.providers.dialect import Dialect, translated, with_years
from research_api.providers.forms import get_or_post
from research_api.providers.replies import json_of, records_of
from research_api.records import fields
from research_api.records.europepmc import SOURCE, TYPES, to_record

NAME = SOURCE
BASE_URL = "https://www.ebi.ac.uk/europepmc/webservices/rest"
NEEDS_KEY = False
VERIFIED = True

_MAX_PAGE = 1_000
# 50 names are 4 KB of address, and a work may be there several times: as article, preprint, version
_BATCH = 50
_SORTS = MappingProxyType({Sort.NEWEST: "FIRST_PDATE_D desc", Sort.MOST_CITED: "CITED desc"})
_PREPRINTS = "posted-content"
_FREE = "(OPEN_ACCESS:y OR HAS_FREE_FULLTEXT:y OR LICENSE:cc)"
_FOLLOWED = {"pmid": "MED", "pmcid": "PMC"}


def _years(first: int | None, last: int | None) -> str:
    """Years of the first publication; 3000 stands for the present, as the syntax reference has it."""
    return f"FIRST_PDATE:[{first or 1000}-01-01 TO {last or 3000}-12-31]"


_DIALECT = Dialect(
    fields=MappingProxyType(
        {None: "TITLE_ABS:{}", "title": "TITLE:{}", "author": "AUTH:{}", "venue": "JOURNAL:{}"}
    ),
    years=_years,
)


class EuropePmcSource:
    """The source `europepmc`; stands in for `services.ports.Source`."""

    name = NAME
    looks_up = frozenset({"doi", "pmid", "pmcid"})
    follows = frozenset(_FOLLOWED)
    cited_by = follows

    def __init__(self, access: Access) -> None:
        self._base_url = access.base_url
        self._caller = (("email", access.contact),) if access.contact else ()

    def search(self, question: SourceQuestion, send: Send) -> SourceAnswer:
        """At most 1,000 records, all in one call.

        Nothing is asked, and `sent` is empty, where nothing can be said of the query or no type of theirs is wanted.
        """
        asked = translated(question, _DIALECT)
        if not asked or (question.filters.types and TYPES.isdisjoint(question.filters.types)):
            return SourceAnswer(records=(), sent="")
        query = _query(asked, question.filters)
        limit = min(question.limit, _MAX_PAGE)
        sort = _SORTS.get(question.sort)
        records, total, rejected = self._found(send, query, limit, *([("sort", sort)] if sort else []))
        return SourceAnswer(records[:limit], query, total, rejected)

    def look_up(self, identifiers: Sequence[Identifier], send: Send) -> tuple[Record, ...]:
        """All records that Europe PMC has under these identifiers: also the preprint and the article of one DOI."""
        wanted = set(identifiers)
        found: dict[str, Record] = {}
        for start in range(0, len(identifiers), _BATCH):
            query = " OR ".join(_clause(one) for one in identifiers[start : start + _BATCH])
            for record in self._found(send, query, 4 * _BATCH)[0]:
                if not wanted.isdisjoint(record.identifiers):
                    found[record.source_id] = record
        return tuple(found.values())

    def references(self, identifier: Identifier, limit: int, send: Send) -> Edges:
        """What it refers to, in the order of its list, where Europe PMC has that list."""
        return self._edges(send, identifier, "references", "referenceList", "reference", limit)

    def citations(self, identifier: Identifier, limit: int, send: Send) -> Edges:
        """What refers to it, as far as Europe PMC has the lists of references of that."""
        return self._edges(send, identifier, "citations", "citationList", "citation", limit)

    def _edges(
        self, send: Send, identifier: Identifier, verb: str, outer: str, inner: str, limit: int
    ) -> Edges:
        """The full records of the works in that list, and the names of those that have none."""
        url = f"{self._base_url}/{_FOLLOWED[identifier.scheme]}/{identifier.value}/{verb}"
        size = min(limit, _MAX_PAGE)
        body = _answer(send, Outgoing(url, (("format", "json"), ("page", "1"), ("pageSize", str(size)))))
        listed = fields.items_of(fields.members_of(body.get(outer)).get(inner))
        notes = [fields.members_of(note) for note in listed[:size]]
        records = self._named(send, [name for note in notes if (name := _name(note))])
        left = [note for note in notes if _source_id(_name(note)) not in records]
        identifiers = dict.fromkeys(name for note in left for name in _identifiers(note)[:1])
        return Edges(tuple(records.values()), tuple(identifiers), fields.count_of(body.get("hitCount")))

    def _named(self, send: Send, names: Sequence[tuple[str, str]]) -> dict[str, Record]:
        """By their ids the records of these sources and ids in Europe PMC, in that order."""
        found: dict[str, Record] = {}
        for start in range(0, len(names), _BATCH):
            query = _named_query(names[start : start + _BATCH])
            found |= {record.source_id: record for record in self._found(send, query, 4 * _BATCH)[0]}
        wanted = dict.fromkeys(map(_source_id, names))
        return {name: found[name] for name in wanted if name in found}

    def _found(
        self, send: Send, query: str, size: int, *more: tuple[str, str]
    ) -> tuple[tuple[Record, ...], int | None, int]:
        """The records of one page, how many there are in all, and how many could not be taken."""
        params = (
            ("query", query),
            ("resultType", "core"),
            ("format", "json"),
            ("pageSize", str(size)),
            *more,
            *self._caller,
        )
        url = f"{self._base_url}/search"
        body = _answer(send, get_or_post(url, params, post_url=f"{url}POST"))
        results = fields.members_of(body.get("resultList")).get("result")
        if not isinstance(results, list):
            raise SourceFailed("The source answered JSON of another shape.")
        records, rejected = records_of(map(fields.members_of, results), to_record)
        return records, fields.count_of(body.get("hitCount")), rejected


def _answer(send: Send, outgoing: Outgoing) -> dict[str, object]:
    """The body, which says how many results there are. Raises SourceFailed for one that reports a failure."""
    reply = send(outgoing)
    body = json_of(reply)
    if "errCode" in body or "errMsg" in body:
        raise SourceFailed("The source reports a failure of its own.", status=reply.status)
    if fields.count_of(body.get("hitCount")) is None:
        raise SourceFailed("The source answered JSON of another shape.", status=reply.status)
    return body


def _query(asked: str, filters: Filters) -> str:
    """The query with those of the filters that Europe PMC knows."""
    wanted = [with_years(asked, filters, _years)]
    if filters.open_access:
        wanted.append(_FREE)
    if filters.types and set(filters.types) & TYPES == {_PREPRINTS}:
        wanted.append("(SRC:PPR OR PUB_TYPE:preprint)")
    unwanted = ['PUB_TYPE:"retracted publication"'] if filters.exclude_retracted else []
    unwanted += ["SRC:PPR"] if filters.types and _PREPRINTS not in filters.types else []
    query = " AND ".join(wanted)
    return " NOT ".join([f"({query})", *unwanted]) if unwanted else query


def _clause(identifier: Identifier) -> str:
    if identifier.scheme == "pmid":
        return f"(EXT_ID:{identifier.value} AND SRC:MED)"
    if identifier.scheme == "pmcid":
        return f"PMCID:{identifier.value}"
    return 'DOI:"' + identifier.value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _named_query(names: Iterable[tuple[str, str]]) -> str:
    ids: dict[str, list[str]] = defaultdict(list)
    for code, name in names:
        ids[code].append(f"EXT_ID:{name}")
    return " OR ".join(f"(SRC:{code} AND ({' OR '.join(each)}))" for code, each in ids.items())


def _name(note: dict[str, object]) -> tuple[str, str] | None:
    """The source and the id there of a work in a list; None where Europe PMC does not have the work."""
    code, name = fields.text_of(note.get("source")), fields.text_of(note.get("id"))
    is_plain = code and name and code.isalnum() and name.isalnum() and (code + name).isascii()
    return (code, name) if code and name and is_plain else None


def _source_id(name: tuple[str, str] | None) -> str:
    return ":".join(name or ())


def _identifiers(note: dict[str, object]) -> tuple[Identifier, ...]:
    """What a work in a list is called in schemes of ours."""
    code, name = _name(note) or ("", "")
    return fields.identifiers_of(
        ("doi", note.get("doi")),
        ("pmid", name if code == "MED" else None),
        ("pmcid", name if code == "PMC" else None),
    )
