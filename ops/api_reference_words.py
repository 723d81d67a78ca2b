"""What docs/api.md says beyond the OpenAPI document: its introduction, and meanings that the document leaves out."""

from __future__ import annotations

from research_api.domain.search import FACET_VALUES
from research_api.web.bodies import MAX_BODY_BYTES
from research_api.web.problems import MAX_FAULTS

INTRODUCTION = f"""\
# API reference

`make docs` makes this page from the OpenAPI document of the service; change the schemas, not this page. A running
service has the document itself at `/openapi.json` and a viewer to try things out at `/docs`. [guide.md](guide.md)
shows the API by examples, [query-language.md](query-language.md) explains `q`.

## Every request

- The examples go to `http://127.0.0.1:8000`, where `make run` serves; `$KEY` is a key ([keys.md](keys.md)).
- Paths under `/v1` want a key, as `Authorization: Bearer KEY` or `X-API-Key: KEY`, with the scope that is named.
- A GET takes its parameters in the query string: lists as `a,b`, truths as `true` or `false`, text percent-encoded as
  UTF-8. A request line of more than 8,190 bytes is refused with 414: send a POST instead.
- A POST takes one JSON object of at most {MAX_BODY_BYTES:,} bytes, as `Content-Type: application/json` in UTF-8 and not
  compressed, and nothing in the query string.
- What is not known is refused with 422, never ignored: a misspelt parameter cannot go unnoticed.
- `X-Request-ID` of 8 to 64 letters, digits, `.`, `_` and `-` is kept; any other is replaced.

## Every response

- JSON in UTF-8, unless the operation lists other media types and `format` or `Accept` chooses one. A later version
  may add members to any object: read the ones you know.
- `X-Request-ID` names the exchange, also in the logs of the service and, as `request_id`, in searches and problems.
- An error is a [Problem](#problem) as `application/problem+json` (RFC 9457). Tell errors apart by the last part of
  `type`, which the tables below name and [Problem types](#problem-types) explains.
- Any path may also answer 404 (`not-found`), and 405 (`method-not-allowed`) with `Allow`.
- Sent back as `If-None-Match`, an `ETag` gets a 304 without body as long as nothing changed; as `If-Match`, a 412 once
  something has. Nothing is sent in parts: `Range` is not looked at.
- `start` and `end` count Unicode code points, from 0, the end excluded ([how to use them](guide.md#strict-and-proof)).
- `Retry-After` stands on 503, in seconds.
"""

# by name of a parameter, an object, a member, or "object.member" where one name means several things; only what the
# document does not tell, and a test says when it does
MEANINGS = {
    "id": "As said above.",
    "problem types": "The last part of a problem's `type`, which is the address of a page that tells the same.",
    "Problem": "An error. A later release may add members for some types.",
    "Problem.title": "The same for every problem of the type.",
    "Problem.status": "The HTTP status.",
    "Problem.instance": "A name for this occurrence, made of the request id. There is no page at it yet.",
    "Problem.request_id": "For whoever runs the service: it stands in the logs.",
    "Problem.errors": f"Each part of the request that breaks a rule, at most {MAX_FAULTS}.",
    "Problem.retry_after_seconds": "On 503: when another try makes sense.",
    "Fault": "One part of a request that breaks a rule.",
    "Fault.detail": "What is wrong, or what is wanted.",
    "Fault.hint": "What to write instead.",
    "Work": "One work, merged from what its sources say. Every member is there, unless `fields` chose some.",
    "Work.id": "Its id here. If two works turn out to be one, the id that went keeps working.",
    "Work.title": "In Unicode NFC, as all texts.",
    "Work.abstract": "Plain text.",
    "Work.authors": "In the order of the publication.",
    "Work.year": "Of publication.",
    "Work.venue": "Journal, conference, publisher or archive.",
    "Work.url": "A page about the work.",
    "Work.open_access": "Whether it can be read free of charge.",
    "Work.citation_count": "By other works, as a source counted; null: nobody said.",
    "Work.retracted": "Whether a source says that it was withdrawn.",
    "Work.sources": "Who found it, in a search; who told of it, elsewhere.",
    "Work.matches": "Where the query stands in it; in strict mode, the proof.",
    "Rejected": "What a source says that the work does not show, as another source is trusted more.",
    "Rejected.source": "Who says so.",
    "Version": "A preprint and the published work are two works, which name each other.",
    "Version.id": "Its id here.",
    "Version.year": "Of publication.",
    "Author": "One author.",
    "OpenAccess": "Access to the full text.",
    "OpenAccess.url": "A copy that is free to read.",
    "OpenAccess.license": "Such as `cc-by`.",
    "WorkSource": "A source of a work.",
    "WorkSource.name": "In a search, the source that was asked.",
    "Match": "A place in a work that the query is about.",
    "SearchAnswer": "One page of results, and what to know about it.",
    "SearchAnswer.query": "The query as it was understood.",
    "SearchAnswer.results": "Best first, or in the order of `sort`.",
    "SearchAnswer.sources": "What came of asking each source.",
    "SearchAnswer.total": "How many works match, beyond this page.",
    "SearchAnswer.facets": f"For each facet asked for, its most frequent values, at most {FACET_VALUES}.",
    "SearchAnswer.warnings": "What else to know. See also [the codes](guide.md#warnings).",
    "SearchAnswer.retry_token": "Always null in this release.",
    "SearchAnswer.cache": "`hit`: an answer of the last 15 minutes; `stale`: an older one, or older answers of sources "
    "stand in; `miss`: the sources were asked; `bypass`: the catalog alone was.",
    "SearchAnswer.request_id": "The same as in `X-Request-ID`.",
    "Query": "The query as it was understood.",
    "Query.mode": "The mode of this search.",
    "Query.canonical": "In one normal form, which means the same when sent again; null where no word was left.",
    "SourceReport": "What came of asking one source.",
    "SourceReport.name": "The source.",
    "SourceReport.outcome": "`skipped`: it cannot be asked here, or in this mode; `stale`: an older answer stands in, "
    "or the index of the catalog is behind.",
    "SourceReport.count": "Results of this source on this page.",
    "SourceReport.latency_ms": "How long it took.",
    "SourceReport.fidelity": "How it honoured parts of the query; empty in this release.",
    "Fidelity": "How a source honoured a part of the query.",
    "Fidelity.clause": "The part, in canonical form.",
    "Fidelity.how": "What became of it.",
    "Total": "How many works match.",
    "Total.value": "Works.",
    "FacetCount": "A value and how frequent it is.",
    "FacetCount.value": "As text, also for years and truths. `false` in `open_access` means closed or unknown.",
    "FacetCount.count": "Matching works that have the value.",
    "Warning": "Something to know about a search.",
    "Warning.code": "For programs.",
    "Warning.detail": "For people.",
    "Warning.start": "Code points into `query.text`; null where no place is meant.",
    "Warning.end": "The first code point after it.",
    "RelatedWork": "A related work, and why it is one.",
    "RelatedWork.work": "The work as by itself.",
    "RelatedAnswer": "The related works.",
    "RelatedAnswer.results": "The most related first, never the work itself.",
    "RelatedAnswer.warnings": "What was less than normal, and why.",
    "WorkWarning": "Something to know about the answer.",
    "WorkWarning.code": "`vectors_off`: the server makes none. `no_vector`: the work waits for its own. "
    "`no_identifier`: the work has none by which the sources could be asked.",
    "WorkWarning.detail": "For people.",
    "BatchAnswer": "The works that were found.",
    "BatchAnswer.results": "In the order asked, one for each different reference that is known: two may name one work.",
    "BatchAnswer.missing": "References that name no known work, as they were sent.",
    "BatchAnswer.sources": "Those that were asked for what the catalog does not have; empty where it has all.",
    "AskedSource": "What came of asking one source.",
    "AskedSource.name": "The source.",
    "AskedSource.outcome": "`skipped`: it cannot be asked this, or is not enabled here.",
    "AskedSource.count": "Records and names that it gave.",
    "AskedSource.latency_ms": "How long it took.",
    "EdgesAnswer": "The works that a work refers to, or that refer to it.",
    "EdgesAnswer.results": "Each once, at most `limit`: what more sources tell of first, then the most cited, then the "
    "newest.",
    "EdgesAnswer.unresolved": "Names of works of which nobody tells more, such as `doi:10.1000/1`; at most `limit`.",
    "EdgesAnswer.total": "How many there are, beyond this answer.",
    "EdgesAnswer.sources": "What came of asking each source.",
    "EdgesAnswer.warnings": "What was less than normal, and why.",
    "EdgeTotal": "How many works are at the other ends.",
    "EdgeTotal.value": "Works and names; the largest number that a source says where it has more than it gave.",
    "Liveness": "The process answers.",
    "Liveness.status": "There is no other.",
    "Readiness": "Whether requests can be served.",
    "Readiness.status": "`degraded`: requests are served, with less than normal.",
}
