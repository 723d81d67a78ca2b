"""`/v1/works`."""

from __future__ import annotations

from flask import Flask, Response
from werkzeug.routing import PathConverter

from research_api.domain.record_bodies import work_body
from research_api.web.answers import conditional_answer, json_answer
from research_api.web.blueprint import ApiBlueprint, Contract
from research_api.web.examples import (
    BATCH_EXAMPLE,
    BATCH_REQUEST_EXAMPLE,
    RELATED_EXAMPLE,
    WORK_EXAMPLE,
)
from research_api.web.exports import BATCH_HEADERS, FILE_HEADERS, conditional_export, export_answer
from research_api.web.negotiation import JSON, chosen_format
from research_api.web.related_bodies import related_body
from research_api.web.request_context import services
from research_api.web.work_arguments import (
    Batch,
    BatchArgumentsSchema,
    RelatedArgumentsSchema,
    WorkArgumentsSchema,
)
from research_api.web.work_schemas import BatchAnswerSchema, RelatedAnswerSchema, WorkSchema

blueprint = ApiBlueprint("works", __name__, url_prefix="/v1/works", description="Works by their identifiers.")


class ReferenceConverter(PathConverter):
    """Identifiers, slashes and all; never the route `batch`, nor a path whose last segment is a verb."""

    regex = r"(?!batch\Z)(?!(?:.*/)?(?:references|citations|related)\Z)[^/].*?"


class VerbedReferenceConverter(PathConverter):
    """Identifiers before a verb. The other converter looks to the end of the path, where it would see the verb."""

    regex = r"[^/].*?"


def install(app: Flask) -> None:
    """The converters are known; paths are taken as they are, since a DOI may have two slashes in a row."""
    app.url_map.converters["reference"] = ReferenceConverter
    app.url_map.converters["verbed"] = VerbedReferenceConverter
    app.url_map.merge_slashes = False


@blueprint.operation(
    "GET",
    "/<reference:id>",
    Contract(
        "getWork",
        takes=WorkArgumentsSchema,
        gives=WorkSchema,
        example=WORK_EXAMPLE,
        headers=FILE_HEADERS,
        problems=(404,),
        has_etag=True,
        exports=True,
    ),
)
def show(named_format: str | None, id: str) -> Response:  # noqa: A002 - the name in the path
    """Get a work

    By its id, a DOI (its slash as itself or as %2F), or pmid: pmcid: arxiv: openalex: s2: local:NAME:ID.
    """
    format_name = chosen_format(named_format)
    work = services().works.get(id)
    if format_name == JSON:
        body = work_body(work)
        return conditional_answer(body, results=body)
    return conditional_export(export_answer(format_name, [work], file_name=work.id))


@blueprint.operation(
    "POST",
    "/batch",
    Contract(
        "getWorks",
        takes=BatchArgumentsSchema,
        takes_example=BATCH_REQUEST_EXAMPLE,
        gives=BatchAnswerSchema,
        example=BATCH_EXAMPLE,
        headers=BATCH_HEADERS,
        exports=True,
    ),
)
def batch(asked: Batch) -> Response:
    """Get many works

    Results stand in the order asked. The same reference twice gives one result; two references to one work
    give it twice. What names no known work stands in missing.
    """
    format_name = chosen_format(asked.format)
    answer = services().works.batch(asked.references)
    if format_name != JSON:
        response = export_answer(format_name, answer.results, file_name="works")
        response.headers["X-Missing-Count"] = str(len(answer.missing))
        return response
    results = [work_body(work) for work in answer.results]
    return json_answer({"results": results, "missing": list(answer.missing)})


@blueprint.operation(
    "GET",
    "/<verbed:id>/related",
    Contract(
        "getRelatedWorks",
        takes=RelatedArgumentsSchema,
        gives=RelatedAnswerSchema,
        example=RELATED_EXAMPLE,
        problems=(404,),
        has_etag=True,
    ),
)
def related(arguments: dict[str, int], id: str) -> Response:  # noqa: A002 - the name in the path
    """Get related works

    Works that are near in meaning by their stored vectors, and works that refer to the same works. The score is
    half the sum of the cosine and of the shared references over the geometric mean of both counts.
    """
    body = related_body(services().related.related(id, arguments["limit"]))
    return conditional_answer(body, results=body)
