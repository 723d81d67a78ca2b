"""`/v1/works`: ids with slashes, verbs that are reserved, and batches."""

from __future__ import annotations

import json

import pytest

from research_api.domain.errors import DatabaseUnavailable
from research_api.domain.record_bodies import RECORD_FIELDS
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
    [f"{lead}{verb}" for lead in ("", f"{DOI}/", "w_aaaaaaaaaaaa/") for verb in ("references", "citations")]
    + ["related"],
)
def test_reserved_verbs_are_not_there_yet(client, services, path):
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


def test_an_unknown_parameter_is_refused(client):
    response = client.call("GET", f"/v1/works/{WORK.id}?colour=red")

    assert response.status_code == 422
    assert [error["pointer"] for error in response.json["errors"]] == ["/colour"]


def test_a_batch_gives_what_is_found_and_names_what_is_missing(client):
    response = client.call("POST", "/v1/works/batch", json={"ids": ["pmid:3", WORK.id]})

    assert response.status_code == 200
    assert list(json.loads(response.data)) == ["results", "missing"]
    assert [work["id"] for work in response.json["results"]] == [WORK.id]
    assert response.json["missing"] == ["pmid:3"]


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
