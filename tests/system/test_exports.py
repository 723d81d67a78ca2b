"""What was exported over HTTP and imported by the command joins the works it came from."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.system.running import System

pytestmark = pytest.mark.services
SUFFIXES = {"bibtex": "bib", "ris": "ris", "csl": "json", "csv": "csv", "ndjson": "ndjson"}
QUERY = {"q": "learning OR relativity OR structure", "mode": "lexical"}


@pytest.mark.parametrize("name", sorted(SUFFIXES))
def test_an_export_imported_again_makes_no_second_work(system: System, tmp_path: Path, name: str) -> None:
    before = system.search(QUERY["q"], mode="lexical", limit=50)
    works = system.flask("catalog", "stats", "--json").json["works"]
    answer = system.get(f"/v1/search?{urlencode(QUERY)}&limit=50&format={name}")
    path = tmp_path / f"search.{SUFFIXES[name]}"
    path.write_bytes(answer.body)

    ended = system.flask("catalog", "import", str(path), "--json", "--no-wait")

    assert ended.code == 0, ended.err
    assert ended.json["read"] == len(before["results"]) > 10
    assert (ended.json["new"], ended.json["rejected"]) == (0, 0)
    assert system.flask("catalog", "stats", "--json").json["works"] == works
    for work in before["results"]:
        now = system.get(f"/v1/works/{work['id']}").json
        assert "export" in [source["name"] for source in now["sources"]]
        of_the_answer = {"sources": [], "score": None, "matches": []}
        assert {**now, **of_the_answer} == {**work, **of_the_answer}


def test_every_page_of_a_file_leads_to_the_next(system: System) -> None:
    ids: list[str] = []
    path = "/v1/search?q=learning&mode=lexical&limit=4&format=csv&fields=title"
    while path:
        answer = system.get(path)
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        ids += [row["id"] for row in csv.DictReader(io.StringIO(answer.body.decode(), newline=""))]
        links = [link for link in answer.headers.get("link", "").split(", ") if link.endswith('rel="next"')]
        path = links[0][1:].partition(">")[0].removeprefix(system.url) if links else ""

    assert len(ids) == len(set(ids)) == int(answer.headers["x-total-count"]) > 4


def test_an_error_is_a_problem_in_json(system: System) -> None:
    answer = system.get("/v1/works/local:nowhere:1", Accept="application/x-bibtex")

    assert answer.status == 404
    assert answer.json["status"] == 404
