"""Works get vectors in the background, are found by meaning, and are related to each other."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.system.figures import has_all_vectors, stats
from tests.system.running import System, wait_until

pytestmark = pytest.mark.services

# told in words that share none with the questions below
GLACIER = "Mountain ice sheets shrink quickly as mean temperatures increase"
TOOTH = "Enamel erosion in children who drink sweetened beverages"
RETREAT = "Retreat of alpine ice masses in a warming world"
BRIDGE = "Fatigue cracks of steel girders under heavy traffic loads"
QUESTION = "why do glaciers melt when climate warms"


def openalex(number: int, title: str, year: int, *references: int) -> dict[str, Any]:
    return {
        "id": f"https://openalex.org/W{number}",
        "title": title,
        "publication_year": year,
        "type": "article",
        "referenced_works": [f"https://openalex.org/W{one}" for one in references],
    }


@pytest.fixture(scope="module")
def embedded(system: System, tmp_path_factory: pytest.TempPathFactory) -> System:
    """The system with four works that all have their vectors, as far as the API and the command can tell."""
    path = tmp_path_factory.mktemp("in") / "works.jsonl"
    works = [
        openalex(7_000_000_001, GLACIER, 2011, 901, 902, 903),
        openalex(7_000_000_002, TOOTH, 2012, 902, 903, 904),
        openalex(7_000_000_003, BRIDGE, 2013),
        openalex(7_000_000_004, RETREAT, 2014, 990),
    ]
    path.write_text("".join(json.dumps(work) + "\n" for work in works))
    ended = system.flask("catalog", "import", str(path), "--json")
    assert (ended.code, json.loads(ended.out)["new"]) == (0, 4)
    wait_until(lambda: has_all_vectors(system), "vectors of all works")
    return system


def titles(answer: dict[str, Any]) -> list[str]:
    return [work["title"] for work in answer["results"]]


def test_every_work_has_a_vector_of_the_model_that_comes_with_it(embedded: System) -> None:
    figures = stats(embedded)

    assert figures["model"].startswith("bge-small-en-v1.5")
    assert figures["with_vector"] == figures["works"]
    [(rows,)] = embedded.query("SELECT count(*) FROM work_vectors")
    assert rows == figures["works"]


def test_a_question_finds_what_says_the_same_in_other_words(embedded: System) -> None:
    assert GLACIER not in titles(embedded.search(QUESTION, mode="lexical", limit=100))

    by_meaning = embedded.search(QUESTION, mode="vector", limit=5)
    by_both = embedded.search(QUESTION, mode="hybrid", limit=5)

    assert GLACIER in titles(by_meaning)[:3]
    assert GLACIER in titles(by_both)
    assert by_both["warnings"] == []
    assert (by_both["degraded"], by_both["complete"], by_both["total"]["relation"]) == (False, True, "gte")


def test_a_vector_list_is_in_the_order_of_its_cosines(embedded: System) -> None:
    scores = [work["score"] for work in embedded.search(QUESTION, mode="vector", limit=50)["results"]]

    assert scores == sorted(scores, reverse=True)
    assert all(-1.01 <= score <= 1.01 for score in scores)


@pytest.mark.parametrize(
    ("extra", "parameters", "is_retreat_left"),
    [
        ("NOT mountain", {}, True),
        ("year:2012-", {}, True),
        ("", {"year_from": 2012}, True),
        ("", {"type": "journal-article", "year_from": 2014}, True),
        ("author:nobody", {}, False),
        ("", {"type": "book"}, False),
        ("", {"min_citations": 1}, False),
    ],
)
@pytest.mark.parametrize("mode", ["vector", "hybrid"])
def test_filters_and_conditions_hold_for_what_is_found_by_meaning(
    embedded: System, mode: str, extra: str, parameters: dict[str, object], is_retreat_left: bool
) -> None:
    without = embedded.search(QUESTION, mode=mode, limit=100)
    answer = embedded.search(f"{QUESTION} {extra}".strip(), mode=mode, limit=100, **parameters)

    assert {GLACIER, RETREAT} <= set(titles(without))
    assert GLACIER not in titles(answer)
    assert (RETREAT in titles(answer)) is is_retreat_left


def test_case_width_and_blanks_change_nothing(embedded: System) -> None:
    plain, odd = QUESTION, "ＷＨＹ  do\u00a0Glaciers melt  when CLIMATE warms"

    for mode in ("vector", "hybrid"):
        assert titles(embedded.search(plain, mode=mode)) == titles(embedded.search(odd, mode=mode))


def test_pages_of_a_hybrid_list_have_no_gap_and_no_repeat(embedded: System) -> None:
    whole = [work["id"] for work in embedded.search("deep learning of structure", limit=100)["results"]]

    assert embedded.walk("deep learning of structure", 7)[: len(whole)] == whole
    assert len(whole) == len(set(whole)) > 7


def test_related_works_are_near_or_refer_to_the_same(embedded: System) -> None:
    answer = embedded.get("/v1/works/openalex:W7000000001/related?limit=100").json

    by_title = {one["work"]["title"]: one for one in answer["results"]}
    assert GLACIER not in by_title
    assert by_title[TOOTH]["shared_references"] == 2
    near = by_title[RETREAT]
    assert near["shared_references"] == 0
    # in a larger catalog it may be too far to be among the related ones at all
    bridge = by_title.get(BRIDGE)
    assert bridge is None or near["similarity"] > bridge["similarity"]
    scores = [one["score"] for one in answer["results"]]
    assert scores == sorted(scores, reverse=True)
    assert not answer["degraded"]


def test_related_works_of_a_work_that_is_not_there_are_not_found(embedded: System) -> None:
    assert embedded.get("/v1/works/openalex:W7999999999/related").status == 404
