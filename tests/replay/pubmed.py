"""NCBI's E-utilities over PubMed, as "The E-utilities In-Depth" (NBK25499, read 2026-11) and recordings show them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs, urlencode
from xml.sax.saxutils import escape

from tests.replay.protocol import Answered, Asked
from tests.replay.shelf import Shelf
from tests.replay.tagged import Holds, Malformed, has, newest_first, read_query
from tests.replay.works import SampleWork

# "ESearch", retmax: 20 without it, 10,000 at most for PubMed
_DEFAULT_RESULTS, _MAX_RESULTS = 20, 10_000
# A recording of 2020 (ERR414_fulltext__ft_search_fails_well_entrez_limit2large) refuses a long address.
_MAX_ADDRESS_BYTES = 8_000
# "ESearch", sort
_SORTS = ("pub_date", "Author", "JournalName", "relevance", "")
# PubMed's help, "Search field tags"; a clause without a tag would be mapped to whatever NLM thinks fit
_CLAUSE = re.compile(r'"(?P<phrase>[^"]*)"\[(?P<tag>\w+)\]|(?P<words>[^()"\[\]]+?)\[(?P<plain_tag>\w+)\]')
_YEARS = re.compile(r"(\d{4}):(\d{4})")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ARTICLES = (
    '<?xml version="1.0" ?>\n<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2025//EN" '
    '"https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">\n<PubmedArticleSet>'
)
_LINKS = (
    '<?xml version="1.0" encoding="UTF-8" ?>\n<!DOCTYPE eLinkResult PUBLIC "-//NLM//DTD elink 20101123//EN" '
    '"https://eutils.ncbi.nlm.nih.gov/eutils/dtd/20101123/elink.dtd">\n<eLinkResult><LinkSet><DbFrom>pubmed</DbFrom>'
)
_TOO_LONG = b"<html><title>Request-URI Too Large!</title></html>"


class PubmedReplay:
    """Speaks for E-utilities."""

    name = "pubmed"

    def __init__(self, works: Sequence[SampleWork]) -> None:
        self._shelf = Shelf(works, self.name)
        self._programs = {
            "/esearch.fcgi": self._search,
            "/efetch.fcgi": self._fetch,
            "/elink.fcgi": self._link,
        }

    def answer(self, asked: Asked) -> Answered:
        if len(asked.path) + len(urlencode(asked.params, doseq=True)) > _MAX_ADDRESS_BYTES:
            return Answered(414, {"Content-Type": "text/html; charset=utf-8"}, _TOO_LONG)
        program = self._programs.get(asked.path)
        if program is None:
            return Answered(404, {"Content-Type": "text/html"}, b"<html><title>404</title></html>")
        params = asked.params if asked.method == "GET" else parse_qs(asked.body.decode())
        return program({name: values[0] for name, values in params.items()})

    def _search(self, params: Mapping[str, str]) -> Answered:
        """ESearch: XML unless `retmode` says JSON; a refusal comes with status 200."""
        if params.get("retmode") != "json":
            return _xml("<eSearchResult><Count>0</Count></eSearchResult>")
        size = int(params.get("retmax", _DEFAULT_RESULTS))
        term = params.get("term", "").strip()
        if params.get("db") != "pubmed" or size > _MAX_RESULTS or params.get("sort", "") not in _SORTS:
            return _json({"esearchresult": {"ERROR": "Invalid db name, retmax or sort"}})
        if not term:
            return _json({"esearchresult": {"ERROR": "Empty term and query_key - nothing todo"}})
        try:
            holds = read_query(term, _CLAUSE, _holds)
        except Malformed:
            return _json({"esearchresult": {"ERROR": "Search Backend failed: cannot read the term"}})
        works = self._shelf.best_first(term, holds)
        works = newest_first(works) if params.get("sort") == "pub_date" else works
        ids = [work.pmid for work in works[:size]]
        found = {"count": str(len(works)), "retmax": str(len(ids)), "retstart": "0", "idlist": ids}
        return _json({"header": {"type": "esearch", "version": "0.3"}, "esearchresult": found})

    def _fetch(self, params: Mapping[str, str]) -> Answered:
        """EFetch: ids that nobody has are left out without a word."""
        ids = [one for one in params.get("id", "").split(",") if one]
        if params.get("db") != "pubmed" or not ids:
            return Answered(
                400, {"Content-Type": "text/plain"}, b"ID list is empty! Possibly it has no correct IDs."
            )
        works = [work for one in ids if (work := self._shelf.by("pmid", one)) is not None]
        return _xml(_ARTICLES + "".join(map(self._article, works)) + "</PubmedArticleSet>")

    def _link(self, params: Mapping[str, str]) -> Answered:
        """ELink: one set of links for the name that is asked for, none where there are no links."""
        work = self._shelf.by("pmid", params.get("id", ""))
        verbs = {
            "pubmed_pubmed_refs": self._shelf.referred_to_by,
            "pubmed_pubmed_citedin": self._shelf.referring_to,
        }
        name = params.get("linkname", "")
        if name not in verbs or params.get("dbfrom") != "pubmed":
            return _xml(f"{_LINKS}<ERROR>Invalid linkname or dbfrom</ERROR></LinkSet></eLinkResult>")
        ends = verbs[name](work) if work else []
        links = "".join(f"<Link><Id>{end.pmid}</Id></Link>" for end in ends)
        told = f"<LinkSetDb><DbTo>pubmed</DbTo><LinkName>{name}</LinkName>{links}</LinkSetDb>" if ends else ""
        asked = f"<IdList><Id>{escape(params.get('id', ''))}</Id></IdList>"
        return _xml(f"{_LINKS}{asked}{told}</LinkSet></eLinkResult>")

    def _article(self, work: SampleWork) -> str:
        year, month, day = work.date.split("-")
        kinds = ["Journal Article", *(["Retracted Publication"] if work.retracted else [])]
        ids = [("pubmed", work.pmid), ("doi", work.doi), ("pmc", work.pmcid)]
        cited = [self._shelf.every[number] for number in work.references]
        abstract = (
            f"<Abstract><AbstractText>{escape(work.abstract)}</AbstractText></Abstract>"
            if work.abstract
            else ""
        )
        return (
            f'<PubmedArticle><MedlineCitation Status="MEDLINE" Owner="NLM"><PMID Version="1">{work.pmid}</PMID>'
            f"<Article PubModel='Print'><Journal><JournalIssue><PubDate><Year>{year}</Year>"
            f"<Month>{_MONTHS[int(month) - 1]}</Month><Day>{day}</Day></PubDate></JournalIssue>"
            f"<Title>{escape(work.venue)}</Title></Journal><ArticleTitle>{_title(work)}.</ArticleTitle>{abstract}"
            f"<AuthorList>{''.join(map(_author, work.authors))}</AuthorList><PublicationTypeList>"
            f"{''.join(f'<PublicationType>{kind}</PublicationType>' for kind in kinds)}"
            f"</PublicationTypeList></Article></MedlineCitation><PubmedData><ArticleIdList>{_ids(ids)}</ArticleIdList>"
            f"<ReferenceList>{''.join(map(_reference, cited))}</ReferenceList></PubmedData></PubmedArticle>"
        )


def _title(work: SampleWork) -> str:
    first, space, rest = work.title.partition(" ")
    return f"<i>{escape(first)}</i>{space}{escape(rest)}" if work.has_markup else escape(work.title)


def _author(author: object) -> str:
    given, family, orcid = (getattr(author, name) for name in ("given", "family", "orcid"))
    told = f"<Identifier Source='ORCID'>https://orcid.org/{orcid}</Identifier>" if orcid else ""
    return f"<Author><LastName>{escape(family)}</LastName><ForeName>{escape(given)}</ForeName>{told}</Author>"


def _reference(work: SampleWork) -> str:
    ids = _ids([("pubmed", work.pmid), ("doi", work.doi)])
    return f"<Reference><Citation>{escape(work.title)}</Citation><ArticleIdList>{ids}</ArticleIdList></Reference>"


def _ids(ids: list[tuple[str, str | None]]) -> str:
    return "".join(f'<ArticleId IdType="{kind}">{escape(value)}</ArticleId>' for kind, value in ids if value)


def _holds(clause: re.Match[str]) -> Holds:
    tag = clause["tag"] or clause["plain_tag"]
    value = clause["phrase"] if clause["tag"] else clause["words"].strip()
    years = _YEARS.fullmatch(value) if tag == "dp" else None
    if years:
        return lambda work: int(years[1]) <= work.year <= int(years[2])
    if tag in ("sb", "pt"):
        flags = {"free full text": "is_oa", "retracted publication": "retracted"}
        return lambda work: bool(getattr(work, flags.get(value, ""), False))
    if tag in ("aid", "pmcid"):
        return lambda work: value.casefold() in {str(work.doi).casefold(), str(work.pmcid).casefold()}
    # PubMed's help, "Truncating search terms": at least four characters before the asterisk
    if tag not in ("tiab", "ti", "au") or (value.endswith("*") and len(value) < 5):
        raise Malformed(tag)
    return lambda work: has(_text(work, tag), value)


def _text(work: SampleWork, tag: str) -> str:
    """ "[au]" knows family names and initials."""
    names = " , ".join(f"{author.family} {author.given[:1]}" for author in work.authors)
    return {"ti": work.title, "tiab": f"{work.title} , {work.abstract or ''}", "au": names}[tag]


def _json(body: object) -> Answered:
    return Answered(200, {"Content-Type": "application/json; charset=UTF-8"}, json.dumps(body).encode())


def _xml(text: str) -> Answered:
    return Answered(200, {"Content-Type": "text/xml; charset=UTF-8"}, text.encode())


REPLAY = PubmedReplay
