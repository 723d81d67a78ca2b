"""Answers in the other formats than JSON: files, with headers for what their formats have no room for."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping

from flask import Response

from research_api.domain.exports import EXPORT_FORMATS
from research_api.domain.search import Hit, SearchAnswer, SourceReport
from research_api.domain.works import Work
from research_api.services.works import BatchAnswer
from research_api.web.answers import conditional
from research_api.web.envelope import REVALIDATE
from research_api.web.request_context import services

EXPORT_HEADERS: Mapping[str, Mapping[str, object]] = {
    name: {"schema": {"type": kind}, "description": meaning}
    for name, kind, meaning in (
        ("Content-Disposition", "string", "In files: the name of the file."),
        ("X-Total-Count", "integer", "In files: total.value."),
        ("X-Total-Relation", "string", "In files: total.relation."),
        ("X-Complete", "boolean", "In files: complete."),
        ("X-Degraded", "boolean", "In files: degraded."),
        ("X-Sources", "string", "In files: each source with its outcome, such as catalog=ok."),
        ("X-Warnings", "string", "In files: the codes of the warnings, if any."),
        ("X-Next-Cursor", "string", "In files: next_cursor, if there is one."),
    )
}
FILE_HEADERS = {"Content-Disposition": EXPORT_HEADERS["Content-Disposition"]}
BATCH_HEADERS = {
    **FILE_HEADERS,
    **{name: EXPORT_HEADERS[name] for name in ("X-Complete", "X-Degraded", "X-Sources")},
    "X-Missing-Count": {
        "schema": {"type": "integer"},
        "description": "In files: how many references name no known work.",
    },
}


def export_answer(
    format_name: str, shown: Iterable[Hit | Work], fields: Collection[str] = (), *, file_name: str
) -> Response:
    """A 200 with the works as a file. Raises Invalid where the format has no choice of fields."""
    kind = EXPORT_FORMATS[format_name]
    text = "".join(services().exports.write(format_name, shown, fields))
    response = Response(
        text.encode("utf-8", "backslashreplace"), content_type=f"{kind.media_type}; charset=utf-8"
    )
    response.headers["Cache-Control"] = REVALIDATE
    response.headers["Content-Disposition"] = f'attachment; filename="{file_name}.{kind.file_suffix}"'
    return response


def conditional_export(response: Response) -> Response:
    """The same with an ETag over body and headers, or a 304. Raises PreconditionFailed as `conditional` does.

    Left out is the text of the cursor, which is new for every list that is kept; that there is one counts.
    """
    told = [
        (name, value if name != "X-Next-Cursor" else "")
        for name, value in response.headers
        if name in EXPORT_HEADERS or name == "Content-Type"
    ]
    response.set_etag(hashlib.sha256(repr(told).encode() + response.get_data()).hexdigest()[:32])
    return conditional(response)


def batch_headers(answer: BatchAnswer) -> dict[str, str]:
    """What a batch says beside its works, as far as headers carry it."""
    headers = {
        "X-Missing-Count": str(len(answer.missing)),
        "X-Complete": str(answer.complete).lower(),
        "X-Degraded": str(not answer.complete).lower(),
        "X-Sources": _outcomes(answer.sources),
    }
    return {name: value for name, value in headers.items() if value}


def search_headers(answer: SearchAnswer) -> dict[str, str]:
    """What a search says beside its results, as far as headers carry it."""
    headers = {
        "X-Total-Count": str(answer.total),
        "X-Total-Relation": answer.relation.value,
        "X-Complete": str(answer.complete).lower(),
        "X-Degraded": str(answer.degraded).lower(),
        "X-Sources": _outcomes(answer.sources),
        "X-Warnings": ", ".join(dict.fromkeys(warning.code for warning in answer.warnings)),
        "X-Next-Cursor": answer.next_cursor or "",
    }
    return {name: value for name, value in headers.items() if value}


def _outcomes(reports: Iterable[SourceReport]) -> str:
    return ", ".join(f"{report.name}={report.outcome}" for report in reports)
