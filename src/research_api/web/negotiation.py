"""Which format an answer has: what `format` names, else what the Accept header likes best, else JSON."""

from __future__ import annotations

from flask import Flask, request
from marshmallow import fields
from werkzeug.datastructures import MIMEAccept
from werkzeug.exceptions import NotAcceptable

from research_api.domain.exports import EXPORT_FORMATS
from research_api.web.query_strings import read_parameters

JSON = "json"
JSON_MEDIA_TYPE = "application/json"
FORMATS = (JSON, *EXPORT_FORMATS)
# the endpoints whose works can be had in every format; all others answer in JSON alone
EXPORTING = frozenset({"search.search", "search.search_by_post", "works.show", "works.batch"})

_BY_MEDIA_TYPE = {JSON_MEDIA_TYPE: JSON, **{one.media_type: one.name for one in EXPORT_FORMATS.values()}}


def install(app: Flask) -> None:
    """From now on a call whose Accept header excludes every format is refused.

    That is before its body is read, unless `format` may stand in it: then it is when the format is chosen.
    """
    app.before_request(_refuse_unknown_formats)


def check_format(name: str) -> None:
    """Raises NotAcceptable for a format that is not made here."""
    if name not in FORMATS:
        raise NotAcceptable


class FormatField(fields.String):
    """The parameter `format`."""

    def __init__(self) -> None:
        meaning = "The format of the answer; goes before the Accept header."
        super().__init__(validate=check_format, metadata={"enum": list(FORMATS), "description": meaning})


def chosen_format(named: str | None) -> str:
    """The name of the format to answer in; named: the parameter `format`, where it was sent.

    Raises NotAcceptable where the Accept header excludes all of FORMATS and nothing is named.
    """
    if named is not None:
        return named
    if not request.accept_mimetypes:
        return JSON
    best = _best(list(_BY_MEDIA_TYPE))
    if best is None:
        raise NotAcceptable
    return _BY_MEDIA_TYPE[best]


def _best(media_types: list[str]) -> str | None:
    """The one that the Accept header likes best, the first of several; None where it excludes all."""
    # each format has one charset: parameters such as charset=utf-8 exclude nothing
    ranges = MIMEAccept((value.partition(";")[0].strip(), q) for value, q in request.accept_mimetypes)
    return ranges.best_match(media_types)


def _refuse_unknown_formats() -> None:
    if not request.path.startswith("/v1/") or request.endpoint is None or not request.accept_mimetypes:
        return
    is_exporting = request.endpoint in EXPORTING
    if is_exporting and request.method == "POST":
        return
    made = list(_BY_MEDIA_TYPE) if is_exporting else [JSON_MEDIA_TYPE]
    if _best(made) is None and "format" not in read_parameters():
        raise NotAcceptable
