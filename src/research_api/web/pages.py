"""Pages for people: the documentation viewer and a page about each type of problem."""

from __future__ import annotations

import mimetypes
from functools import cache
from pathlib import Path

import flask_swagger_ui  # type: ignore[import-untyped]  # ships no types
from flask import Blueprint, Response, abort, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from research_api.web.answers import conditional, json_answer
from research_api.web.problem_types import ProblemType, problem_type_named
from research_api.web.request_context import settings

blueprint = Blueprint("pages", __name__, template_folder="templates")

CACHED_LONG = "public, max-age=3600"
_VIEWER_FOLDER = Path(flask_swagger_ui.__file__).parent / "dist"
_OWN_FOLDER = Path(__file__).parent / "static"
ASSETS = {
    "swagger-ui-bundle.js": _VIEWER_FOLDER,
    "swagger-ui.css": _VIEWER_FOLDER,
    "favicon-32x32.png": _VIEWER_FOLDER,
    "docs.js": _OWN_FOLDER,
    "pages.css": _OWN_FOLDER,
}
# img-src data: Swagger UI's style sheet has its icons as data URLs. connect-src: it fetches the document
# and sends what is tried out. Its inline styles are set by script on elements, which style-src lets pass.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@blueprint.get("/")
def home() -> AnyResponse:
    """People find the documentation."""
    return redirect("docs")


@blueprint.get("/docs")
def docs() -> Response:
    """The viewer; it reads /openapi.json."""
    return _page("docs.html")


@blueprint.get("/docs/assets/<name>")
def asset(name: str) -> Response:
    """One of the files that the pages need, and no other."""
    if name not in ASSETS:
        abort(404)
    response = Response(_content(name), mimetype=mimetypes.guess_type(name)[0])
    response.headers["Cache-Control"] = CACHED_LONG
    response.add_etag()
    return conditional(response)


@blueprint.get("/problems/<slug>")
def problem_page(slug: str) -> Response:
    """What a type of problem means and what to do about it."""
    kind = problem_type_named(slug)
    if kind is None:
        abort(404)
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        return json_answer(_problem_body(kind), cache_control=CACHED_LONG)
    return _page("problem.html", kind)


@cache
def _content(name: str) -> bytes:
    return (ASSETS[name] / name).read_bytes()


def _problem_body(kind: ProblemType) -> dict[str, object]:
    return {
        "type": f"{settings().public_url}/problems/{kind.slug}",
        "title": kind.title,
        "status": kind.status,
        "meaning": kind.meaning,
        "remedy": kind.remedy,
    }


def _page(template: str, kind: ProblemType | None = None) -> Response:
    response = Response(render_template(template, kind=kind), mimetype="text/html")
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Cache-Control"] = CACHED_LONG
    return response
