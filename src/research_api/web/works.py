"""`/v1/works`."""

from __future__ import annotations

from flask import Flask, Response
from werkzeug.routing import PathConverter

from research_api.domain.record_bodies import work_body
from research_api.services.edges import EdgesAnswer, EdgeWish
from research_api.web.answers import conditional_answer, json_answer
from research_api.web.blueprint import ApiBlueprint, Contract
from research_api.web.edge_bodies import batch_body, edge_results_of, edges_body
from research_api.web.examples import (
    BATCH_EXAMPLE,
    BATCH_REQUEST_EXAMPLE,
    EDGES_EXAMPLE,
    RELATED_EXAMPLE,
    WORK_EXAMPLE,
)
from research_api.web.exports import (
    BATCH_HEADERS,
    FILE_HEADERS,
    batch_headers,
    conditional_export,
    export_answer,
)
from research_api.web.negotiation import JSON, chosen_format
from research_api.web.related_bodies import related_body
from research_api.web.request_context import services
from research_api.web.work_arguments import (
    Batch,
    BatchArgumentsSchema,
    EdgeArgumentsSchema,
    One,
    RelatedArgumentsSchema,
    WorkArgumentsSchema,
)
from research_api.web.work_schemas import (
    BatchAnswerSchema,
    EdgesAnswerSchema,
    RelatedAnswerSchema,
    WorkSchema,
)

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
def show(asked: One, id: str) -> Response:  # noqa: A002 - the name in the path
    """Get a work

    By its id, a DOI (its slash as itself or as %2F), or pmid: pmcid: arxiv: openalex: s2: local:NAME:ID.
    What the catalog does not have is looked up in the sources. A 404 says that all of them answered and none has it.
    """
    format_name = chosen_format(asked.format)
    work = services().works.get(id, asked.deadline_seconds)
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
    give it twice. What the catalog does not have is looked up in the sources, which are listed then. What names
    no known work stands in missing; where complete is false, a source that did not answer may have it.
    """
    format_name = chosen_format(asked.format)
    answer = services().works.batch(asked.references, asked.deadline_seconds)
    if format_name != JSON:
        response = export_answer(format_name, answer.results, file_name="works")
        response.headers.update(batch_headers(answer))
        return response
    return json_answer(batch_body(answer))


def _edge_contract(operation_id: str) -> Contract:
    return Contract(
        operation_id,
        takes=EdgeArgumentsSchema,
        gives=EdgesAnswerSchema,
        example=EDGES_EXAMPLE,
        problems=(404,),
        has_etag=True,
    )


@blueprint.operation("GET", "/<verbed:id>/references", _edge_contract("getReferences"))
def references(wish: EdgeWish, id: str) -> Response:  # noqa: A002 - the name in the path
    """Get the works that a work refers to

    Of the catalog and of the sources, each work once: first those that more of them tell of, then the most cited,
    then the newest. Names of works of which nobody tells more stand in unresolved. There are no further pages.
    """
    return _edges_answer(services().edges.references(id, wish))


@blueprint.operation("GET", "/<verbed:id>/citations", _edge_contract("getCitations"))
def citations(wish: EdgeWish, id: str) -> Response:  # noqa: A002 - the name in the path
    """Get the works that refer to a work

    In the same order as references. There are no further pages.
    """
    return _edges_answer(services().edges.citations(id, wish))


def _edges_answer(answer: EdgesAnswer) -> Response:
    body = edges_body(answer)
    return conditional_answer(body, results=edge_results_of(body, answer))


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
