"""The one error table: each problem type with its status, and what its page tells."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from research_api.domain.errors import ResearchApiError

RETRY_AFTER_SECONDS = 5


@dataclass(frozen=True, slots=True)
class ProblemType:
    """slug: the last part of its address. remedy: what to do, and the detail where none is given."""

    slug: str
    status: int
    title: str
    meaning: str
    remedy: str

    @property
    def retry_after_seconds(self) -> int | None:
        """When another try makes sense; None where it never does without a change."""
        return RETRY_AFTER_SECONDS if self.status == 503 else None


PROBLEM_TYPES = {
    kind.slug: kind
    for kind in (
        ProblemType(
            "malformed", 400, "The request cannot be read",
            "Something in the request is broken: its HTTP, its encoding, its percent escapes or its JSON.",
            "Send well-formed HTTP and UTF-8, and JSON without duplicate names, NaN or Infinity.",
        ),
        ProblemType(
            "cursor-invalid", 400, "The cursor is not valid",
            "The cursor was not made by this service, was changed on the way, or belongs to another caller.",
            "Start again without a cursor, and pass each next_cursor on as it is.",
        ),
        ProblemType(
            "unauthenticated", 401, "A valid key is needed",
            "No key was sent, or the key is unknown, revoked or expired.",
            "Send a key as Authorization: Bearer KEY, or as X-API-Key: KEY.",
        ),
        ProblemType(
            "forbidden", 403, "The key may not do this",
            "The key is good but lacks the scope, or may not be used from this address.",
            "Ask whoever gave out the key for one that may.",
        ),
        ProblemType(
            "not-found", 404, "There is no such thing",
            "No route has this path, or no object that you may see has this id.",
            "Compare the path with /openapi.json, and the id with where you got it from.",
        ),
        ProblemType(
            "method-not-allowed", 405, "The method is not allowed here",
            "The path exists and takes other methods.",
            "Use one of the methods in the Allow header.",
        ),
        ProblemType(
            "not-acceptable", 406, "No such format",
            "The Accept header or the parameter format rules out every format that this route makes.",
            "Ask for application/json, or leave Accept and format out.",
        ),
        ProblemType(
            "conflict", 409, "The state forbids it",
            "The object is in a state in which this cannot be done.",
            "Look at the object again and decide anew.",
        ),
        ProblemType(
            "expired", 410, "It is no longer kept",
            "What was asked for was kept for a limited time, and that time is over.",
            "Start again from the first page.",
        ),
        ProblemType(
            "precondition-failed", 412, "It is not the version you named",
            "If-Match names ETags, and none of them is the one that the answer has now.",
            "Leave If-Match out, or send the ETag of the newest answer.",
        ),
        ProblemType(
            "body-too-large", 413, "The body is too large",
            "A body may have up to 2,000,000 bytes.",
            "Split the request into smaller ones.",
        ),
        ProblemType(
            "uri-too-long", 414, "The request line is too long",
            "A request line may have up to 8,190 bytes, and percent-encoding triples some characters.",
            "Send the search as POST /v1/search with a JSON body.",
        ),
        ProblemType(
            "unsupported-media-type", 415, "The body is not plain JSON",
            "Bodies are read as application/json in UTF-8, without any Content-Encoding.",
            "Send Content-Type: application/json and an uncompressed body.",
        ),
        ProblemType(
            "invalid", 422, "Something in the request is not valid",
            "The request can be read, yet breaks a rule: a wrong value, or an unknown parameter.",
            "Each entry of errors points to one such part and says what it should be.",
        ),
        ProblemType(
            "query-invalid", 422, "The query breaks the grammar",
            "In strict mode the whole query must follow the query language.",
            "Mend the place that start and end point to, or use the mode hybrid, which takes any text.",
        ),
        ProblemType(
            "headers-too-large", 431, "The headers are too large",
            "A request may have up to 100 headers of up to 8,190 bytes each.",
            "Send fewer or shorter headers; cookies are not used here.",
        ),
        ProblemType(
            "internal", 500, "Something failed here",
            "The fault is on this side and has been logged under the request id.",
            "Try again later; if it stays, give the request id to whoever runs this service.",
        ),
        ProblemType(
            "not-ready", 503, "This instance cannot serve now",
            "A part without which nothing can be served does not answer.",
            "Try again after the time in Retry-After.",
        ),
        ProblemType(
            "unavailable", 503, "A part of the service is down",
            "Something this request depends on does not answer.",
            "Try again after the time in Retry-After.",
        ),
        ProblemType(
            "database-unavailable", 503, "The database does not answer",
            "Keys and works cannot be looked up while the database is away.",
            "Try again after the time in Retry-After.",
        ),
        ProblemType(
            "index-unavailable", 503, "The search index is not ready",
            "There is no usable search index on this host yet; it is built without anybody's help.",
            "Try again after the time in Retry-After.",
        ),
        ProblemType(
            "embedding-unavailable", 503, "The query cannot be compared by meaning",
            "This server makes no vectors, or the model that makes them cannot be reached.",
            "Search with mode hybrid or lexical, or try again after the time in Retry-After.",
        ),
        ProblemType(
            "sources-unavailable", 503, "Whether there is such a work is not known",
            "The catalog does not have the work, and not every source that may have it answered.",
            "Try again after the time in Retry-After, or with a larger deadline_ms.",
        ),
    )
}  # fmt: skip

# for what Flask and Werkzeug refuse before any code of ours runs
_BY_STATUS = {
    400: "malformed",
    401: "unauthenticated",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    409: "conflict",
    410: "expired",
    412: "precondition-failed",
    413: "body-too-large",
    414: "uri-too-long",
    415: "unsupported-media-type",
    422: "invalid",
    431: "headers-too-large",
}
# nothing here answers with these, yet a library may: what HTTP itself says of them is all there is to tell
PLAIN_TYPES = {
    f"http-{status.value}": ProblemType(
        f"http-{status.value}", status.value, status.phrase,
        status.description or "The request was refused with this status of HTTP.",
        "Compare the request with /openapi.json.",
    )
    for status in HTTPStatus
    if 400 <= status < 500 and status not in _BY_STATUS
}  # fmt: skip


def problem_type_of(error: ResearchApiError) -> ProblemType:
    """The type that the error's slug names."""
    return PROBLEM_TYPES[error.slug]


def problem_type_for(status: int) -> ProblemType:
    """The type for a bare status, which it keeps; what is no 4xx of HTTP is a fault of ours, internal."""
    return problem_type_named(_BY_STATUS.get(status, f"http-{status}")) or PROBLEM_TYPES["internal"]


def problem_type_named(slug: str) -> ProblemType | None:
    """The type whose page is at /problems/slug; None where there is no such page."""
    return PROBLEM_TYPES.get(slug) or PLAIN_TYPES.get(slug)
