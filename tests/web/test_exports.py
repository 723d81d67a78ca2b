"""Works as files: which format, what the headers say, and errors that stay problems."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace

import pytest

from research_api.domain.errors import Unavailable
from research_api.domain.exports import EXPORT_FORMATS
from research_api.web import negotiation
from research_api.web.openapi import document
from tests.web.fakes import ANSWER, PUBLIC_URL, WORK, pointers
from tests.web.test_problems import assert_is_problem

FORMATS = sorted(EXPORT_FORMATS)
FIRST_CHARACTERS = {
    "bibtex": "@article{",
    "ris": "TY  - ",
    "csl": '[\n{"id":',
    "csv": "id,title,",
    "ndjson": '{"id":',
}
SEARCH = "/v1/search?q=x"
ONE_WORK = f"/v1/works/{WORK.id}"
IN_EVERY_WAY = [
    ("GET", SEARCH, {}, "search"),
    ("POST", "/v1/search", {"q": "x"}, "search"),
    ("GET", ONE_WORK, {}, WORK.id),
    ("POST", "/v1/works/batch", {"ids": [WORK.id, "pmid:1"]}, "works"),
]


def ask(client, method, path, body, *, name=None, accept=None):
    headers = {"Accept": accept} if accept else {}
    if method == "POST":
        return client.call(method, path, json={**body, **({"format": name} if name else {})}, headers=headers)
    query = f"{'&' if '?' in path else '?'}format={name}" if name else ""
    return client.call(method, path + query, headers=headers)


def media_type_of(name):
    return EXPORT_FORMATS[name].media_type


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(("method", "path", "body", "file_name"), IN_EVERY_WAY)
def test_works_come_as_a_file_of_the_named_format(client, name, method, path, body, file_name):
    response = ask(client, method, path, body, name=name, accept="text/html")

    suffix = EXPORT_FORMATS[name].file_suffix
    assert response.status_code == 200
    assert response.headers["Content-Type"] == f"{media_type_of(name)}; charset=utf-8"
    assert response.headers["Content-Disposition"] == f'attachment; filename="{file_name}.{suffix}"'
    assert response.headers["Vary"] == "Accept, Authorization, X-API-Key"
    assert response.text.startswith(FIRST_CHARACTERS[name])
    assert "Über die Relativität" in response.text.replace("{", "").replace("}", "")


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(("method", "path", "body", "file_name"), IN_EVERY_WAY)
def test_accept_gives_the_same_file_as_format(client, name, method, path, body, file_name):
    named = ask(client, method, path, body, name=name)
    accepted = ask(client, method, path, body, accept=f"text/html, {media_type_of(name)}")

    assert (accepted.status_code, accepted.data) == (200, named.data)
    assert accepted.headers["Content-Type"] == named.headers["Content-Type"]


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("text/csv, */*", "text/csv"),
        ("text/csv;q=0.5, */*;q=0.8", "application/json"),
        ("text/csv;q=0.5, application/x-bibtex;q=0.6", "application/x-bibtex"),
        ("application/json;q=0.2, application/x-ndjson;q=0.3", "application/x-ndjson"),
        ("application/json, text/csv", "application/json"),
        ("text/csv, application/json", "application/json"),
        ("text/csv;charset=utf-8", "text/csv"),
        ("text/csv;q=0, application/json;q=0.1", "application/json"),
        ("TEXT/CSV", "text/csv"),
    ],
)
@pytest.mark.parametrize(("method", "path", "body", "file_name"), IN_EVERY_WAY)
def test_accept_is_weighed(client, accept, media_type, method, path, body, file_name):
    response = ask(client, method, path, body, accept=accept)

    assert (response.status_code, response.mimetype) == (200, media_type)


@pytest.mark.parametrize("accept", ["application/pdf", "text/csv;q=0", "text/x-bibtex"])
@pytest.mark.parametrize(("method", "path", "body", "file_name"), IN_EVERY_WAY)
def test_what_is_not_made_is_a_problem(client, services, accept, method, path, body, file_name):
    assert_is_problem(ask(client, method, path, body, accept=accept), 406)
    assert_is_problem(ask(client, method, path, body, name="endnote"), 406)
    assert services.search.asked == []
    assert services.works.asked == []


@pytest.mark.parametrize("name", FORMATS)
def test_errors_stay_problems_whatever_was_asked_for(client, services, name):
    assert_is_problem(ask(client, "GET", "/v1/works/10.1002/none", {}, name=name), 404)
    assert_is_problem(ask(client, "GET", "/v1/search?q=x&colour=red", {}, accept=media_type_of(name)), 422)
    services.search.failure = Unavailable("Down.")
    assert_is_problem(ask(client, "GET", SEARCH, {}, name=name), 503)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("path", [SEARCH, ONE_WORK])
def test_a_file_that_the_caller_has_is_not_sent_again(client, services, path, name):
    etag = ask(client, "GET", path, {}, name=name).headers["ETag"]
    services.search.answer = replace(ANSWER, next_cursor="cursor-2")

    again = client.call("GET", path, headers={"Accept": media_type_of(name), "If-None-Match": etag})

    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == etag
    other = client.call("GET", path, headers={"If-None-Match": etag})
    assert other.status_code == 200, "JSON has another ETag"
    assert_is_problem(
        client.call("GET", path, headers={"Accept": media_type_of(name), "If-Match": '"x"'}), 412
    )


@pytest.mark.parametrize(
    "change", [{"total": 13}, {"complete": False}, {"next_cursor": None}, {"warnings": ()}]
)
def test_what_only_headers_say_counts_for_the_etag(client, services, change):
    before = ask(client, "GET", SEARCH, {}, name="csv").headers["ETag"]
    services.search.answer = replace(ANSWER, **change)

    assert ask(client, "GET", SEARCH, {}, name="csv").headers["ETag"] != before


def test_a_head_has_the_headers_of_the_file(client):
    request_id = {"X-Request-ID": "the-same-for-both"}
    got = client.call("GET", f"{ONE_WORK}?format=ris", headers=request_id)

    head = client.call("HEAD", f"{ONE_WORK}?format=ris", headers=request_id)

    assert (head.status_code, head.data) == (200, b"")
    assert dict(head.headers) | {"Date": ""} == dict(got.headers) | {"Date": ""}


@pytest.mark.parametrize(("method", "path", "body", "file_name"), IN_EVERY_WAY[:2])
def test_headers_say_what_a_file_has_no_room_for(client, method, path, body, file_name):
    headers = ask(client, method, path, body, name="csv").headers

    assert headers["X-Total-Count"] == "12"
    assert headers["X-Total-Relation"] == "gte"
    assert (headers["X-Complete"], headers["X-Degraded"]) == ("true", "false")
    assert headers["X-Sources"] == "catalog=ok, crossref=skipped"
    assert headers["X-Warnings"] == "hybrid_is_lexical"
    assert headers["X-Next-Cursor"] == "cursor-1"


def test_the_last_page_has_no_cursor_in_its_headers(client, services):
    services.search.answer = replace(ANSWER, next_cursor=None, warnings=(), complete=False, degraded=True)

    headers = ask(client, "GET", SEARCH, {}, name="ris").headers

    assert {"X-Next-Cursor", "X-Warnings"} & set(headers.keys()) == set()
    assert (headers["X-Complete"], headers["X-Degraded"]) == ("false", "true")


def test_json_keeps_its_headers(client):
    headers = client.call("GET", SEARCH).headers

    assert [name for name, _ in headers if name.startswith("X-Total") or name == "Content-Disposition"] == []


def test_the_next_link_of_a_file_leads_to_a_file(client):
    link = client.call("GET", f"{SEARCH}&format=csv&fields=title&limit=5").headers["Link"]

    assert link.startswith(f"<{PUBLIC_URL}/v1/search?limit=5&fields=title&format=csv&cursor=cursor-1>")
    response = client.call("GET", link[1:].partition(">")[0].removeprefix(PUBLIC_URL))
    assert response.mimetype == "text/csv"
    assert response.text.splitlines()[0] == "id,title"


def test_a_batch_says_how_many_are_missing(client):
    response = ask(client, "POST", "/v1/works/batch", {"ids": ["pmid:1", WORK.id, "pmid:2"]}, name="ndjson")

    assert response.headers["X-Missing-Count"] == "2"
    assert [json.loads(line)["id"] for line in response.text.splitlines()] == [WORK.id]


def test_a_line_of_ndjson_is_the_object_of_the_json_results(client):
    results = client.call("GET", SEARCH).json["results"]

    lines = ask(client, "GET", SEARCH, {}, name="ndjson").text.splitlines()

    assert [json.loads(line) for line in lines] == results


def test_fields_choose_members_and_columns(client):
    lines = client.call("GET", f"{SEARCH}&fields=year,title&format=ndjson").text.splitlines()
    rows = list(
        csv.reader(io.StringIO(client.call("GET", f"{SEARCH}&fields=year,open_access&format=csv").text))
    )

    assert list(json.loads(lines[0])) == ["id", "title", "year"]
    assert rows[0] == ["id", "year", "is_oa", "oa_url", "oa_license"]
    assert rows[1] == [WORK.id, "1905", "true", "https://example.org/free.pdf", "cc-by"]


@pytest.mark.parametrize("name", ["bibtex", "ris", "csl"])
def test_formats_that_choose_themselves_refuse_fields(client, services, name):
    got = client.call("GET", f"{SEARCH}&fields=title", headers={"Accept": media_type_of(name)})
    posted = client.call("POST", "/v1/search", json={"q": "x", "fields": ["title"], "format": name})

    assert_is_problem(got, 422)
    assert pointers(got) == pointers(posted) == ["/fields"]
    assert name in got.json["errors"][0]["detail"]
    assert services.search.asked == []


@pytest.mark.parametrize("name", FORMATS)
def test_facets_are_refused_where_they_have_no_room(client, services, name):
    response = client.call("GET", f"{SEARCH}&facets=year&format={name}")

    assert_is_problem(response, 422)
    assert pointers(response) == ["/facets"]
    assert services.search.asked == []


def test_a_retracted_work_says_so_in_every_format(client, services):
    retracted = replace(ANSWER.hits[0], work=replace(WORK, retracted=True))
    services.search.answer = replace(ANSWER, hits=(retracted,))
    texts = {name: ask(client, "GET", SEARCH, {}, name=name).text for name in FORMATS}

    rows = list(csv.DictReader(io.StringIO(texts["csv"])))
    assert "  note = {Retracted},\n" in texts["bibtex"]
    assert "N1  - Retracted\r\n" in texts["ris"]
    assert json.loads(texts["csl"])[0]["note"] == "Retracted"
    assert json.loads(texts["ndjson"])["retracted"] is True
    assert rows[0]["retracted"] == "true"


@pytest.mark.parametrize("name", FORMATS)
def test_no_results_are_a_file_too(client, services, name):
    services.search.answer = replace(ANSWER, hits=(), total=0, next_cursor=None)

    response = ask(client, "GET", SEARCH, {}, name=name)

    assert response.status_code == 200
    assert response.text.count("\n") <= 1
    assert response.headers["X-Total-Count"] == "0"


def test_text_that_utf_8_cannot_carry_does_not_fail(client, services):
    broken = replace(ANSWER.hits[0], work=replace(WORK, title="a\ud800b", abstract="c\udfffd"))
    services.search.answer = replace(ANSWER, hits=(broken,))

    for name in FORMATS:
        assert ask(client, "GET", SEARCH, {}, name=name).data.decode()


def test_the_document_lists_the_media_types_where_they_are_made(shared_app):
    made = {one.media_type for one in EXPORT_FORMATS.values()} | {"application/json"}
    endpoints = {}
    for rule in shared_app.url_map.iter_rules():
        path = re.sub(r"<\w+:id>", "{id}", rule.rule)
        endpoints |= {(path, method.lower()): rule.endpoint for method in rule.methods}

    listed = {
        endpoints[path, method]: set(operation["responses"]["200"]["content"])
        for path, item in document(shared_app, PUBLIC_URL)["paths"].items()
        for method, operation in item.items()
        if method in ("get", "post") and "content" in operation["responses"]["200"]
    }

    assert {endpoint for endpoint, types in listed.items() if types == made} == negotiation.EXPORTING
    assert all(
        types == {"application/json"} for end, types in listed.items() if end not in negotiation.EXPORTING
    )


def test_routes_that_answer_in_json_alone_are_not_asked_for_files(client):
    """The table says which do; a route that stands in it and makes no files would answer 406 to none."""
    assert client.call("GET", "/readyz", headers={"Accept": "text/csv"}).mimetype == "application/json"
    assert negotiation.EXPORTING.issubset(client.application.view_functions)
