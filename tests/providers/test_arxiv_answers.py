"""What arXiv answers is read entry by entry; what is no answer is a failure."""

from __future__ import annotations

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
from research_api.providers.arxiv import BASE_URL, ArxivSource
from tests.providers.questions import question
from tests.providers.recordings import Recording, called, filled
from tests.providers.sending import Given

ATOM, EXTENSION = "{http://www.w3.org/2005/Atom}", "{http://arxiv.org/schemas/atom}"
FEED = (
    '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom" '
    'xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">{}</feed>'
)
ENTRY = (
    "<entry><id>http://arxiv.org/abs/2101.00001v2</id><title>On {title}</title><summary>{summary}</summary>"
    "<published>{published}</published><updated>2022-01-01T00:00:00Z</updated>{more}</entry>"
)


def feed(*entries: str, status: int = 200, more: str = "") -> Reply:
    return Reply(status, {}, FEED.format(more + "".join(entries)).encode())


def entry(
    title: str = "x", summary: str = "", published: str = "2021-01-02T03:04:05Z", more: str = ""
) -> str:
    return ENTRY.format(title=title, summary=summary, published=published, more=more)


def read(reply: Reply) -> Record:
    (record,) = ArxivSource(Access(BASE_URL)).search(question("x"), Given(reply)).records
    return record


ERROR = "<entry><id>https://arxiv.org/api/errors#bad_query</id><title>Error</title><summary>bad query</summary></entry>"


@pytest.mark.parametrize(
    "reply",
    [
        feed(ERROR),
        feed(ERROR, status=400),
        Reply(200, {}, b"<html><body>Back soon</body></html>"),
        Reply(200, {}, b"<!DOCTYPE html><html><br></html>"),
        Reply(200, {}, b"Rate exceeded."),
        Reply(200, {}, b'<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/hostname">]><feed>&a;</feed>'),
        Reply(200, {}, b'<!DOCTYPE r [<!ENTITY a "aaa">]><feed>&a;</feed>'),
        Reply(200, {}, b""),
        Reply(503, {"retry-after": "5"}, b"busy"),
    ],
)
def test_an_error_in_any_form_is_a_failure(reply: Reply) -> None:
    for ask in ("search", "look_up"):
        send, source = Given(reply), ArxivSource(Access(BASE_URL))
        with pytest.raises(SourceFailed) as failed:
            source.search(question("deep"), send) if ask == "search" else source.look_up(
                [Identifier("arxiv", "2101.00001")], send
            )

        assert failed.value.outcome is SourceOutcome.ERROR
        assert failed.value.status == reply.status


def test_odd_entries_are_left_out_or_read_as_far_as_they_go() -> None:
    total = f"<opensearch:totalResults>{'9' * 5_000}</opensearch:totalResults>"
    nameless = "<entry><id>http://arxiv.org/abs/none</id><title>T</title></entry>"
    untitled = "<entry><id>http://arxiv.org/abs/2101.00002v1</id></entry>"
    send = Given(feed(entry(published="9999-99-99T00:00:00Z"), nameless, untitled, entry(), more=total))

    answer = ArxivSource(Access(BASE_URL)).search(question("x"), send)

    assert [(record.source_id, record.date) for record in answer.records] == [("2101.00001", "2021-01")]
    assert (answer.rejected, answer.total) == (2, None)


def test_the_rules_of_arxivs_metadata_hold_for_its_feeds() -> None:
    comment = "<arxiv:comment>{}</arxiv:comment>"
    doi = "<arxiv:doi>10.1000/ABC 10.1000/erratum</arxiv:doi>"

    assert read(feed(entry(title="Erd\\H{o}s and $x_1$"))).title == "On Erdős and $x_1$"
    assert read(feed(entry(published="2021-01-01T23:30:00-05:00"))).date == "2021-01-02"
    assert read(feed(entry(more=comment.format("This paper has been withdrawn by the author")))).retracted
    assert read(feed(entry(summary="This paper has been withdrawn."))).retracted
    assert not read(feed(entry(more=comment.format("withdrawn") + doi))).retracted
    assert Identifier("doi", "10.1000/abc") in read(feed(entry(more=doi))).identifiers
    link = '<link title="doi" href="http://dx.doi.org/10.1000/link" rel="related"/>'
    assert Identifier("doi", "10.1000/link") in read(feed(entry(more=link))).identifiers


def test_every_recording_is_read_entry_by_entry(shared_data: Path) -> None:
    records = [record for one in called(shared_data, "arxiv") for record in told_like_the_feed(one)]

    assert len(records) == 221
    counts = filled(records)
    whole = (
        "title",
        "abstract",
        "authors",
        "year",
        "date",
        "type",
        "url",
        "is_oa",
        "open_access_url",
        "arxiv",
    )
    assert {name: counts[name] for name in whole} == dict.fromkeys(whole, len(records))


def told_like_the_feed(recording: Recording) -> tuple[Record, ...]:
    answer = ArxivSource(Access(BASE_URL)).search(question("x", limit=2_000), Given(recording.reply))
    entries = fromstring(recording.body).findall(f"{ATOM}entry")
    assert (len(answer.records), answer.rejected) == (len(entries), 0)
    for record, told in zip(answer.records, entries, strict=True):
        assert_told(record, told)
    return answer.records


def assert_told(record: Record, told: Element) -> None:
    """Only white space and accents written in TeX may differ."""
    names = [name.text or "" for name in told.findall(f"{ATOM}author/{ATOM}name")]
    doi, venue = (told.findtext(f"{EXTENSION}{name}") for name in ("doi", "journal_ref"))
    assert told.findtext(f"{ATOM}id", "").removeprefix("http://arxiv.org/abs/").startswith(record.source_id)
    assert letters(record.title) == letters(told.findtext(f"{ATOM}title", ""))
    assert letters(record.abstract or "") == letters(told.findtext(f"{ATOM}summary", ""))
    assert len(record.authors) == len(names)
    assert record.date == told.findtext(f"{ATOM}published", "")[:10]
    assert letters(record.venue or "") == letters(venue or "")
    dois = [one.value for one in record.identifiers if one.scheme == "doi"]
    assert dois == ([doi.split()[0].lower()] if doi else [])


def letters(text: str) -> str:
    """The ASCII letters and digits outside TeX commands."""
    return "".join(re.findall("[A-Za-z0-9]", re.sub(r"\\[A-Za-z]+|\\.", "", text)))


def test_every_refusal_on_record_is_a_failure(shared_data: Path) -> None:
    refusals = called(shared_data, "arxiv", refused=True)

    assert refusals
    for one in refusals:
        with pytest.raises(SourceFailed):
            ArxivSource(Access(BASE_URL)).search(question("x"), Given(one.reply))
