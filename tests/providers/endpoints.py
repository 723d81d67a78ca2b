"""Which recordings our sources must read, and why nothing reads the others.

CALLED and IGNORED have patterns for the start of `METHOD /path?query`; each recording fits exactly one of them.
"""

from __future__ import annotations

from collections.abc import Mapping

_OTHER_FORM = "describes no works: "

CALLED: Mapping[str, tuple[str, ...]] = {
    "arxiv": (r"GET /api/query\?",),
    "core": (),
    # any list of works, and single works, have the form of those that we ask for
    "crossref": (
        r"GET (/v1)?/works(\?|$)",
        r"GET (/v1)?/works/(?!.*/(agency|transform)).",
        r"GET /(members|prefixes|types|funders|journals)/.*/works(\?|$)",
    ),
    "datacite": (r"GET /dois\?",),
    "doaj": (r"GET /api/v2/search/articles/", r"GET /api/v2/articles/"),
    "europepmc": (r"GET /europepmc/webservices/rest/search\?(?!.*(format=(xml|dc)|resultType=idlist))",),
    "openalex": (r"GET /works(\?|/|$)",),
    "opencitations": (r"GET /index/coci/api/v1/(citations|references)/",),
    "pubmed": (
        r"GET /entrez/eutils/efetch\.fcgi\?(db=pubmed|fixture=pubmed)",
        # links between articles of PubMed
        r"GET /entrez/eutils/elink\.fcgi\?fixture=elink[13]\.xml",
    ),
    "semanticscholar": (
        r"GET /graph/v1/paper/search\?",
        r"GET /graph/v1/paper/search/bulk\?",
        r"GET /graph/v1/paper/search/match\?",
        r"POST /graph/v1/paper/batch\?",
        r"GET /graph/v1/paper/(?!search)[^?]+/(citations|references)\?",
        r"GET /graph/v1/paper/(?!search)(?![^?]*/(citations|references|authors)(\?|$))",
    ),
    "unpaywall": (r"GET /v2/10\.",),
}

# by the start of their names: these hold what another program made of an answer, with other fields and all as text
NO_ANSWERS: Mapping[str, str] = {
    "pyEuropePMC__raw_": "no answer of the source, but the same work in the words of another program",
}

IGNORED: Mapping[str, Mapping[str, str]] = {
    "core": {
        r"(GET|POST) /api-v2/": "version 2 of the API; we ask version 3, whose works have other fields",
    },
    "crossref": {
        r"GET /works/.*/agency": _OTHER_FORM + "which agency registered a DOI",
        r"GET (/v1)?/works/.*/transform": "the same works in formats for other programs, by content negotiation",
        r"GET /(members|prefixes|types|funders|journals)(?!/.*/works(\?|$))": _OTHER_FORM + "a register",
        r"GET /licenses": _OTHER_FORM + "a register",
    },
    "datacite": {
        r"GET /(activities|client-prefixes|clients|events)\?": _OTHER_FORM
        + "registers, and a log of changes",
    },
    "doaj": {
        r"GET /api/v2/(search/)?journals/": _OTHER_FORM + "journals",
    },
    "europepmc": {
        r"GET /europepmc/webservices/rest/search\?.*format=(xml|dc)": "the same results in XML; we ask for JSON",
        r"GET /europepmc/webservices/rest/search\?.*resultType=idlist": "ids alone; we ask for the kind core",
    },
    "openalex": {
        r"GET /authors/": _OTHER_FORM + "a person",
        r"GET /autocomplete/": "suggestions while somebody types: names and counts alone",
    },
    "opencitations": {
        r"GET /index/coci/api/v1/(citation|metadata)/": "one citation by its own name, and what Crossref says of works",
        r"GET /meta/sparql\?": "another service of theirs, with a query language that we do not speak",
    },
    "pubmed": {
        r"GET /entrez/eutils/efetch\.fcgi\?fixture=efetch_": "other databases of NCBI: full texts, and proteins",
        r"GET /entrez/eutils/(einfo|epost|espell)\.fcgi": "programs of E-utilities that we do not call",
        r"GET /entrez/eutils/elink\.fcgi\?fixture=elink(?![13]\.)": "links to other databases, and lists of databases",
        r"GET /entrez/eutils/esearch\.fcgi": "XML, most of it of other databases; we ask for JSON",
        r"GET /entrez/eutils/esummary\.fcgi": "less of each work than efetch, which we call, gives in the same time",
    },
    "semanticscholar": {
        r"(GET|POST) /graph/v1/author/": _OTHER_FORM + "people, and the works of one person",
        r"GET /datasets/v1/": _OTHER_FORM + "files for download",
        r"(GET|POST) /recommendations/v1/": "works that are like others: no search and no look-up",
        r"GET /graph/v1/paper/[^?]+/authors\?": _OTHER_FORM + "the people of one work",
        r"GET /graph/v1/snippet/search\?": "passages of full texts",
    },
}
