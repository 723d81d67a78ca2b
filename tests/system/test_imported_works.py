"""What was imported can be found within seconds, with proof, and fetched by every name it has."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.system.records import DOI, ODD, ODD_ID, lines, plain, write_gzip
from tests.system.running import System, wait_until

pytestmark = pytest.mark.services
NAME = "marsupials"


@pytest.fixture(scope="module")
def marsupials(system: System, tmp_path_factory: pytest.TempPathFactory) -> System:
    """The system with the collection in it."""
    path = write_gzip(tmp_path_factory.mktemp("in") / "m.gz", [*plain("quokka", 300), *ODD])
    ended = system.flask("catalog", "import", path, "--namespace", NAME, "--no-wait")
    assert (ended.code, ended.out.split(" = ")[1].split()[0]) == (0, str(300 + len(ODD)))
    wait_until(
        lambda: system.search("quokka OR bandicoot", mode="strict")["total"]["value"] == 301, "all found"
    )
    return system


def folded(text: str) -> str:
    """Case, width and marks away, by another way than the service takes."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in decomposed if not unicodedata.combining(one))


def proved(work: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Field and words of each match, cut out of the returned strings as a client does it."""
    for match in work["matches"]:
        yield match["field"], folded(work[match["field"]][match["start"] : match["end"]])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("axolotl AND folding", [("title", "axolotl"), ("title", "folding")]),
        ("title:genome AND cafes", [("abstract", "cafes"), ("title", "genome")]),
        ("CAFE\u0301S AND naive", [("abstract", "cafes"), ("abstract", "naive")]),
        ('"angstrom scale naive"', [("abstract", "angstrom-scale naive")]),
        ("x\u0302 AND dvorak", [("abstract", "dvorak"), ("abstract", "x")]),
        ('"α-helices"', [("abstract", "α-helices")]),
        ("dvor* AND NOT quokka", [("abstract", "dvorak")]),
    ],
)
def test_spans_are_the_words_of_the_returned_strings(
    marsupials: System, query: str, expected: list[tuple[str, str]]
) -> None:
    """Half-open code points: a character beyond the basic plane is one, a letter with its accent too."""
    [work] = marsupials.search(query, mode="strict")["results"]

    assert work["identifiers"] == {"local": f"{NAME}:astral"}
    assert unicodedata.is_normalized("NFC", work["title"] + work["abstract"])
    assert sorted(proved(work)) == expected


def test_every_strict_result_is_proved(marsupials: System) -> None:
    answer = marsupials.search('"quokka was seen" AND burrow', mode="strict", limit=100)

    assert len(answer["results"]) == 100
    assert answer["total"] == {"value": 300, "relation": "eq"}
    for work in answer["results"]:
        assert sorted(proved(work)) == [("abstract", "burrow"), ("abstract", "quokka was seen")]


def test_a_work_keeps_the_id_it_had_in_its_collection(marsupials: System) -> None:
    answer = marsupials.search("quokka17", mode="strict")

    assert [one["identifiers"] for one in answer["results"]] == [{"local": f"{NAME}:quokka-17"}]


def test_a_document_without_a_title_is_titled_by_its_first_sentence(marsupials: System) -> None:
    [work] = marsupials.search("numbats", mode="strict", fields="title,abstract")["results"]

    assert work["title"] == "Numbats lack a title."
    assert set(work) == {"id", "title", "abstract"}


@pytest.mark.parametrize(
    "path",
    [
        quote(DOI, safe="/()"),
        quote(DOI, safe=""),
        quote(f"doi:{DOI}", safe=":/()"),
        quote(f"doi:{DOI.upper()}", safe=""),
        f"local:{NAME}:with-doi",
        quote(f"local:{NAME}:with-doi", safe=""),
    ],
)
def test_a_work_is_found_by_every_form_of_its_identifiers(marsupials: System, path: str) -> None:
    answer = marsupials.get(f"/v1/works/{path}")

    assert answer.status == 200, answer.body
    assert answer.json["title"] == "Wallaby identifiers"
    assert answer.json["identifiers"] == {"doi": DOI.lower(), "local": f"{NAME}:with-doi"}
    by_id = marsupials.get(f"/v1/works/{answer.json['id']}")
    assert by_id.json == answer.json


def test_an_identifier_as_query_comes_first(marsupials: System) -> None:
    answer = marsupials.search(f"https://doi.org/{DOI}")

    assert answer["results"][0]["title"] == "Wallaby identifiers"


def test_an_id_with_reserved_characters_is_reached_escaped(marsupials: System) -> None:
    answer = marsupials.work(f"local:{NAME}:{ODD_ID}", safe="")

    assert answer.status == 200, answer.body
    assert answer.json["title"] == "Bandicoot with an odd name"


def test_a_batch_answers_in_order_and_names_what_is_missing(marsupials: System) -> None:
    ids = [
        f"local:{NAME}:quokka-5",
        "doi:10.5555/nothing-here",
        DOI,
        "w_aaaaaaaaaaaa",
        f"local:{NAME}:astral",
        DOI,
    ]

    answer = marsupials.post("/v1/works/batch", {"ids": ids}).json

    assert [one["identifiers"]["local"] for one in answer["results"]] == [
        f"{NAME}:quokka-5",
        f"{NAME}:with-doi",
        f"{NAME}:astral",
    ]
    assert answer["missing"] == ["doi:10.5555/nothing-here", "w_aaaaaaaaaaaa"]


def test_an_unchanged_answer_is_not_sent_twice(marsupials: System) -> None:
    path = f"/v1/works/local:{NAME}:astral"
    etag = marsupials.get(path).headers["etag"]

    again = marsupials.get(path, **{"If-None-Match": etag})

    assert (again.status, again.body) == (304, b"")


def test_a_changed_record_is_found_by_its_new_words_alone(marsupials: System) -> None:
    document = {"_id": "changing", "title": "Potoroo before", "text": "Thylacine."}
    for text in ("Thylacine.", "Tasmanian."):
        ended = marsupials.flask(
            "catalog", "import", "-", "--namespace", NAME, "--json", given=lines([{**document, "text": text}])
        )
        assert ended.code == 0

    assert ended.json["updated"] == 1
    wait_until(lambda: marsupials.search("potoroo AND tasmanian", mode="strict")["results"], "the new words")
    assert marsupials.search("thylacine", mode="strict")["results"] == []


def test_paging_while_works_are_added_has_no_gap_and_no_repeat(marsupials: System, tmp_path: Path) -> None:
    """The list stands as it was at the first page; lists begun meanwhile have all the old works too."""
    # vectors that come in meanwhile would change the order
    before = marsupials.walk("quokka", 100, mode="lexical")
    documents = [{**one, "_id": f"more-{one['_id']}"} for one in plain("quokka more", 650)]
    path = write_gzip(tmp_path / "more.gz", documents)
    pages = marsupials.pages("quokka", 50, mode="lexical")
    begun, begun_meanwhile = next(pages) + next(pages), []

    with marsupials.command("catalog", "import", path, "--namespace", NAME) as importing:
        while importing.poll() is None:
            begun_meanwhile.append(marsupials.walk("quokka", 90, mode="lexical"))
        importing.communicate()
    wait_until(lambda: marsupials.search("quokka", limit=1)["total"]["value"] == 950, "the new works")
    begun += [one for page in pages for one in page]

    assert importing.returncode == 0
    assert len(before) == len(set(before)) == 300
    assert begun == before
    assert begun_meanwhile
    for walk in begun_meanwhile:
        assert len(walk) == len(set(walk))
        assert set(before) <= set(walk)
