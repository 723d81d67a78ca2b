"""`/v1/works`: ids with slashes, verbs that are reserved, and batches."""

from __future__ import annotations

import json

import pytest

from research_api.domain.errors import DatabaseUnavailable, SourcesUnavailable
from research_api.domain.record_bodies import RECORD_FIELDS
from research_api.domain.search import SourceOutcome, SourceReport
from research_api.services.edges import EdgeWish
from tests.web.fakes import WORK

DOI = "10.1002/andp.19053221004"


@pytest.mark.parametrize(
    "path",
    [WORK.id, DOI, DOI.replace("/", "%2F"), f"doi:{DOI}", "doi%3A" + DOI.replace("/", "%2f"), DOI.upper()],
)
def test_a_work_is_found_by_any_spelling_of_its_reference(client, path):
    response = client.call("GET", f"/v1/works/{path}")

    assert response.status_code == 200
    assert response.json["id"] == WORK.id


def test_a_work_alone_has_every_field_in_order_and_the_sources_that_told_of_it(client):
    body = json.loads(client.call("GET", f"/v1/works/{WORK.id}").data)

    assert list(body) == list(RECORD_FIELDS)
    assert body["sources"] == [{"name": "crossref", "rank": None, "id": DOI}]
    assert (body["score"], body["matches"], body["provenance"]) == (None, [], {"title": "crossref"})
    assert body["authors"][1] == {"name": "M. Grossmann", "orcid": None}


def test_slashes_in_a_row_belong_to_the_reference(client, services):
    client.call("GET", "/v1/works/10.1002/a//b")

    assert services.works.asked == ["10.1002/a//b"]


def test_an_unknown_work_is_not_found(client):
    response = client.call("GET", "/v1/works/10.1002/unknown")

    assert response.status_code == 404
    assert response.json["detail"] == "No work with this identifier is known here."


@pytest.mark.parametrize("path", ["https://doi.org/10.1002/x", "nonsense", "w_tooshort", "pmid:0", "%20"])
def test_what_is_no_identifier_is_refused_with_a_pointer(client, path):
    response = client.call("GET", f"/v1/works/{path}")

    assert response.status_code == 422
    assert [error["pointer"] for error in response.json["errors"]] == ["/id"]


def test_a_zero_character_never_reaches_the_service(client, services):
    """Postgres cannot keep U+0000, and `local:` identifiers take nearly any character."""
    response = client.call("GET", "/v1/works/local:x:%00")

    assert response.status_code == 400
    assert services.works.asked == []


@pytest.mark.parametrize(
    "path",
    ["references", "citations", "related"],
)
def test_a_verb_without_a_work_is_no_route(client, services, path):
    response = client.call("GET", f"/v1/works/{path}")

    assert response.status_code == 404
    assert services.works.asked == []


@pytest.mark.parametrize("reference", [WORK.id, DOI, DOI.replace("/", "%2F"), f"doi:{DOI}"])
def test_related_works_come_with_their_reasons(client, services, reference):
    response = client.call("GET", f"/v1/works/{reference}/related?limit=7")

    assert response.status_code == 200
    assert response.json["id"] == WORK.id
    [result] = response.json["results"]
    assert (result["work"]["id"], result["score"], result["similarity"]) == ("w_bbbbbbbbbbbb", 0.25, None)
    assert (result["shared_references"], response.json["degraded"]) == (3, True)
    assert [one["code"] for one in response.json["warnings"]] == ["no_vector"]
    assert [limit for _, limit in services.related.asked] == [7]


def test_related_works_have_an_etag(client):
    first = client.call("GET", f"/v1/works/{WORK.id}/related")

    again = client.call(
        "GET", f"/v1/works/{WORK.id}/related", headers={"If-None-Match": first.headers["ETag"]}
    )

    assert again.status_code == 304


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{WORK.id}/related?limit=0", 422),
        (f"{WORK.id}/related?limit=101", 422),
        (f"{WORK.id}/related?colour=red", 422),
        ("nonsense/related", 422),
        ("pmid:1/related", 404),
    ],
)
def test_related_works_of_nothing_or_too_many_are_refused(client, path, status):
    assert client.call("GET", f"/v1/works/{path}").status_code == status


@pytest.mark.parametrize(
    ("sent", "seconds"), [("", 4.0), ("?deadline_ms=200", 0.2), ("?deadline_ms=15000", 15.0)]
)
def test_a_look_up_has_the_time_that_was_asked(client, services, sent, seconds):
    assert client.call("GET", f"/v1/works/{WORK.id}{sent}").status_code == 200
    assert services.works.seconds == seconds


@pytest.mark.parametrize("verb", ["", "/references", "/citations"])
@pytest.mark.parametrize("value", ["199", "15001", "fast", ""])
def test_another_time_is_refused(client, services, verb, value):
    response = client.call("GET", f"/v1/works/{WORK.id}{verb}?deadline_ms={value}")

    assert response.status_code == 422
    assert [error["pointer"] for error in response.json["errors"]] == ["/deadline_ms"]
    assert services.works.asked == services.edges.asked == []


def test_a_work_that_a_dead_source_may_have_is_no_unknown_work(client, services):
    services.works.failure = SourcesUnavailable("These sources did not answer: crossref. Try again.")

    for path in (DOI, f"{DOI}/references", f"{DOI}/citations"):
        response = client.call("GET", f"/v1/works/{path}")

        assert response.status_code == 503
        assert response.json["type"].endswith("/problems/sources-unavailable")
        assert "crossref" in response.json["detail"]
        assert response.headers["Retry-After"]


@pytest.mark.parametrize("verb", ["references", "citations"])
@pytest.mark.parametrize("reference", [WORK.id, DOI, DOI.replace("/", "%2F"), f"doi:{DOI}"])
def test_edges_come_with_what_each_source_did(client, services, verb, reference):
    response = client.call(
        "GET", f"/v1/works/{reference}/{verb}?limit=7&sources=catalog,openalex&deadline_ms=900"
    )

    assert response.status_code == 200
    assert [work["id"] for work in response.json["results"]] == ["w_bbbbbbbbbbbb"]
    assert {name: value for name, value in response.json.items() if name != "results"} == {
        "id": WORK.id,
        "unresolved": ["doi:10.1000/unknown"],
        "total": {"value": 31, "relation": "gte"},
        "sources": [
            {"name": "catalog", "outcome": "ok", "count": 2, "latency_ms": 1},
            {"name": "openalex", "outcome": "timeout", "count": 0, "latency_ms": 4_000},
        ],
        "complete": False,
        "degraded": True,
        "warnings": [{"code": "no_identifier", "detail": "No source could be asked."}],
    }
    [(asked, _, wish)] = services.edges.asked
    assert (asked, wish) == (verb, EdgeWish(7, 0.9, ("catalog", "openalex")))


def test_edges_are_asked_of_the_default_sources_for_four_seconds(client, services):
    client.call("GET", f"/v1/works/{WORK.id}/references")

    assert [wish for _, _, wish in services.edges.asked] == [EdgeWish(25, 4.0)]


@pytest.mark.parametrize("verb", ["references", "citations"])
def test_edges_have_an_etag_that_does_not_tell_how_long_it_took(client, verb):
    path = f"/v1/works/{WORK.id}/{verb}"
    first = client.call("GET", path)

    again = client.call("GET", path, headers={"If-None-Match": first.headers["ETag"]})

    assert again.status_code == 304


@pytest.mark.parametrize("verb", ["references", "citations"])
@pytest.mark.parametrize(
    ("reference", "sent", "status"),
    [
        (WORK.id, "?limit=0", 422),
        (WORK.id, "?limit=101", 422),
        (WORK.id, "?cursor=x", 422),
        (WORK.id, "?sources=unpaywall", 422),
        (WORK.id, "?sources=opencitations,core", 200),
        ("https://doi.org/10.1002/x", "", 422),
        ("nonsense", "", 422),
        ("pmid:1", "", 404),
    ],
)
def test_edges_of_nothing_or_too_many_are_refused(client, verb, reference, sent, status):
    assert client.call("GET", f"/v1/works/{reference}/{verb}{sent}").status_code == status


def test_an_unknown_parameter_is_refused(client):
    response = client.call("GET", f"/v1/works/{WORK.id}?colour=red")

    assert response.status_code == 422
    assert [error["pointer"] for error in response.json["errors"]] == ["/colour"]


def test_a_batch_gives_what_is_found_and_names_what_is_missing(client):
    response = client.call("POST", "/v1/works/batch", json={"ids": ["pmid:3", WORK.id]})

    assert response.status_code == 200
    assert list(json.loads(response.data)) == ["results", "missing", "sources", "complete", "degraded"]
    assert [work["id"] for work in response.json["results"]] == [WORK.id]
    assert response.json["missing"] == ["pmid:3"]
    assert (response.json["sources"], response.json["complete"], response.json["degraded"]) == (
        [],
        True,
        False,
    )


def test_a_batch_tells_who_did_not_answer(client, services):
    services.works.reports = (
        SourceReport("crossref", SourceOutcome.TIMEOUT, 0, 4_000),
        SourceReport("openalex", SourceOutcome.OK, 1, 120, "doi:10.1000/1"),
    )

    response = client.call("POST", "/v1/works/batch", json={"ids": ["pmid:3"], "deadline_ms": 1_500})

    assert response.json["sources"] == [
        {"name": "crossref", "outcome": "timeout", "count": 0, "latency_ms": 4_000},
        {"name": "openalex", "outcome": "ok", "count": 1, "latency_ms": 120},
    ]
    assert (response.json["complete"], response.json["degraded"]) == (False, True)
    assert services.works.seconds == 1.5


def test_a_batch_as_a_file_tells_it_in_headers(client, services):
    services.works.reports = (SourceReport("crossref", SourceOutcome.ERROR, 0, 4),)

    headers = client.call("POST", "/v1/works/batch", json={"ids": ["pmid:3"], "format": "csv"}).headers

    assert (headers["X-Missing-Count"], headers["X-Sources"]) == ("1", "crossref=error")
    assert (headers["X-Complete"], headers["X-Degraded"]) == ("false", "true")


def test_a_work_stands_once_for_each_reference_that_names_it(client, services):
    """And the document says so. Which references are one is for the service to tell."""
    doi = WORK.identifiers["doi"]

    response = client.call("POST", "/v1/works/batch", json={"ids": [WORK.id, doi, "pmid:3", WORK.id]})

    assert services.works.asked == [WORK.id, doi, "pmid:3", WORK.id]
    assert [work["id"] for work in response.json["results"]] == [WORK.id, WORK.id]
    told = client.get("/openapi.json").json["paths"]["/v1/works/batch"]["post"]["description"]
    told = " ".join(told.split())
    assert "The same reference twice gives one result; two references to one work give it twice." in told


def test_a_batch_takes_five_hundred_references(client, services):
    references = [f"pmid:{number}" for number in range(1, 501)]

    assert client.call("POST", "/v1/works/batch", json={"ids": references}).status_code == 200
    assert services.works.asked == references


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/ids"),
        ({"ids": []}, "/ids"),
        ({"ids": "pmid:1"}, "/ids"),
        ({"ids": ["pmid:1"] * 501}, "/ids"),
        ({"ids": ["pmid:1", 2]}, "/ids/1"),
        ({"ids": ["pmid:1", ""]}, "/ids/1"),
        ({"ids": ["local:a:\x00"]}, "/ids/0"),
        ({"ids": ["x" * 1_001]}, "/ids/0"),
        ({"ids": ["pmid:1"], "fields": ["title"]}, "/fields"),
        ({"ids": ["pmid:1"], "deadline_ms": 199}, "/deadline_ms"),
        ({"ids": ["pmid:1"], "deadline_ms": 15_001}, "/deadline_ms"),
        ({"ids": ["pmid:1"], "deadline_ms": "900"}, "/deadline_ms"),
    ],
)
def test_a_bad_batch_is_pointed_to(client, services, body, pointer):
    response = client.call("POST", "/v1/works/batch", json=body)

    assert response.status_code == 422
    assert [error["pointer"] for error in response.json["errors"]] == [pointer]
    assert services.works.asked == []


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/works/batch", {"POST", "OPTIONS"}),
        ("DELETE", "/v1/works/batch", {"POST", "OPTIONS"}),
        ("POST", f"/v1/works/{DOI}", {"GET", "HEAD", "OPTIONS"}),
        ("PUT", "/v1/search", {"GET", "HEAD", "POST", "OPTIONS"}),
    ],
)
def test_another_method_is_told_the_allowed_ones(client, method, path, allowed):
    response = client.call(method, path)

    assert response.status_code == 405
    assert set(response.headers["Allow"].split(", ")) == allowed


def test_a_database_that_is_away_is_worth_another_try(client, services):
    services.works.failure = DatabaseUnavailable("The database does not answer.")

    response = client.call("GET", f"/v1/works/{WORK.id}")

    assert response.status_code == 503
    assert response.headers["Retry-After"] == str(response.json["retry_after_seconds"])
