"""`/v1/search`."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from flask import Response, g, request

from research_api.domain.errors import Fault, Invalid
from research_api.domain.exports import EXPORT_FORMATS
from research_api.domain.search import SearchAnswer
from research_api.services.kept_pages import KeptPage, is_page_worth
from research_api.services.search import Wish
from research_api.web.answers import conditional, conditional_answer, encode, json_answer, json_response
from research_api.web.blueprint import ApiBlueprint, Contract
from research_api.web.examples import SEARCH_EXAMPLE, SEARCH_REQUEST_EXAMPLE
from research_api.web.exports import EXPORT_HEADERS, conditional_export, export_answer, search_headers
from research_api.web.links import page_links
from research_api.web.negotiation import JSON, chosen_format
from research_api.web.request_context import caller, request_id, services
from research_api.web.search_arguments import FirstPage, NextPage, SearchArgumentsSchema
from research_api.web.search_bodies import REQUEST_ID, results_of, search_body
from research_api.web.search_schemas import SearchAnswerSchema

blueprint = ApiBlueprint("search", __name__, url_prefix="/v1", description="Find works.")

# a change of what a body holds makes kept pages useless
PAGE_VERSION = 2
_LINK_HEADER = {"Link": {"schema": {"type": "string"}, "description": "The next and the first page."}}
_AGE_HEADER = {
    "Age": {
        "schema": {"type": "integer"},
        "description": "Where the answer was kept: the seconds since the sources were asked.",
    }
}


@blueprint.operation(
    "GET",
    "/search",
    Contract(
        "search",
        takes=SearchArgumentsSchema,
        gives=SearchAnswerSchema,
        example=SEARCH_EXAMPLE,
        headers={**_LINK_HEADER, **_AGE_HEADER, **EXPORT_HEADERS},
        problems=(410,),
        has_etag=True,
        exports=True,
    ),
)
def search(page: FirstPage | NextPage) -> Response:
    """Search works

    The same as the POST, with lists separated by commas. The Link header leads to the next page.
    """
    format_name = _format_of(page)
    answer = _find(page, format_name)
    links = page_links(answer.next_cursor)
    if format_name == JSON:
        response = _shown(answer, page, links)
    else:
        response = conditional_export(_as_file(answer, format_name, page.fields))
    return _with_age(_with_links(response, links), answer.age_seconds)


def _kept_page() -> Response | None:
    """The page that was made for the same address a moment ago, before its parameters are read once more."""
    if request.method != "GET":
        return None
    g.cache_visit = services().pages.visit()
    page = services().pages.find(_page_key(), g.cache_visit)
    if page is None:
        return None
    response = json_response(page.body + b"," + encode({REQUEST_ID: request_id()})[1:])
    response.set_etag(page.etag)
    return _with_age(_with_links(conditional(response), page.links), page.age_seconds)


def _shown(answer: SearchAnswer, page: FirstPage | NextPage, links: str) -> Response:
    body = search_body(answer, page.fields, request_id())
    response = conditional_answer(body, results=results_of(body, answer))
    if isinstance(page, FirstPage) and not page.is_fresh and is_page_worth(answer):
        del body[REQUEST_ID]
        etag = response.get_etag()[0] or ""
        kept = KeptPage(encode(body)[:-1], etag, answer.age_seconds or 0, links)
        services().pages.keep(_page_key(), kept)
    return response


def _page_key() -> str:
    """Equal for requests of one tenant that ask the same in the same words; free of what was asked."""
    asked = (request.environ.get("QUERY_STRING", ""), request.headers.get("Accept", ""))
    parts = (PAGE_VERSION, caller().organization, *asked)
    return hashlib.blake2b(repr(parts).encode(), digest_size=20).hexdigest()


@blueprint.operation(
    "POST",
    "/search",
    Contract(
        "searchByPost",
        takes=SearchArgumentsSchema,
        takes_example=SEARCH_REQUEST_EXAMPLE,
        gives=SearchAnswerSchema,
        example=SEARCH_EXAMPLE,
        headers={**_AGE_HEADER, **EXPORT_HEADERS},
        problems=(410,),
        exports=True,
    ),
)
def search_by_post(page: FirstPage | NextPage) -> Response:
    """Search works by a JSON body

    The same as the GET, for queries that are too long for an address.
    """
    format_name = _format_of(page)
    answer = _find(page, format_name)
    if format_name == JSON:
        response = json_answer(search_body(answer, page.fields, request_id()))
    else:
        response = _as_file(answer, format_name, page.fields)
    return _with_age(response, answer.age_seconds)


def _format_of(page: FirstPage | NextPage) -> str:
    """The format of the answer, known before anything is searched. Raises Invalid for what it has no room for."""
    format_name = chosen_format(page.format)
    if format_name == JSON:
        return format_name
    services().exports.check(format_name, page.fields)
    if page.request is not None and page.request.facets:
        fault = Fault("/facets", f"{format_name} has no room for facets. Ask for json, or leave them out.")
        raise Invalid("Facets are given in JSON alone.", faults=(fault,))
    return format_name


def _as_file(answer: SearchAnswer, format_name: str, fields: frozenset[str]) -> Response:
    response = export_answer(format_name, answer.hits, fields, file_name="search")
    response.headers.update(search_headers(answer))
    return response


def _shows_matches(page: FirstPage | NextPage, format_name: str) -> bool:
    has_room = format_name == JSON or EXPORT_FORMATS[format_name].takes_fields
    return has_room and (not page.fields or "matches" in page.fields)


def _find(page: FirstPage | NextPage, format_name: str) -> SearchAnswer:
    wish = Wish(
        page.limit,
        caller().organization,
        caller().key_id,
        with_matches=_shows_matches(page, format_name),
        visit=g.get("cache_visit"),
    )
    if isinstance(page, NextPage):
        return services().search.next_page(page.cursor, wish, request=page.request)
    wish = replace(wish, deadline_seconds=page.deadline_seconds, is_fresh=page.is_fresh)
    return services().search.search(page.request, wish)


def _with_age(response: Response, age_seconds: int | None) -> Response:
    """Source: RFC 9111, section 5.1 (read 2026-11)"""
    if age_seconds is not None:
        response.headers["Age"] = str(age_seconds)
    return response


def _with_links(response: Response, links: str) -> Response:
    if links:
        response.headers["Link"] = links
    return response


blueprint.before_request(_kept_page)
