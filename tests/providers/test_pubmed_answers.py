"""What PubMed answers is read record by record; what is no answer is a failure."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring

from research_api.domain.calls import Reply
from research_api.domain.search import SourceOutcome
from research_api.domain.sources import SourceFailed
from research_api.domain.works import Identifier, Record
from research_api.providers.access import Access
from research_api.providers.pubmed import BASE_URL, PubmedSource
from tests.providers.questions import question
from tests.providers.recordings import Recording, called, filled
from tests.providers.sending import Given

SOURCE = PubmedSource(Access(BASE_URL))
FOUND = Reply(200, {}, b'{"esearchresult": {"count": "1", "idlist": ["1"]}}')


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (b'{"error": "API rate limit exceeded", "api-key": "192.0.2.1"}', SourceOutcome.RATE_LIMITED),
        (b'{"error": "API key invalid", "api-key": "k3y"}', SourceOutcome.ERROR),
        (b'{"esearchresult": {"ERROR": "Search Backend failed"}}', SourceOutcome.ERROR),
        (b'{"esearchresult": {"count": "1"}}', SourceOutcome.ERROR),
        (b'{"esearchresult": []}', SourceOutcome.ERROR),
        (b"[]", SourceOutcome.ERROR),
        (b"<html>", SourceOutcome.ERROR),
    ],
)
def test_a_failure_in_the_form_of_an_answer_is_a_failure(body: bytes, outcome: SourceOutcome) -> None:
    with pytest.raises(SourceFailed) as failed:
        SOURCE.search(question("deep"), Given(Reply(200, {"retry-after": "2"}, body)))

    assert failed.value.outcome is outcome
    assert failed.value.retry_after_seconds == (2 if outcome is SourceOutcome.RATE_LIMITED else None)
    assert "192.0.2.1" not in failed.value.detail
    assert "k3y" not in failed.value.detail


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (b'{"error": "API rate limit exceeded", "count": "4"}', SourceOutcome.RATE_LIMITED),
        (b'{"error": ', SourceOutcome.ERROR),
        (b"<eFetchResult><ERROR>Unable to obtain query #1</ERROR></eFetchResult>", SourceOutcome.ERROR),
        (b"<html><body>Back soon</body></html>", SourceOutcome.ERROR),
        (b'<!DOCTYPE r [<!ENTITY a "aaa">]><PubmedArticleSet>&a;</PubmedArticleSet>', SourceOutcome.ERROR),
        (b'<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/hostname">]><PubmedArticleSet>&a;</PubmedArticleSet>',
         SourceOutcome.ERROR),
        (b"", SourceOutcome.ERROR),
    ],
)  # fmt: skip
def test_records_that_are_none_are_a_failure(body: bytes, outcome: SourceOutcome) -> None:
    with pytest.raises(SourceFailed) as failed:
        SOURCE.search(question("deep"), Given(FOUND, Reply(200, {}, body)))
    with pytest.raises(SourceFailed):
        SOURCE.citations(Identifier("pmid", "1"), 5, Given(Reply(200, {}, body)))

    assert failed.value.outcome is outcome


def test_odd_records_are_left_out_or_read_as_far_as_they_go() -> None:
    body = b"""<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD" "https://dtd.nlm.nih.gov/no.dtd"><PubmedArticleSet>
    <PubmedArticle/><PubmedBookArticle/><DeleteCitation><PMID>9</PMID></DeleteCitation>
    <PubmedArticle><MedlineCitation><PMID>1</PMID><Article><ArticleTitle>T</ArticleTitle>
    <AuthorList><Author/><Author><LastName> </LastName></Author></AuthorList>
    <Journal><JournalIssue><PubDate><Year>99999999999</Year></PubDate></JournalIssue></Journal></Article>
    <CommentsCorrectionsList><CommentsCorrections RefType="Cites"><PMID>x</PMID></CommentsCorrections>
    </CommentsCorrectionsList></MedlineCitation>
    <PubmedData><ReferenceList><Reference/><ReferenceList><Reference><ArticleIdList>
    <ArticleId IdType="doi">10.1000/X</ArticleId><ArticleId IdType="pubmed">abc</ArticleId></ArticleIdList></Reference>
    </ReferenceList></ReferenceList></PubmedData></PubmedArticle></PubmedArticleSet>"""

    answer = SOURCE.search(question("deep"), Given(FOUND, Reply(200, {}, body)))

    (record,) = answer.records
    assert answer.rejected == 2
    assert (record.title, record.authors, record.year) == ("T", (), None)
    assert record.references == (Identifier("doi", "10.1000/x"),)


def test_odd_ids_and_counts_of_a_search_break_nothing() -> None:
    found = {"esearchresult": {"count": "9" * 5_000, "idlist": [1, None, {}, "2"]}}
    send = Given(Reply(200, {}, json.dumps(found).encode()), Reply(200, {}, b"<PubmedArticleSet/>"))

    answer = SOURCE.search(question("deep"), send)

    assert (answer.records, answer.total) == ((), None)
    assert dict(send.asked[1].params)["id"] == "2"


def test_every_recording_is_read_record_by_record(shared_data: Path) -> None:
    recordings = [one for one in called(shared_data, "pubmed") if "efetch" in one.url]
    records = [record for one in recordings for record in told_like_the_file(one)]

    counts = filled(records)
    assert len(records) == 68
    whole = ("title", "authors", "year", "date", "venue", "type", "url", "pmid")
    assert {name: counts[name] for name in whole} == dict.fromkeys(whole, 68)
    assert counts["references in all"] > 2_000


def told_like_the_file(recording: Recording) -> tuple[Record, ...]:
    told = {
        article.findtext(".//PMID", ""): article
        for article in fromstring(recording.body, forbid_dtd=False)
        if article.tag in ("PubmedArticle", "PubmedBookArticle")
    }
    found = json.dumps({"esearchresult": {"count": "1", "idlist": [*told]}}).encode()
    answer = SOURCE.search(question("x", limit=200), Given(Reply(200, {}, found), recording.reply))
    assert ([record.source_id for record in answer.records], answer.rejected) == ([*told], 0)
    for record in answer.records:
        assert_told(record, told[record.source_id])
    return answer.records


def assert_told(record: Record, told: Element) -> None:
    """Titles and texts by their letters; names, references and ids by their own elements."""
    ids = {each.get("IdType"): each.text for each in told.iterfind("PubmedData/ArticleIdList/ArticleId")}
    by_scheme = {one.scheme: one.value for one in record.identifiers}
    assert letters(record.title) in letters(text_of(told.find(".//ArticleTitle")))
    assert len(record.title) > 5
    for section in told.iterfind(".//Article/Abstract/AbstractText"):
        assert letters(text_of(section)) in letters(record.abstract or "")
    people = [one for one in told.iterfind(".//Article/AuthorList/Author") if one.get("ValidYN") != "N"]
    assert len(record.authors) == len(people)
    assert [one.family for one in record.authors if one.family] == [
        " ".join(filter(None, (one.findtext("LastName"), one.findtext("Suffix"))))
        for one in people if one.findtext("LastName")
    ]  # fmt: skip
    assert sum(one.orcid is not None for one in record.authors) == len(
        told.findall(".//Author/Identifier[@Source='ORCID']")
    )
    assert record.venue == told.findtext(".//Journal/Title")
    assert by_scheme.get("pmcid") == ids.get("pmc")
    assert "doi" not in ids or "doi" in by_scheme
    assert set(pmids_cited(told)) <= {one.value for one in record.references if one.scheme == "pmid"}


def pmids_cited(told: Element) -> list[str]:
    cited = told.iterfind(".//CommentsCorrections[@RefType='Cites']/PMID")
    listed = told.iterfind(".//Reference/ArticleIdList/ArticleId[@IdType='pubmed']")
    # 0 stands in one recording where NLM found no PMID
    return [pmid for each in (*cited, *listed) if (pmid := (each.text or "").strip()) != "0"]


def text_of(element: Element | None) -> str:
    return "" if element is None else "".join(element.itertext())


def letters(text: str) -> str:
    return "".join(re.findall(r"[A-Za-z]", text))


def test_every_list_of_links_on_record_is_read(shared_data: Path) -> None:
    recordings = [one for one in called(shared_data, "pubmed") if "elink" in one.url]

    assert len(recordings) == 2
    for one in recordings:
        told = fromstring(one.body, forbid_dtd=False)
        ids = {each.text for each in told.iterfind(".//LinkSetDb/Link/Id")}
        edges = SOURCE.citations(Identifier("pmid", "9298984"), 10_000, Given(one.reply))
        assert {each.value for each in edges.identifiers} == ids
        assert edges.total == len(ids) > 10
