"""Which formats a caller may have: JSON alone, for now."""

from __future__ import annotations

from flask import Flask, request
from werkzeug.datastructures import MIMEAccept
from werkzeug.exceptions import NotAcceptable

from research_api.web.query_strings import read_parameters

FORMATS = ("json",)


def install(app: Flask) -> None:
    """From now on a call whose Accept header excludes every format is refused before its body is read."""
    app.before_request(_refuse_unknown_formats)


def check_format(name: str) -> None:
    """Raises NotAcceptable for a format that is not made here."""
    if name not in FORMATS:
        raise NotAcceptable


def _refuse_unknown_formats() -> None:
    if not request.path.startswith("/v1/") or request.endpoint is None or not request.accept_mimetypes:
        return
    # JSON has one charset: parameters such as charset=utf-8 exclude nothing
    ranges = MIMEAccept((value.partition(";")[0].strip(), q) for value, q in request.accept_mimetypes)
    accepts_json = ranges.best_match(["application/json"]) is not None
    if not accepts_json and "format" not in read_parameters():
        raise NotAcceptable
