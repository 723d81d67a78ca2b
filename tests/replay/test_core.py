"""The replay refuses what CORE refuses, as its documentation says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.replay.core import MAX_PAGE, REFUSED_KEY, CoreReplay
from tests.replay.protocol import Asked
from tests.replay.works import sample_works

WORKS = sample_works(200)
REPLAY = CoreReplay(WORKS)
HELD = [work for work in WORKS if "core" in work.held_by]


def ask(body: object, *, key: str = "") -> tuple[int, Any]:
    headers = {"authorization": f"Bearer {key}"}
    answer = REPLAY.answer(Asked("POST", "/search/works", {}, headers, json.dumps(body).encode()))
    return answer.status, json.loads(answer.body)


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"q": "we", "limit": MAX_PAGE + 1},
        {"q": "we", "limit": 0},
        {"q": "we", "sort": "citations"},
        {"q": "we", "page": 2},
    ],
)
def test_a_search_that_the_page_does_not_allow_is_a_400(body: object) -> None:
    status, answered = ask(body)

    assert status == 400
    assert answered["message"]


def test_a_wrong_key_and_a_wrong_path_are_refused() -> None:
    assert ask({"q": "we"}, key=REFUSED_KEY)[0] == 401
    assert REPLAY.answer(Asked("GET", "/search/articles")).status == 404


def test_full_texts_come_unless_they_are_left_out() -> None:
    assert "fullText" in ask({"q": "we"})[1]["results"][0]
    assert "fullText" not in ask({"q": "we", "exclude": ["fullText"]})[1]["results"][0]


def test_pages_follow_each_other() -> None:
    first, second = (ask({"q": "we", "limit": 10, "offset": offset})[1]["results"] for offset in (0, 10))

    assert len({work["id"] for work in [*first, *second]}) == 20


def test_fields_are_searched_and_unknown_ones_find_nothing() -> None:
    work = next(work for work in HELD if work.doi)

    assert [one["id"] for one in ask({"q": f'doi:"{work.doi}"'})[1]["results"]] == [work.core]
    assert ask({"q": "venue:letters"})[1]["totalHits"] == 0
