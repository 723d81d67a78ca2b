"""The replays refuse what the real APIs refuse."""

from __future__ import annotations

import json

import pytest

from tests.replay.crossref import CrossrefReplay
from tests.replay.found import replay_classes, replays_over
from tests.replay.openalex import OpenAlexReplay
from tests.replay.protocol import Answered, Asked
from tests.replay.shelf import words_of
from tests.replay.works import SOURCES, sample_works

WORKS = sample_works(60)


def ask_openalex(path: str = "/works", **params: str) -> Answered:
    return OpenAlexReplay(WORKS).answer(Asked("GET", path, {name: [value] for name, value in params.items()}))


def ask_crossref(path: str = "/works", **params: str) -> Answered:
    return CrossrefReplay(WORKS).answer(Asked("GET", path, {name: [value] for name, value in params.items()}))


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"per_page": "101"}, 400),
        ({"per_page": "0"}, 400),
        ({"page": "101", "per_page": "100"}, 400),
        ({"rows": "5"}, 400),
        ({"select": "id,type_crossref"}, 400),
        ({"filter": "author_name:smith"}, 400),
        ({"filter": "doi:" + "|".join(f"10.5555/{number}" for number in range(101))}, 400),
        ({"sort": "title"}, 400),
        ({"search": "a OR b OR c OR d OR e OR f OR g"}, 429),
        ({"search": "word " * 1_000}, 414),
        ({"search": "(word"}, 400),
    ],
)
def test_openalex_refuses(params: dict[str, str], status: int) -> None:
    answer = ask_openalex(**params)

    assert answer.status == status
    assert json.loads(answer.body)["error"]


def test_openalex_says_in_html_that_a_work_is_unknown() -> None:
    answer = ask_openalex("/works/doi:10.5555%2Fnobody")

    assert (answer.status, answer.headers["Content-Type"]) == (404, "text/html; charset=utf-8")


def test_openalex_pages_through_all_works_once() -> None:
    pages = [json.loads(ask_openalex(per_page="20", page=str(page)).body) for page in (1, 2, 3, 4)]

    ids = [work["id"] for page in pages for work in page["results"]]
    assert len(set(ids)) == len(ids) == pages[0]["meta"]["count"] > 40


@pytest.mark.parametrize(
    ("params", "kind"),
    [
        ({"rows": "1001"}, "integer-not-valid"),
        ({"rows": "things"}, "integer-not-valid"),
        ({"filter": "is-oa:true"}, "filter-not-available"),
        ({"select": "DOI,published-other"}, "select-not-available"),
        ({"sort": "title"}, "parameter-not-allowed"),
        ({"search": "fish"}, "parameter-not-allowed"),
    ],
)
def test_crossref_refuses(params: dict[str, str], kind: str) -> None:
    answer = ask_crossref(**params)

    assert answer.status == 400
    assert json.loads(answer.body)["message"][0]["type"] == kind


def test_crossref_says_in_plain_text_that_a_work_is_unknown() -> None:
    answer = ask_crossref("/works/10.5555%2Fnobody")

    assert (answer.status, answer.headers["Content-Type"], answer.body) == (
        404,
        "text/plain",
        b"Resource not found.",
    )


def test_a_single_work_of_crossref_takes_no_parameters_of_searches() -> None:
    assert ask_crossref("/works/10.5555%2Fsample.000001", select="DOI").status == 400


def test_replays_are_found_by_their_modules() -> None:
    assert {"openalex", "crossref"} <= set(replay_classes()) <= set(SOURCES)
    assert set(replays_over(WORKS, "crossref")) == {"crossref"}


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ('"{first} {second}"', True),
        ('"{second} {first}"', False),
        ("{first} absentword", False),
        ("{first} OR absentword", True),
        ("title:{first}", True),
        ("", True),
    ],
)
def test_openalex_understands_the_language_of_words(query: str, is_found: bool) -> None:
    work = next(one for one in WORKS if "openalex" in one.held_by)
    first, second = words_of(work.title)[:2]

    answer = ask_openalex(search=query.format(first=first, second=second), per_page="100")

    found = [one["id"] for one in json.loads(answer.body)["results"]]
    assert (f"https://openalex.org/{work.openalex}" in found) is is_found
