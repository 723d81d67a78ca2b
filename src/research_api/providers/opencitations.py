"""OpenCitations Index, REST API v2: who refers to whom.

Pages (read 2026-11): api.opencitations.net/index/v2, opencitations.net/index/api/v1 (the rows of older versions),
github.com/opencitations/api, index_v2.hf.
Limits: none is published; a token is asked for, not needed. One call gives all rows that there are, 50,000 at most,
and cannot be told to give fewer: what comes over the size that the caller takes is lost.
Licence: CC0.

Each end of a citation is told by all identifiers that OpenCitations has of it; the strongest is kept. The recorded
answers are of version 1 over Crossref's citations, where an end is a bare DOI: both forms are read.
What it cannot do: find works or tell anything of them, not even a title; ends that have neither DOI nor PMID are
left out, but counted. It does not say why a work has no citations: unknown works have none.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from research_api.domain.calls import Outgoing, Send
from research_api.domain.identifiers import SCHEMES
from research_api.domain.sources import Edges, SourceAnswer, SourceFailed, SourceQuestion
from research_api.domain.works import Identifier, Record
from research_api.providers.access import Access
from research_api.providers.replies import json_rows_of
from research_api.records import fields

NAME = "opencitations"
BASE_URL = "https://api.opencitations.net/index/v2"
NEEDS_KEY = False
VERIFIED = True

_SCHEMES = ("doi", "pmid")


class OpenCitations:
    """The source `opencitations`; stands in for `domain.sources.Source`, though it can only follow citations."""

    name = NAME
    looks_up: frozenset[str] = frozenset()
    follows = frozenset(_SCHEMES)
    cited_by = follows

    def __init__(self, access: Access) -> None:
        self._base_url = access.base_url
        self._headers = {"Accept": "application/json"}
        if access.api_key:
            self._headers["authorization"] = access.api_key

    def search(self, question: SourceQuestion, send: Send) -> SourceAnswer:  # noqa: ARG002 - the port has it so
        """Always raises SourceFailed: it has no search."""
        raise SourceFailed("OpenCitations knows citations and cannot search.")

    def look_up(self, identifiers: Sequence[Identifier], send: Send) -> tuple[Record, ...]:  # noqa: ARG002 - the port has it so
        """Always empty: it tells nothing of a work but what it is called."""
        return ()

    def references(self, identifier: Identifier, limit: int, send: Send) -> Edges:
        """The identifiers of what the work refers to."""
        return self._edges(identifier, "references", "cited", limit, send)

    def citations(self, identifier: Identifier, limit: int, send: Send) -> Edges:
        """The identifiers of what refers to the work."""
        return self._edges(identifier, "citations", "citing", limit, send)

    def _edges(self, identifier: Identifier, kind: str, end: str, limit: int, send: Send) -> Edges:
        # no part of a DOI may be read as `..`
        safe = ":" if "/." in identifier.value else ":/"
        path = quote(f"{identifier.scheme}:{identifier.value}", safe=safe)
        rows = json_rows_of(send(Outgoing(f"{self._base_url}/{kind}/{path}", headers=self._headers)))
        ends = [_strongest(fields.members_of(row).get(end)) for row in rows]
        found = dict.fromkeys(one for one in ends if one is not None)
        return Edges(identifiers=tuple(found)[:limit], total=len(found) + ends.count(None))


def _strongest(value: object) -> Identifier | None:
    """The DOI of `omid:br/06 doi:10.1/x pmid:1`, of `coci => 10.1/x; doci => 10.1/x`, of a bare DOI; else the PMID."""
    words = [word.rstrip(";") for word in value.split()] if isinstance(value, str) else []
    pairs = [word.partition(":") for word in words]
    told = [(scheme, rest) for scheme, _, rest in pairs if scheme in _SCHEMES]
    found = fields.identifiers_of(*told, *(("doi", word) for word in words if word.startswith("10.")))
    return min(found, key=lambda one: SCHEMES.index(one.scheme), default=None)
