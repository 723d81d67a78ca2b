"""PubMed: articles, chapters and preprints of medicine and the life sciences, by NCBI's E-utilities.

Pages (read 2026-11): "The E-utilities In-Depth" (ncbi.nlm.nih.gov/books/NBK25499), "A General Introduction to the
E-utilities" (NBK25497), and PubMed's help with its field tags (pubmed.ncbi.nlm.nih.gov/help). A search is two calls:
esearch gives PMIDs in JSON, efetch the records in XML. Citations and references are names alone, by elink.
Limits: three requests a second for each address, ten with a key; esearch gives the first 10,000 PMIDs. `tool` and
`email` say who calls. More than some 200 ids, and long queries, go by POST.
Licence: NLM asks for no fee or licence; some abstracts belong to their publishers.

Failures come with status 200 too: `error`, or ERROR in `esearchresult`, or an ERROR element in place of records.
What it cannot do: parts of journals' names in the query, truncated words of fewer than four characters, counts of
citations, access. Sorted by citations it is asked for the most relevant. `author:` finds family names with initials,
not given names. Asked for open access only, it gives what is free to read somewhere, and the record does not say where.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import MappingProxyType
from xml.etree.ElementTree import Element

from research_api.domain.calls import Reply, Send
from research_api.domain.search import Filters, Sort
from research_api.domain.sources import Edges, SourceAnswer, SourceFailed, SourceQuestion
from research_api.domain.works import Identifier, Record
from research_api.providers.access import Access
from research_api.providers.dialect import Dialect, translated, with_years
from research_api.providers.forms import get_or_post
from research_api.providers.replies import asked_too_often, json_of, records_of, xml_of
from research_api.records import fields
from research_api.records.pubmed import SOURCE, to_record

NAME = SOURCE
BASE_URL = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils"
NEEDS_KEY = False
VERIFIED = True

_TOOL = "research_api"
# A record is 20 KB on average with its references (60 recordings), so this is 4 MB.
_MAX_PAGE = 200
_BATCH = 100
# NBK25499: POST for more than some 200 ids, and for terms of several hundred characters
_LONGEST_QUERY_BYTES = 1_000
_SORTS = {Sort.NEWEST: "pub_date"}
_PREPRINTS = "posted-content"
_NAMES = {"doi": '"{}"[aid]', "pmcid": "{}[pmcid]"}
_REFERENCES, _CITATIONS = "pubmed_pubmed_refs", "pubmed_pubmed_citedin"


def _years(first: int | None, last: int | None) -> str:
    """Open ends as PubMed's help has them: 3000 is what stands for the present."""
    return f"{first or 1000}:{last or 3000}[dp]"


_DIALECT = Dialect(
    fields=MappingProxyType({None: "{}[tiab]", "title": "{}[ti]", "author": "{}[au]"}),
    shortest_prefix=4,
    years=_years,
)


class PubmedSource:
    """The source `pubmed`; stands in for `services.ports.Source`."""

    name = NAME
    looks_up = frozenset({"pmid", *_NAMES})
    follows = frozenset({"pmid"})
    cited_by = follows

    def __init__(self, access: Access) -> None:
        self._base_url = access.base_url
        caller = (("tool", _TOOL), ("email", access.contact), ("api_key", access.api_key))
        self._caller = tuple((name, value) for name, value in caller if value)

    def search(self, question: SourceQuestion, send: Send) -> SourceAnswer:
        """At most 200 records, in two calls. Nothing is asked where nothing can be said: `sent` is empty then."""
        asked = translated(question, _DIALECT)
        if not asked:
            return SourceAnswer(records=(), sent="")
        term = _term(asked, question.filters)
        limit = min(question.limit, _MAX_PAGE)
        ids, total = self._ids(send, term, limit, _SORTS.get(question.sort, "relevance"))
        records, rejected = self._records(send, ids)
        return SourceAnswer(records, term, total, rejected)

    def look_up(self, identifiers: Sequence[Identifier], send: Send) -> tuple[Record, ...]:
        """The records with these PMIDs, and those that a search finds under these DOIs and PMC ids."""
        pmids = [one.value for one in identifiers if one.scheme == "pmid"]
        others = [_NAMES[one.scheme].format(one.value) for one in identifiers if one.scheme in _NAMES]
        for start in range(0, len(others), _BATCH):
            # a DOI may belong to several records
            term = " OR ".join(others[start : start + _BATCH])
            pmids += self._ids(send, term, 2 * _BATCH, "relevance")[0]
        found: list[Record] = []
        pmids = list(dict.fromkeys(pmids))
        for start in range(0, len(pmids), _MAX_PAGE):
            found += self._records(send, pmids[start : start + _MAX_PAGE])[0]
        return tuple(record for record in found if not set(identifiers).isdisjoint(record.identifiers))

    def references(self, identifier: Identifier, limit: int, send: Send) -> Edges:
        """The PMIDs of what it refers to, as far as PubMed has that."""
        return self._edges(send, identifier, _REFERENCES, limit)

    def citations(self, identifier: Identifier, limit: int, send: Send) -> Edges:
        """The PMIDs of what refers to it, as far as PubMed Central has the full text of that."""
        return self._edges(send, identifier, _CITATIONS, limit)

    def _ids(self, send: Send, term: str, limit: int, sort: str) -> tuple[list[str], int | None]:
        """The PMIDs in their order, and how many there are. Raises SourceFailed for a refusal in disguise."""
        reply = self._ask(
            send,
            "esearch",
            ("db", "pubmed"),
            ("term", term),
            ("retmode", "json"),
            ("retmax", str(limit)),
            ("sort", sort),
        )
        body = json_of(reply)
        _refuse(body.get("error"), reply)
        found = fields.members_of(body.get("esearchresult"))
        _refuse(found.get("ERROR"), reply)
        if not isinstance(found.get("idlist"), list):
            raise SourceFailed("The source answered JSON of another shape.", status=reply.status)
        ids = [one for one in fields.items_of(found["idlist"]) if isinstance(one, str)]
        return ids[:limit], fields.count_in(found.get("count"))

    def _records(self, send: Send, ids: Sequence[str]) -> tuple[tuple[Record, ...], int]:
        """The records of these PMIDs in that order, and how many could not be taken."""
        if not ids:
            return (), 0
        reply = self._ask(send, "efetch", ("db", "pubmed"), ("id", ",".join(ids)), ("retmode", "xml"))
        articles = _root(reply, "PubmedArticleSet").iterfind("*")
        records, rejected = records_of(
            (each for each in articles if each.tag in ("PubmedArticle", "PubmedBookArticle")), to_record
        )
        places = {pmid: place for place, pmid in enumerate(ids)}
        return tuple(sorted(records, key=lambda record: places.get(record.source_id, len(ids)))), rejected

    def _edges(self, send: Send, identifier: Identifier, link: str, limit: int) -> Edges:
        reply = self._ask(
            send,
            "elink",
            ("dbfrom", "pubmed"),
            ("db", "pubmed"),
            ("linkname", link),
            ("id", identifier.value),
            ("retmode", "xml"),
        )
        links = [each.text for each in _root(reply, "eLinkResult").iterfind("LinkSet/LinkSetDb/Link/Id")]
        names = fields.identifiers_of(*(("pmid", pmid) for pmid in links))
        return Edges(identifiers=names[:limit], total=len(names))

    def _ask(self, send: Send, program: str, *params: tuple[str, str]) -> Reply:
        url = f"{self._base_url}/{program}.fcgi"
        return send(get_or_post(url, (*params, *self._caller), longest=_LONGEST_QUERY_BYTES))


def _term(asked: str, filters: Filters) -> str:
    """The query with those of the filters that PubMed knows."""
    wanted = [with_years(asked, filters, _years)]
    if filters.open_access:
        wanted.append("free full text[sb]")
    if filters.types and set(filters.types) == {_PREPRINTS}:
        wanted.append("preprint[pt]")
    unwanted = ["retracted publication[pt]"] if filters.exclude_retracted else []
    unwanted += ["preprint[pt]"] if filters.types and _PREPRINTS not in filters.types else []
    term = " AND ".join(wanted)
    return f"({term}) NOT ({' OR '.join(unwanted)})" if unwanted else term


def _refuse(message: object, reply: Reply) -> None:
    """Raises SourceFailed where there is a message of failure; NCBI says so with status 200 as well."""
    if not message:
        return
    if "rate limit" in str(message).lower():
        raise asked_too_often(reply)
    raise SourceFailed("The source reports a failure of its own.", status=reply.status)


def _root(reply: Reply, tag: str) -> Element:
    """The root of that name. Raises SourceFailed for another one, and where an ERROR stands in it."""
    if reply.body.lstrip()[:1] == b"{":
        _refuse(json_of(reply).get("error"), reply)
    root = xml_of(reply)
    errors: Iterable[str | None] = (each.text for each in root.iter("ERROR"))
    _refuse(next(filter(None, errors), None), reply)
    if root.tag != tag:
        raise SourceFailed("The source answered XML of another shape.", status=reply.status)
    return root
