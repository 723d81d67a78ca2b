"""The replay refuses what Semantic Scholar refuses, in its own words where they are recorded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.providers.recordings import called
from tests.replay.protocol import Asked
from tests.replay.semanticscholar import MAX_BATCH, REFUSED_KEY, SemanticScholarReplay
from tests.replay.works import sample_works

WORKS = sample_works(200)
REPLAY = SemanticScholarReplay(WORKS)
SEARCH, BULK, BATCH = "/paper/search", "/paper/search/bulk", "/paper/batch"
KNOWN = next(work for work in WORKS if "semanticscholar" in work.held_by)
EDGES = f"/paper/{KNOWN.s2}/citations"


def ask(path: str, *, body: bytes = b"", key: str = "", **params: str) -> tuple[int, Any]:
    method = "POST" if body else "GET"
    headers = {"x-api-key": key} if key else {}
    answer = REPLAY.answer(
        Asked(method, path, {name: [text] for name, text in params.items()}, headers, body)
    )
    return answer.status, json.loads(answer.body)


@pytest.mark.parametrize(
    ("path", "params"),
    [
        (SEARCH, {}),
        (SEARCH, {"query": "we", "limit": "101"}),
        (SEARCH, {"query": "we", "limit": "100", "offset": "901"}),
        (SEARCH, {"query": "we", "sort": "citationCount"}),
        (SEARCH, {"query": "we", "year": "2010-2012-2014"}),
        (SEARCH, {"query": "we", "publicationTypes": "Paper"}),
        (SEARCH, {"query": "we", "openAccessPdf": "true"}),
        (SEARCH, {"query": "we", "fields": "title, year"}),
        (BULK, {}),
        (BULK, {"query": "(we"}),
        (BULK, {"query": "we", "sort": "title:asc"}),
        (BULK, {"query": "we", "fields": "references.title"}),
        (EDGES, {"limit": "1001"}),
        (EDGES, {"fields": "references.title"}),
    ],
)
def test_a_request_that_the_page_does_not_allow_is_a_400(path: str, params: dict[str, str]) -> None:
    status, body = ask(path, **params)

    assert status == 400
    assert body["error"]


def test_a_batch_takes_500_ids_and_tells_when_it_knows_none() -> None:
    def batch(*names: str) -> tuple[int, Any]:
        return ask(BATCH, body=json.dumps({"ids": names}).encode())

    assert batch(*["x"] * (MAX_BATCH + 1))[0] == 400
    assert batch("DOI:10.5555/nobody") == (400, {"error": "No valid paper ids given"})
    assert batch("x", KNOWN.s2) == (200, [None, {"paperId": KNOWN.s2, "title": KNOWN.title}])
    assert ask(BATCH, body=b"[]")[0] == 400


def test_pages_follow_each_other_to_the_end() -> None:
    first, second = (ask(SEARCH, query="we", limit="60", offset=offset)[1] for offset in ("0", "60"))

    assert first["next"] == 60
    assert not {one["paperId"] for one in first["data"]} & {one["paperId"] for one in second["data"]}
    assert len(first["data"]) + len(second["data"]) == min(120, first["total"])
    assert ask(SEARCH, query="xyzzy") == (200, {"total": 0, "offset": 0})


def test_recorded_refusals_are_said_in_the_same_words(shared_data: Path) -> None:
    recorded = {one.status: one.json for one in called(shared_data, "semanticscholar", refused=True)}

    assert ask(SEARCH, query="we", fields="unknown") == (400, recorded[400])
    assert ask(SEARCH, query="we", key=REFUSED_KEY) == (403, recorded[403])
    assert ask("/paper/0/citations") == (404, recorded[404])


def test_recorded_answers_have_the_same_members(shared_data: Path) -> None:
    recorded = {
        one.url.split("?")[0].rsplit("/", 1)[-1]: one.json for one in called(shared_data, "semanticscholar")
    }

    for name, path, params in (
        ("search", SEARCH, {"query": "we", "limit": "5"}),
        ("bulk", BULK, {"query": "we"}),
        ("citations", EDGES, {"limit": "1"}),
    ):
        members = set(recorded[name])
        assert members - {"next"} == set(ask(path, **params)[1]) - {"next"}
