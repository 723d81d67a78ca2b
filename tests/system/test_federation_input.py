"""Whatever people search for: never a fault of ours, and never a request that a source would refuse."""

from __future__ import annotations

import json

import pytest

from tests.system.federating import ASKED, GOOD, Federation, outcomes
from tests.system.running import ask

pytestmark = pytest.mark.services
EVERYONE = [*ASKED, "core"]
LONG = ("reefs and lakes, " * 240)[:4_000]
TEXTS = {
    "as long as may be": LONG,
    "one long word": "a" * 4_000,
    "controls": "reef\u0001s\u0007 \u001b[31mlake\u0085\u200b\u202e",
    "tabs and lines": "reefs\t\r\nlakes\u2028sediments",
    "syntax of Lucene": 'title:foo^2 +bar -baz ~2 /re.*/ {a TO b] field\\:x && || ! "open (unclosed [1 TO *}',
    "brackets": "((((((reefs))))) [imaging] {lake} <tag>",
    "signs alone": '!@#$%^&*()_+-=[]{}|;:",./<>?',
    "NOT alone": "NOT reefs NOT imaging",
    "NOT of a field": "NOT title:reefs",
    "OR of many": " OR ".join(f"word{number}" for number in range(40)),
    "AND of many": " AND ".join(f"word{number}" for number in range(40)),
    "deeply nested": "(" * 60 + "reefs" + ")" * 60,
    "a DOI": "10.5555/sample.000004",
    "a DOI with signs": "10.1002/(SICI)1097-4571(199806)49:8<693::AID-ASI4>3.0.CO;2-O",
    "an URL": "https://doi.org/10.5555/sample.000004",
    "an URL of a page": "http://127.0.0.1:22/latest/meta-data?x=1&y=2#z",
    "an arXiv id": "arXiv:2101.00001v2",
    "fields": 'author:"Ada Abara" venue:Letters year:2001-2010 title:(reefs OR lake)',
    "a year alone": "year:2001",
    "a prefix": "imag* AND title:reef*",
    "a prefix of one letter": "a*",
    "a phrase with signs": '"reefs & lakes: (a) b/c"',
    "other scripts": "珊瑚礁 озеро البحيرات 🐟 Ｗｉｄｅ",
    "percent and plus": "100%25 c++ a&b=c;d#e",
    "operators as words": "and or not AND",
    "quotes": "o'neill \"\" ''",
    "a backslash at the end": "reefs\\",
    "combining marks": "e\u0301" * 500,
}


@pytest.mark.parametrize("mode", ["hybrid", "strict"])
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_no_text_is_a_fault_of_ours_or_a_refused_request(
    federation: Federation, text: str, mode: str
) -> None:
    before = federation.refusals()
    body = {"q": text, "mode": mode, "sources": EVERYONE, "deadline_ms": 15_000}

    answer = federation.system.post("/v1/search", body)

    assert federation.refusals() == before
    assert answer.status in ({200, 422} if mode == "strict" else {200}), answer.body
    if answer.status == 200:
        assert set(outcomes(answer.json).values()) <= GOOD
        json.dumps(answer.json, allow_nan=False)


def test_an_identifier_is_looked_up_by_those_that_can(federation: Federation) -> None:
    work = next(
        one for one in federation.works if one.doi and {"crossref", "openalex", "pubmed"} <= one.held_by
    )

    body = federation.found(f"https://doi.org/{work.doi}", limit=5)

    assert body["results"][0]["identifiers"]["doi"] == work.doi
    assert {"crossref", "openalex"} <= {place["name"] for place in body["results"][0]["sources"]}


@pytest.mark.parametrize(
    "parameters",
    [
        {"sources": "nowhere"},
        {"sources": "crossref,unpaywall"},
        {"deadline_ms": 199},
        {"deadline_ms": 15_001},
        {"deadline_ms": "soon"},
        {"fresh": "perhaps"},
        {"base_url": "http://127.0.0.1"},
    ],
)
def test_what_is_not_understood_is_refused_and_asks_nobody(
    federation: Federation, parameters: dict[str, object]
) -> None:
    answer = federation.ask(federation.text(), **parameters)

    assert (answer.status, answer.headers["content-type"]) == (422, "application/problem+json")
    assert federation.counts() == {}


def test_a_source_that_is_off_by_default_can_be_asked_by_name(federation: Federation) -> None:
    body = federation.found(federation.text(), sources="core")

    assert outcomes(body).keys() == {"core"}
    assert federation.counts() == {"core": 1}


def test_a_caller_that_is_not_known_makes_us_ask_nobody(federation: Federation) -> None:
    assert ask(f"{federation.system.url}/v1/search?q=reefs").status == 401
    assert federation.counts() == {}
