"""The OpenAPI document tells what is there, and nothing else; the pages need no other host."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from research_api.web.openapi import document
from research_api.web.problem_types import PROBLEM_TYPES
from tests.web.fakes import PUBLIC_URL, WORK

# pages for people and what they load
UNDOCUMENTED = {"/", "/docs", "/docs/assets/{name}", "/problems/{slug}"}
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


@pytest.fixture(scope="module")
def openapi(shared_app):
    return document(shared_app, PUBLIC_URL)


def validator_of(openapi, schema):
    return Draft202012Validator({**schema, "components": openapi["components"]})


def documented_response(openapi, path, method, status):
    response = openapi["paths"][path][method]["responses"][str(status)]
    while "$ref" in response:
        response = openapi["components"]["responses"][response["$ref"].rpartition("/")[2]]
    return response


def operations(openapi):
    return {
        (method.upper(), path): operation
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
        if method.upper() in METHODS
    }


def test_the_document_is_valid_openapi_3_1(client):
    response = client.get("/openapi.json")

    assert response.json["openapi"] == "3.1.0"
    assert response.json["servers"] == [{"url": PUBLIC_URL}]
    assert list(OpenAPIV31SpecValidator(response.json).iter_errors()) == []


def test_routes_and_document_are_the_same_both_ways(app, openapi):
    routes = {
        (method, re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in rule.methods & METHODS
    }

    documented = set(operations(openapi))
    assert {route for route in routes if route[1] not in UNDOCUMENTED} == documented
    assert {path for _, path in routes} >= UNDOCUMENTED


def test_every_operation_has_an_id_of_its_own_and_a_summary(openapi):
    found = operations(openapi).values()

    assert len({operation["operationId"] for operation in found}) == len(found)
    assert all(operation["summary"] for operation in found)


def test_version_one_wants_a_key_and_the_rest_does_not(openapi):
    assert set(openapi["components"]["securitySchemes"]) == {"bearer", "X-API-Key"}
    assert openapi["security"] == [{"bearer": []}, {"X-API-Key": []}]
    for (_, path), operation in operations(openapi).items():
        assert operation.get("security") == (None if path.startswith("/v1/") else [])


def test_errors_are_documented_as_problems(openapi):
    for operation in operations(openapi):
        method, path = operation[0].lower(), operation[1]
        statuses = [status for status in openapi["paths"][path][method]["responses"] if int(status) >= 400]
        assert "500" in statuses
        for status in statuses:
            content = documented_response(openapi, path, method, status)["content"]
            assert set(content) == {"application/problem+json"}


def test_what_any_request_may_get_stands_at_every_operation(openapi):
    """Whatever the path, a request may be no HTTP, or have too long a line or header."""
    for operation in operations(openapi).values():
        assert {"400", "414", "431", "500"} <= set(operation["responses"])


def test_an_answer_with_an_etag_has_its_preconditions_documented(openapi):
    for operation in operations(openapi).values():
        has_etag = "ETag" in operation["responses"]["200"].get("headers", {})
        references = {one.get("$ref", "").rpartition("/")[2] for one in operation.get("parameters", ())}

        assert ({"IF_MATCH", "IF_NONE_MATCH"} <= references) == has_etag
        assert ({"304", "412"} <= set(operation["responses"])) == has_etag
    parameters = openapi["components"]["parameters"]
    assert {one["name"] for one in parameters.values()} == {"If-Match", "If-None-Match"}
    assert "412" in parameters["IF_MATCH"]["description"]
    assert "304" in parameters["IF_NONE_MATCH"]["description"]


def references_in(part):
    """Every $ref below, as kind and name."""
    if isinstance(part, dict):
        if "$ref" in part:
            yield tuple(part["$ref"].split("/")[2:])
        part = list(part.values())
    for inner in part if isinstance(part, list) else ():
        yield from references_in(inner)


def test_nothing_is_documented_that_no_operation_has(openapi):
    """Such as a schema that a library adds on its own; the viewer would list it."""
    used, new = set(), set(references_in(openapi["paths"]))
    while new:
        used |= new
        parts = [openapi["components"][kind][name] for kind, name in new]
        new = set(references_in(parts)) - used

    documented = {
        (kind, name)
        for kind, components in openapi["components"].items()
        for name in components
        if kind != "securitySchemes"
    }
    assert documented == used


def test_the_facet_open_access_says_what_false_counts(openapi):
    told = openapi["components"]["schemas"]["SearchArguments"]["properties"]["facets"]["description"]
    parameters = {one.get("name"): one for one in openapi["paths"]["/v1/search"]["get"]["parameters"]}

    assert "In open_access, false counts the closed and the unknown ones." in told
    assert parameters["facets"]["description"] == told
    guide = " ".join((Path(__file__).parents[2] / "docs" / "guide.md").read_text(encoding="utf-8").split())
    assert "In the facet `open_access`, `false` counts the closed and the unknown ones" in guide


def test_lists_in_an_address_are_documented_with_commas(openapi):
    parameters = {
        one["name"]: one for one in openapi["paths"]["/v1/search"]["get"]["parameters"] if "name" in one
    }

    lists = [one for one in parameters.values() if one["schema"]["type"] == "array"]
    assert {one["name"] for one in lists} == {"sources", "type", "facets", "fields"}
    assert all((one["style"], one["explode"]) == ("form", False) for one in lists)


def test_get_and_post_document_the_same_parameters(openapi):
    parameters = openapi["paths"]["/v1/search"]["get"]["parameters"]
    members = openapi["components"]["schemas"]["SearchArguments"]["properties"]

    assert {one["name"] for one in parameters if "name" in one} == set(members)


def test_every_example_fits_its_schema(openapi):
    checked = 0
    contents = [
        content
        for operation in operations(openapi).values()
        for holder in (operation.get("requestBody", {}), operation["responses"]["200"])
        for content in holder.get("content", {}).values()
    ]
    contents += [
        content
        for response in openapi["components"]["responses"].values()
        for content in response.get("content", {}).values()
    ]
    for content in contents:
        examples = [one["value"] for one in content.get("examples", {}).values()]
        for example in examples + ([content["example"]] if "example" in content else []):
            validator_of(openapi, content["schema"]).validate(example)
            checked += 1
    assert checked > 15


@pytest.mark.parametrize(
    ("method", "path", "rule", "options", "status"),
    [
        ("GET", "/v1/search?q=x&facets=type", "/v1/search", {}, 200),
        ("GET", "/v1/search?q=x&fields=title,matches", "/v1/search", {}, 200),
        ("POST", "/v1/search", "/v1/search", {"json": {"q": "x"}}, 200),
        ("GET", f"/v1/works/{WORK.id}", "/v1/works/{id}", {}, 200),
        ("POST", "/v1/works/batch", "/v1/works/batch", {"json": {"ids": ["pmid:1", WORK.id]}}, 200),
        ("GET", "/livez", "/livez", {}, 200),
        ("GET", "/readyz", "/readyz", {}, 200),
        ("GET", "/v1/search?q=%FF", "/v1/search", {}, 400),
        ("GET", "/v1/search", "/v1/search", {"key": None}, 401),
        ("GET", "/v1/works/10.1002/none", "/v1/works/{id}", {}, 404),
        ("GET", "/v1/search?cursor=expired", "/v1/search", {}, 410),
        ("GET", "/v1/search?q=x", "/v1/search", {"headers": {"If-Match": '"x"'}}, 412),
        ("POST", "/v1/search", "/v1/search", {"data": "x"}, 415),
        ("POST", "/v1/search", "/v1/search", {"json": {"q": "(", "mode": "strict"}}, 422),
    ],
)
def test_an_answer_fits_its_documented_schema(client, openapi, method, path, rule, options, status):
    response = client.call(method, path, **options)

    documented = documented_response(openapi, rule, method.lower(), status)["content"]
    assert response.status_code == status
    validator_of(openapi, documented[response.mimetype]["schema"]).validate(response.json)


def test_a_whole_work_has_every_documented_member_and_no_other(client, openapi):
    work = client.call("GET", f"/v1/works/{WORK.id}").json

    assert set(work) == set(openapi["components"]["schemas"]["Work"]["properties"])


def test_a_whole_answer_has_every_documented_member_and_no_other(client, openapi):
    answer = client.call("GET", "/v1/search?q=x").json

    assert set(answer) == set(openapi["components"]["schemas"]["SearchAnswer"]["properties"])


@pytest.mark.parametrize("path", ["/docs", "/problems/invalid"])
def test_a_page_loads_nothing_from_elsewhere_and_runs_no_inline_script(client, path):
    response = client.get(path)

    addresses = re.findall(r'(?:src|href)="([^"]*)"', response.text)
    assert addresses
    assert all("://" not in one and not one.startswith("//") for one in addresses)
    assert re.findall(r"<script(?![^>]*src=)|<style|\son\w+=|style=", response.text) == []
    policy = response.headers["Content-Security-Policy"]
    assert "'unsafe" not in policy
    assert "default-src 'none'" in policy


def test_every_asset_that_the_viewer_names_is_served(client):
    names = re.findall(r'"docs/assets/([^"]*)"', client.get("/docs").text)

    assert len(names) >= 5
    for name in names:
        response = client.get(f"/docs/assets/{name}")
        assert response.status_code == 200
        assert response.data
        assert response.headers["Cache-Control"] == "public, max-age=3600"
        again = client.get(f"/docs/assets/{name}", headers={"If-None-Match": response.headers["ETag"]})
        assert again.status_code == 304


@pytest.mark.parametrize(
    "name", ["index.html", "LICENSE", "..%2Fpages.py", "%2e%2e/pages.py", "docs.js/", ""]
)
def test_no_other_file_is_served(client, name):
    assert client.get(f"/docs/assets/{name}").status_code == 404


@pytest.mark.parametrize("slug", PROBLEM_TYPES)
def test_every_problem_type_has_a_page_for_people_and_one_for_programs(client, slug):
    page = client.get(f"/problems/{slug}", headers={"Accept": "text/html"})
    data = client.get(f"/problems/{slug}", headers={"Accept": "application/json"})

    assert page.mimetype == "text/html"
    assert PROBLEM_TYPES[slug].remedy[:20] in page.text
    assert data.json["type"] == f"{PUBLIC_URL}/problems/{slug}"
    assert data.json["status"] == PROBLEM_TYPES[slug].status


def test_an_unknown_problem_type_is_not_found(client):
    assert client.get("/problems/nonsense").status_code == 404


def test_the_root_leads_to_the_documentation(client):
    response = client.get("/")

    assert (response.status_code, response.headers["Location"]) == (302, "docs")
