"""docs/api.md is what the OpenAPI document says, and a stranger can use it."""

from __future__ import annotations

import re
import shlex
from itertools import pairwise
from urllib.parse import urlencode, urlsplit

import pytest

from ops.api_reference import BASE_URL, TARGET, ApiReference
from ops.api_reference_words import MEANINGS
from research_api.web.openapi import document
from research_api.web.problem_types import PROBLEM_TYPES
from tests.web.fakes import GOOD_KEY


@pytest.fixture(scope="module")
def page(shared_app):
    return ApiReference(shared_app).page()


@pytest.fixture(scope="module")
def openapi(shared_app):
    return document(shared_app, BASE_URL)


def cells_of(row):
    return re.split(r"(?<!\\)\|", row.strip("|"))


def tables(page):
    """Each table as its lines."""
    found = re.findall(r"(?:^\|.*\n)+", page, flags=re.MULTILINE)
    return [table.splitlines() for table in found]


def requests_shown(page):
    """Each curl command as method, path with query, and body."""
    for command in re.findall(r"```sh\n(curl .*?)\n```", page, flags=re.DOTALL):
        words = shlex.split(command.replace("\\\n", ""))
        given = dict(pairwise(words))
        address = urlsplit(words[-1])
        query = urlencode([tuple(given["--data-urlencode"].split("=", 1))]) if "-G" in words else ""
        yield "POST" if "-d" in given else "GET", f"{address.path}?{query}".rstrip("?"), given.get("-d")


def test_the_page_in_docs_is_the_one_that_the_document_gives(page):
    assert TARGET.read_text(encoding="utf-8") == page, "docs/api.md is out of date: run `make docs`"


def test_the_same_document_gives_the_same_page(shared_app, page):
    assert ApiReference(shared_app).page() == page


def test_every_operation_has_a_section_and_every_status_a_row(page, openapi):
    for path, item in openapi["paths"].items():
        for method in item.keys() - {"parameters"}:
            section = page.split(f"\n### {method.upper()} {path}\n")[1].split("\n### ")[0]
            assert all(f"\n| `{status}` | " in section for status in item[method]["responses"])


def test_every_problem_type_stands_in_the_table(page):
    rows = page.split("\n## Problem types\n")[1]

    assert all(f"| `{slug}` | {kind.status} |" in rows for slug, kind in PROBLEM_TYPES.items())


def test_every_table_is_even_and_tells_the_meaning_of_each_row(page):
    assert len(tables(page)) > 20
    for head, _, *rows in tables(page):
        assert rows
        assert all(len(cells_of(row)) == len(cells_of(head)) for row in rows)
        assert all(cells_of(row)[-1].strip() for row in rows)


def test_every_link_leads_to_a_heading_or_a_file(page):
    anchors = {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", page, flags=re.MULTILINE)
    }
    links = set(re.findall(r"\]\(([^)]*)\)", page))

    assert {link[1:] for link in links if link.startswith("#")} <= anchors
    assert all((TARGET.parent / link.partition("#")[0]).is_file() for link in links if link[0] != "#")


def test_every_example_request_is_answered(client, page):
    shown = list(requests_shown(page))

    answers = [
        client.call(method, path, key=GOOD_KEY, data=body, content_type="application/json" if body else None)
        for method, path, body in shown
    ]
    # the fakes know no work by the DOI of the example
    assert {answer.status_code for answer in answers} <= {200, 404}
    assert len(answers) == page.count("```sh")


def test_no_meaning_is_kept_for_what_the_document_tells_itself(openapi):
    schemas = openapi["components"]["schemas"]
    silent = {
        f"{name}.{member}"
        for name, schema in schemas.items()
        for member, inner in schema["properties"].items()
        if "description" not in inner
    }
    silent_anywhere = {name.rpartition(".")[2] for name in silent}

    for name in MEANINGS.keys() - {"problem types"} - schemas.keys():
        assert name in (silent if "." in name else silent_anywhere)
