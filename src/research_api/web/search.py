"""`/v1/search`."""

from __future__ import annotations

from flask import Response

from research_api.domain.search import SearchAnswer
from research_api.web.answers import conditional_answer, json_answer
from research_api.web.blueprint import ApiBlueprint, Contract
from research_api.web.examples import SEARCH_EXAMPLE, SEARCH_REQUEST_EXAMPLE
from research_api.web.links import page_links
from research_api.web.request_context import caller, request_id, services
from research_api.web.search_arguments import FirstPage, NextPage, SearchArgumentsSchema
from research_api.web.search_bodies import results_of, search_body
from research_api.web.search_schemas import SearchAnswerSchema

blueprint = ApiBlueprint("search", __name__, url_prefix="/v1", description="Find works.")

_LINK_HEADER = {"Link": {"schema": {"type": "string"}, "description": "The next and the first page."}}


@blueprint.operation(
    "GET",
    "/search",
    Contract(
        "search",
        takes=SearchArgumentsSchema,
        gives=SearchAnswerSchema,
        example=SEARCH_EXAMPLE,
        headers=_LINK_HEADER,
        problems=(410,),
        has_etag=True,
    ),
)
def search(page: FirstPage | NextPage) -> Response:
    """Search works

    The same as the POST, with lists separated by commas. The Link header leads to the next page.
    """
    answer = _find(page)
    body = search_body(answer, page.fields, request_id())
    response = conditional_answer(body, results=results_of(body, answer))
    if links := page_links(answer.next_cursor):
        response.headers["Link"] = links
    return response


@blueprint.operation(
    "POST",
    "/search",
    Contract(
        "searchByPost",
        takes=SearchArgumentsSchema,
        takes_example=SEARCH_REQUEST_EXAMPLE,
        gives=SearchAnswerSchema,
        example=SEARCH_EXAMPLE,
        problems=(410,),
    ),
)
def search_by_post(page: FirstPage | NextPage) -> Response:
    """Search works by a JSON body

    The same as the GET, for queries that are too long for an address.
    """
    return json_answer(search_body(_find(page), page.fields, request_id()))


def _find(page: FirstPage | NextPage) -> SearchAnswer:
    tenant = caller().organization
    if isinstance(page, FirstPage):
        return services().search.search(page.request, limit=page.limit, tenant=tenant)
    return services().search.next_page(page.cursor, request=page.request, limit=page.limit, tenant=tenant)
