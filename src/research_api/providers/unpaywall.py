"""Unpaywall: where the free copy of a work with a DOI is.

API: version 2 (unpaywall.org/products/api and unpaywall.org/data-format, read 2026-11). Asked: GET /{doi} with `email`.
Limits: 100,000 requests a day, one DOI in each. No key, but the e-mail address of the caller: without one, and for one
that is made up, it answers 422. A DOI that it does not know is a 404, one that is gone a 410, both with JSON.
Licence: free to use, with its name where results are shown (unpaywall.org/legal/terms-of-service).
What it cannot do: it is asked for DOIs alone. It has no abstracts, citations and references, and says of a retraction
what the title says. No recorded answer is at hand, so this source is unverified.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from research_api.domain.calls import Outgoing, Send
from research_api.domain.sources import Edges, SourceAnswer, SourceFailed, SourceQuestion
from research_api.domain.works import Identifier, Record
from research_api.providers import replies
from research_api.providers.access import Access
from research_api.records import unpaywall

NAME: Final = "unpaywall"
BASE_URL: Final = "https://api.unpaywall.org/v2"
NEEDS_KEY: Final = False
VERIFIED: Final = False

MAX_LOOK_UPS: Final = 25

_UNKNOWN_STATUSES = frozenset({404, 410})
_UNPROCESSABLE = 422


class UnpaywallSource:
    """Satisfies `domain.sources.Source`."""

    name: Final = NAME
    looks_up: Final = frozenset({"doi"})
    follows: Final[frozenset[str]] = frozenset()
    cited_by: Final[frozenset[str]] = frozenset()

    def __init__(self, access: Access) -> None:
        self._base_url = access.base_url
        self._contact = access.contact.strip()

    def search(self, question: SourceQuestion, send: Send) -> SourceAnswer:  # noqa: ARG002 - the port has it so
        """Raises SourceFailed, as there is no search."""
        raise SourceFailed("Unpaywall has no search: it is asked for DOIs alone.")

    def look_up(self, identifiers: Sequence[Identifier], send: Send) -> tuple[Record, ...]:
        """What it has of the first 25 of these works, one request for each."""
        if not self._contact:
            raise SourceFailed(
                "Unpaywall answers only callers who give an e-mail address: set that of the operator."
            )
        dois = dict.fromkeys(each.value for each in identifiers if each.scheme == "doi")
        works = [work for doi in [*dois][:MAX_LOOK_UPS] if (work := self._work(doi, send)) is not None]
        records, _ = replies.records_of(works, unpaywall.to_record)
        return tuple(record for record in records if record.source_id in dois)

    def references(self, identifier: Identifier, limit: int, send: Send) -> Edges:  # noqa: ARG002 - the port has it so
        """Always empty: `follows` is."""
        return Edges()

    def citations(self, identifier: Identifier, limit: int, send: Send) -> Edges:  # noqa: ARG002 - the port has it so
        """Always empty: `cited_by` is."""
        return Edges()

    def _work(self, doi: str, send: Send) -> dict[str, object] | None:
        """What it says of the work, None where it does not know it."""
        params = (("email", self._contact),)
        url = f"{self._base_url}/{quote(doi, safe='')}"
        reply = send(Outgoing(url, params, {"Accept": "application/json"}))
        if reply.status in _UNKNOWN_STATUSES:
            return None
        if reply.status == _UNPROCESSABLE:
            raise SourceFailed(
                "Unpaywall does not take the e-mail address of the operator.", status=reply.status
            )
        return replies.json_of(reply)
