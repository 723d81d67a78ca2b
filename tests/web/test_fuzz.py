"""No parameter, body or path makes the service fail; what is taken reaches the service well-formed."""

from __future__ import annotations

import json
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from research_api.domain.exports import EXPORT_FORMATS
from research_api.domain.record_bodies import RECORD_FIELDS
from research_api.domain.search import FACETS, MAX_PAGE, SOURCE_NAMES, SearchRequest
from research_api.domain.works import WORK_TYPES
from tests.web.conftest import make_app
from tests.web.fakes import FakeServices, as_parameter

FILE_TYPES = {one.media_type for one in EXPORT_FORMATS.values()}
SERVICES = FakeServices()
CLIENT = make_app(SERVICES).test_client()
FUZZED = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
likely = st.sampled_from(
    [
        "",
        "10",
        "1e2",
        "true",
        "-1",
        "strict",
        "vector",
        "catalog",
        "catalog,arxiv",
        "newest",
        "title",
        "json",
        "csv",
        "bibtex",
        "\x00",
    ]
)
names = st.sampled_from(
    [
        "q", "mode", "sources", "year_from", "year_to", "type", "open_access", "min_citations",
        "exclude_retracted", "sort", "limit", "cursor", "fields", "facets", "format", "colour",
    ]
)  # fmt: skip
well_formed = st.fixed_dictionaries(
    {
        "q": st.text(
            st.characters(exclude_characters="\x00", exclude_categories=["Cs", "Mn", "Me", "Mc"]), min_size=1
        )
    },
    optional={
        "mode": st.sampled_from(["hybrid", "lexical"]),
        "sources": st.lists(st.sampled_from(SOURCE_NAMES), max_size=4),
        "type": st.lists(st.sampled_from(sorted(WORK_TYPES)), max_size=4),
        "year_from": st.integers(0, 1999),
        "year_to": st.integers(1999, 9999),
        "open_access": st.booleans(),
        "min_citations": st.integers(0, 10**9),
        "exclude_retracted": st.booleans(),
        "sort": st.sampled_from(["relevance", "newest", "most_cited"]),
        "limit": st.integers(1, MAX_PAGE),
        "format": st.sampled_from(["json", "csv", "ndjson"]),
        "fields": st.lists(st.sampled_from(RECORD_FIELDS), max_size=4),
        "facets": st.lists(st.sampled_from(FACETS), max_size=4),
    },
).filter(lambda body: not body.get("facets") or body.get("format", "json") == "json")


def refuse(name):
    raise AssertionError(f"{name} is not JSON")


def assert_is_sound(response):
    """Well-formed JSON without NaN, or a file that was asked for, and never a failure of ours."""
    if response.mimetype in FILE_TYPES:
        assert response.status_code == 200
        assert response.data.decode()
        return
    body = json.loads(response.data, parse_constant=refuse)
    assert response.status_code in {200, 400, 404, 405, 406, 410, 422}
    assert response.status_code == 200 or body["status"] == response.status_code
    assert response.status_code != 422 or body["errors"]


@FUZZED
@given(st.lists(st.tuples(names, likely | st.text(st.characters(exclude_categories=["Cs"]))), max_size=6))
def test_no_parameters_make_a_search_fail(parameters):
    assert_is_sound(CLIENT.call("GET", "/v1/search?" + urlencode(parameters)))


@FUZZED
@given(st.binary(max_size=60))
def test_no_bytes_of_an_address_make_a_search_fail(raw):
    text = raw.decode("latin-1")
    assert_is_sound(CLIENT.call("GET", "/v1/search", environ_overrides={"QUERY_STRING": text}))


@FUZZED
@given(st.dictionaries(names | st.text(), likely | anything, max_size=6))
def test_no_members_make_a_search_fail(body):
    raw = json.dumps(body)
    assert_is_sound(CLIENT.call("POST", "/v1/search", data=raw, content_type="application/json"))


@FUZZED
@given(st.binary(max_size=60) | anything.map(lambda value: json.dumps(value).encode()))
def test_no_body_makes_a_route_fail(raw):
    for path in ("/v1/search", "/v1/works/batch"):
        assert_is_sound(CLIENT.call("POST", path, data=raw, content_type="application/json"))


@pytest.mark.slow
@FUZZED
@given(st.lists(likely | anything, max_size=5))
def test_no_references_make_a_batch_fail(references):
    raw = json.dumps({"ids": references})
    assert_is_sound(CLIENT.call("POST", "/v1/works/batch", data=raw, content_type="application/json"))


@FUZZED
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_no_reference_makes_a_work_fail(reference):
    assert_is_sound(CLIENT.call("GET", "/v1/works/" + quote(reference, safe="/:")))


@FUZZED
@given(well_formed)
def test_what_is_well_formed_is_taken_the_same_way_by_get_and_post(body):
    SERVICES.search.asked.clear()
    texts = {name: as_parameter(value) for name, value in body.items() if value != []}

    statuses = (
        CLIENT.call("POST", "/v1/search", json=body).status_code,
        CLIENT.call("GET", "/v1/search?" + urlencode(texts)).status_code,
    )

    posted, got = SERVICES.search.asked
    assert statuses == (200, 200)
    assert posted == got
    assert isinstance(got["request"], SearchRequest)
