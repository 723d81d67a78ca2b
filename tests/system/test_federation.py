"""A search asks all sources, makes one list of what they say, and keeps it."""

from __future__ import annotations

import pytest

from tests.system.federating import ASKED, SOURCE_KEY, Federation, age, failed, ids, outcomes, reports
from tests.system.running import wait_until

pytestmark = pytest.mark.services


def test_a_search_asks_every_source_once_and_reports_each(federation: Federation) -> None:
    body = federation.found(federation.text(), limit=25)

    assert federation.counts() == dict.fromkeys(ASKED, 1)
    assert [one["name"] for one in body["sources"]] == ["catalog", *ASKED]
    assert failed(body) == {}
    assert (body["complete"], body["degraded"], body["cache"]) == (True, False, "miss")
    for one in body["sources"]:
        assert (one["outcome"] == "ok") is (one["count"] > 0), one
        assert 0 <= one["latency_ms"] < 4_500, one
        assert one["sent"], one
    assert SOURCE_KEY not in str(body)


def test_a_work_that_several_sources_have_is_one_result(federation: Federation) -> None:
    body = federation.found(federation.text(), limit=25)

    dois = [one["identifiers"]["doi"] for one in body["results"] if "doi" in one["identifiers"]]
    assert len(dois) == len(set(dois)) > 10
    assert len(set(ids(body))) == len(ids(body))
    by_openalex = {one.openalex: one for one in federation.works}
    for one in body["results"]:
        names = [place["name"] for place in one["sources"]]
        assert len(names) == len(set(names))
        if "openalex" in names:
            work = by_openalex[one["identifiers"]["openalex"]]
            # arXiv names the DOI of what became of a preprint, and so joins the publication
            assert set(names) - {"catalog", "arxiv"} <= {*work.held_by}
            assert one["title"] == work.title
    assert max(len(one["sources"]) for one in body["results"]) >= 4


def test_the_list_is_ranked_by_the_words_that_were_asked(federation: Federation) -> None:
    work = next(one for one in federation.works if len(one.held_by) > 4)

    body = federation.found(work.title, limit=25)

    assert body["results"][0]["title"] == work.title
    scores = [one["score"] for one in body["results"]]
    assert scores == sorted(scores, reverse=True)


def test_the_same_again_comes_from_the_cache_and_asks_nobody(federation: Federation) -> None:
    """However it is spelled, by GET and by POST."""
    text = federation.text()
    first = federation.ask(text, limit=25)
    wait_until(lambda: federation.ask(text, limit=25).json["cache"] == "hit", "the kept answer")
    federation.server.forget()

    again = federation.ask(f"  {text.upper()}  ", limit=25)
    posted = federation.system.post("/v1/search", {"q": text, "limit": 25})

    assert (first.json["cache"], age(first)) == ("miss", None)
    for answer in (again, posted):
        assert (answer.status, answer.json["cache"]) == (200, "hit")
        assert (age(answer) or 0) < 60
        assert "age" in answer.headers
        assert ids(answer.json) == ids(first.json)
        assert outcomes(answer.json) == outcomes(first.json)
    assert federation.counts() == {}


def test_a_work_keeps_its_id_in_the_catalog_and_when_the_cache_is_lost(federation: Federation) -> None:
    text = federation.text()
    first = federation.found(text, limit=25)
    named = {one["identifiers"]["doi"]: one["id"] for one in first["results"] if "doi" in one["identifiers"]}
    assert named

    def is_stored() -> bool:
        return all(federation.system.work(f"doi:{doi}").status == 200 for doi in named)

    wait_until(is_stored, "the works in the catalog")
    assert {doi: federation.system.work(f"doi:{doi}").json["id"] for doi in named} == named
    assert {federation.system.work(one).status for one in ids(first)} == {200}
    for one in first["results"][:3]:
        wait_until(
            lambda one=one: one["id"] in ids(federation.found(one["title"], sources="catalog", limit=100)),  # type: ignore[misc] # JSON
            "the work in the index",
        )
    federation.flush()
    again = federation.found(text, limit=25)
    assert again["cache"] == "miss"
    same = [one for one in again["results"] if one["identifiers"].get("doi") in named]
    assert len(same) > 5
    assert all(one["id"] == named[one["identifiers"]["doi"]] for one in same)


def test_a_retracted_work_is_flagged_where_one_source_says_so(federation: Federation) -> None:
    """PubMed and Semantic Scholar, which have it too, say nothing of it."""
    work = next(
        one
        for one in federation.works
        if one.retracted and {"semanticscholar", "openalex"} <= one.held_by and "crossref" in one.held_by
    )

    body = federation.found(work.title, sources="openalex,semanticscholar", limit=5)
    left = federation.found(work.title, sources="openalex,semanticscholar", limit=5, exclude_retracted="true")

    [found] = [one for one in body["results"] if one["identifiers"].get("doi") == work.doi]
    assert {place["name"] for place in found["sources"]} == {"openalex", "semanticscholar"}
    assert (found["retracted"], found["provenance"]["retracted"]) == (True, "openalex")
    assert found["id"] not in ids(left)


def test_a_preprint_hides_behind_its_publication_unless_both_are_asked_for(federation: Federation) -> None:
    preprint = next(
        one
        for one in federation.works
        if one.preprint_of is not None and len(federation.works[one.preprint_of].held_by) > 4
    )
    published = federation.works[preprint.preprint_of or 0]

    collapsed = federation.found(published.title, limit=50)
    both = federation.found(published.title, limit=50, versions="keep")

    shown = [one["identifiers"].get("doi") for one in collapsed["results"]]
    assert published.doi in shown
    assert preprint.doi not in shown
    kept = {one["identifiers"].get("doi"): one for one in both["results"]}
    assert {published.doi, preprint.doi} <= kept.keys()
    assert [one["id"] for one in kept[preprint.doi]["versions"]] == [kept[published.doi]["id"]]


def test_a_cursor_walks_the_list_and_is_worthless_to_others(federation: Federation) -> None:
    text = federation.text()
    whole = ids(federation.found(text, limit=25))
    first = federation.found(text, limit=9)
    made = federation.system.flask("keys", "create", "--name", "other", "--scopes", "search", "--json")
    stranger = made.json["key"]
    federation.server.forget()

    walked, cursor = ids(first), first["next_cursor"]
    stolen = federation.system.get(f"/v1/search?cursor={cursor}&limit=9", key=stranger)
    while cursor and len(walked) < len(whole):
        page = federation.system.get(f"/v1/search?cursor={cursor}&limit=9").json
        walked, cursor = walked + ids(page), page["next_cursor"]

    assert (stolen.status, stolen.headers["content-type"]) == (400, "application/problem+json")
    assert walked[: len(whole)] == whole
    assert len(set(walked)) == len(walked)
    assert federation.counts() == {}


def test_only_the_sources_that_are_named_are_asked(federation: Federation) -> None:
    body = federation.found(federation.text(), sources="crossref,arxiv")

    assert [*reports(body)] == ["crossref", "arxiv"]
    assert federation.counts() == {"arxiv": 1, "crossref": 1}
